"""What is told from memory is what a search of the whole tells."""

from __future__ import annotations

import gzip
import random

import pytest

from scanner.binary import MIN_STRING_BYTES, strings_of
from scanner.deep import DeepSearch
from scanner.engine.matcher import Engine
from scanner.line_memory import Memory, occurrences
from tests.engine.test_soundness import EXAMPLES, RULESET, SURROUNDINGS


def texts(seed: int) -> list[bytes]:
    """Return texts that share many of their lines."""
    draw = random.Random(seed)
    lines = [
        b"".join(draw.choice(EXAMPLES if draw.random() < 0.5 else SURROUNDINGS) for _ in range(draw.randint(1, 4)))
        for _ in range(12)
    ]
    return [b"\n".join(draw.choice(lines) for _ in range(draw.randint(1, 9))) for _ in range(12)]


@pytest.mark.parametrize("seed", range(6))
def test_texts_that_share_lines_tell_what_each_tells_alone(seed: int) -> None:
    engine = Engine(RULESET.rules, RULESET.anchors)
    by_lines, plain = DeepSearch(engine), DeepSearch(engine, by_lines=False)
    found = 0
    for text in texts(seed):
        matches = plain.search(text, "a").matches
        assert by_lines.search(text, "a").matches == matches
        found += len(matches)
    assert found > 20


@pytest.mark.parametrize("remembered", [0, 30, 400_000])
@pytest.mark.parametrize("seed", range(3))
def test_texts_that_were_prepared_together_tell_what_each_tells_alone(
    seed: int, remembered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.line_memory.MAX_REMEMBERED", remembered)
    engine = Engine(RULESET.rules, RULESET.anchors)
    together, plain = DeepSearch(engine), DeepSearch(engine, by_lines=False)
    contents = [*texts(seed), b"\x00\x01\xff" * 900 + texts(seed)[0], gzip.compress(texts(seed)[1]), b""]
    prepared = together.prepare(contents)
    assert prepared[-3:-1] == [None, None]
    assert any(prepared)
    for content, one in zip(contents, prepared, strict=True):
        assert together.search(content, "a", one).matches == plain.search(content, "a").matches


def test_a_memory_that_is_full_forgets_and_still_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.line_memory.MAX_REMEMBERED", 3)
    memory = Memory(lambda texts: {text: len(text) for text in texts if text.startswith(b"a")})
    for number in range(10):
        asked = {b"a%d" % number, b"b%d" % number, b"a", b"b"}
        assert memory.learn(asked)
        assert memory.of(asked) == {b"a%d" % number: 2, b"a": 1}


@pytest.mark.parametrize("count", [1, 9, 14])
def test_a_line_occurs_where_a_line_is_just_that(count: int) -> None:
    draw = random.Random(count)
    for _ in range(200):
        text = b"".join(draw.choice((b"a", b"b", b"\n")) for _ in range(draw.randrange(12)))
        lines = {b"".join(draw.choice((b"a", b"b")) for _ in range(draw.randrange(4))) for _ in range(count)}
        starts = [0, *(at + 1 for at, byte in enumerate(text) if byte == 10)]
        expected = [(line, at) for at, line in zip(starts, text.split(b"\n"), strict=True) if line in lines]
        assert sorted(occurrences(text, lines)) == sorted(expected)


def test_strings_know_where_they_stand() -> None:
    draw = random.Random(1)
    for _ in range(300):
        parts = [b"text\tand more", b"short", b"\0", b"\xff\xfe", b"two\nlines of it", b"x" * MIN_STRING_BYTES]
        data = b"".join(draw.choice(parts) for _ in range(draw.randrange(12)))
        strings = strings_of(data)
        runs = data.replace(b"\xff\xfe", b"\0").split(b"\0")
        assert strings.text == b"\n".join(run for run in runs if len(run) >= MIN_STRING_BYTES)
        for at, start in enumerate(strings.starts[:-1]):
            end = strings.starts[at + 1] - 1
            assert all(data[strings.place(i)] == strings.text[i] for i in range(start, end))
