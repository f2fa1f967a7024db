"""A baseline is read with care and written whole: the same bytes for the same content."""

from __future__ import annotations

import json
import multiprocessing
import os
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.baseline.document import Baseline, parse_baseline, read_baseline, write_baseline, written
from scanner.baseline.hashing import Cost, Hasher
from scanner.errors import BaselineError
from scanner.model import ENTRY_STATES, BaselineEntry

SALT = bytes(16)
HEX = st.text("0123456789abcdef", min_size=16, max_size=16)
TEXTS = st.text(st.characters(max_codepoint=0x2FFF) | st.sampled_from("\udcff\u202e\n\"'\\"), max_size=12)
ENTRIES = st.builds(
    BaselineEntry,
    rule_id=st.text(string.ascii_lowercase, min_size=1, max_size=8),
    path=TEXTS.filter(bool),
    secret_hash=st.builds(lambda kind, a, b: kind + a + b, st.sampled_from("hs"), HEX, HEX),
    place_hash=HEX,
    hint=st.just("****"),
    state=st.sampled_from(ENTRY_STATES),
    reason=TEXTS,
    owner=TEXTS,
    expires=st.sampled_from(["", "2030-01-31"]),
    was_gone=st.booleans(),
)


def baseline(*entries: BaselineEntry, path: str = "b.json") -> Baseline:
    return Baseline(path, SALT, Cost(), Hasher(SALT).check(), "tree", frozenset({"abcd"}), entries)


def entry(number: int, **changes: str) -> BaselineEntry:
    made = BaselineEntry("a-rule", f"src/file{number:06d}.py", f"h{number:032x}", f"{number:016x}", "abcd****")
    return replace(made, **changes)  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(st.lists(ENTRIES, max_size=6, unique_by=lambda e: (e.rule_id, e.secret_hash, e.place_hash)), st.randoms())
def test_what_is_written_is_read_and_written_again_the_same(entries: list[BaselineEntry], random: object) -> None:
    text = written(baseline(*entries))
    assert text.isascii()
    again = parse_baseline(text.encode(), path="b.json")
    assert sorted(again.entries, key=repr) == sorted(entries, key=repr)
    shuffled = [*entries]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert written(replace(again, entries=tuple(shuffled))) == text


def test_a_new_entry_is_one_new_line_wherever_it_comes() -> None:
    some = [entry(number) for number in (1, 3, 5)]
    before = written(baseline(*some)).splitlines()
    for number in (0, 2, 4, 6):
        after = written(baseline(*some, entry(number))).splitlines()
        assert len(set(after) - set(before)) == 1
        assert [line for line in after if line in before] == before


GOOD = written(baseline(entry(1), entry(2)))
FIRST = next(number for number, line in enumerate(GOOD.splitlines(), 1) if line.startswith("{") and len(line) > 1)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        pytest.param(GOOD.replace('"entries"', '<<<<<<< HEAD\n"entries"'), 8, "merge conflict", id="conflict"),
        pytest.param(GOOD.replace("baseline\": 1", "baseline\": 2"), 2, "newer leaksweep", id="newer"),
        pytest.param(GOOD.replace('"salt": "00', '"salt": "0x'), 3, "'salt' is", id="salt"),
        pytest.param(GOOD.replace("n=8192", "n=99999"), 4, "'scrypt' is", id="a cost nobody would pay"),
        pytest.param(GOOD.replace('"rule": "a', '"ruel": "a', 1), FIRST, "did you mean 'rule'", id="unknown key"),
        pytest.param(GOOD.replace('"id": "h', '"id": "x', 1), FIRST, "'id' is", id="hash"),
        pytest.param(GOOD.replace('"state": "known"', '"state": "fine"', 1), FIRST, "'state' is one of", id="state"),
        pytest.param(GOOD.replace('"state"', '"expires": "soon", "state"', 1), FIRST, "YYYY-MM-DD", id="day"),
        pytest.param(GOOD.replace('"state"', '"expires": "2024-02-31", "state"', 1), FIRST, "YYYY-MM-DD", id="no day"),
        pytest.param(GOOD.replace('"path"', '"rule"', 1), FIRST, "stands twice", id="double key"),
        pytest.param(GOOD.replace("file000002", "file000001\n", 1), FIRST + 1, "control character", id="broken JSON"),
        pytest.param(GOOD[: len(GOOD) // 2], len(GOOD[: len(GOOD) // 2].splitlines()), "", id="half a file"),
        pytest.param("[]", 1, "not a baseline", id="something else"),
        pytest.param("[" * 100_000, None, "nested", id="deep"),
        pytest.param(GOOD.replace("0000000001:", "0000000002:", 1).replace("0000000000000001", "0000000000000002"),
                     FIRST + 1, "another verdict", id="two verdicts on one finding"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_file_and_line(text: str, line: int | None, told: str) -> None:
    assert text != GOOD
    with pytest.raises(BaselineError) as caught:
        parse_baseline(text.encode(), path="b.json")
    assert str(caught.value).startswith("b.json:" if line is None else f"b.json:{line}: ")
    assert told in str(caught.value)


def test_a_file_that_another_tool_wrote_anew_is_read_and_its_faults_have_lines() -> None:
    document = json.loads(GOOD)
    text = json.dumps(document, indent=4)
    assert parse_baseline(text.encode(), path="b").entries == parse_baseline(GOOD.encode(), path="b").entries
    document["entries"][1]["state"] = "fine"
    broken = json.dumps(document, indent=4)
    expected = 1 + broken[: broken.index("file000002")].count("\n") - 2
    with pytest.raises(BaselineError, match=f"b:{expected}: "):
        parse_baseline(broken.encode(), path="b")
    assert parse_baseline(GOOD.encode("utf-16"), path="b").entries == parse_baseline(GOOD.encode(), path="b").entries


def test_a_changed_salt_or_another_key_is_an_error() -> None:
    changed = parse_baseline(GOOD.replace('"salt": "00', '"salt": "01').encode(), path="b.json")
    with pytest.raises(BaselineError, match="salt was changed"):
        changed.hasher("")
    with pytest.raises(BaselineError, match="LEAKSWEEP_BASELINE_KEY"):
        parse_baseline(GOOD.encode(), path="b.json").hasher("a key")


@pytest.mark.slow
def test_200_000_entries_are_read_and_written(tmp_path: Path) -> None:
    path = str(tmp_path / "b.json")
    assert write_baseline(baseline(*(entry(number) for number in range(200_000)), path=path))
    again = read_baseline(path)
    assert len(again.entries) == 200_000
    assert again.entries[-1].line == len(Path(path).read_text().splitlines()) - 2
    assert not write_baseline(again)


def _write_often(path: str, number: int) -> None:
    for _ in range(40):
        write_baseline(baseline(*(entry(number) for _ in range(1)), *(entry(i) for i in range(10, 300)), path=path))


def test_of_two_writers_the_last_one_wins_whole(tmp_path: Path) -> None:
    path = str(tmp_path / "b.json")
    _write_often(path, 1)
    writers = [multiprocessing.get_context("fork").Process(target=_write_often, args=(path, n)) for n in (1, 2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert len(read_baseline(path).entries) == 291
    for writer in writers:
        writer.join()
    assert os.listdir(tmp_path) == ["b.json"]


def test_a_link_is_neither_read_nor_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").write_text(GOOD)
    (tmp_path / "link").symlink_to("real")
    for action in (read_baseline, lambda path: write_baseline(baseline(path=path))):
        with pytest.raises(BaselineError, match="symbolic link"):
            action(str(tmp_path / "link"))
    assert (tmp_path / "real").read_text() == GOOD
