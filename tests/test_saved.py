"""A saved scan read again: nothing is lost, and what somebody broke is told."""

from __future__ import annotations

import json
import re
import string
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from scanner.errors import ReportError
from scanner.model import Report, ScanStats, State
from scanner.reporters import FORMATS, RenderOptions
from scanner.saved import read_report
from tests.reporters.reports import HOSTILE_TEXTS, loaded, rendered, report_on, report_with
from tests.repositories import ROOT, Repository, leaksweep, token

SCHEMA = json.loads((ROOT / "scanner/reporters/data/report.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def saved(tmp_path: Path, report: Report, options: RenderOptions | None = None) -> Path:
    path = tmp_path / "saved.json"
    path.write_text(rendered("json", report, options), encoding="utf-8")
    return path


@settings(max_examples=60, deadline=None)
@given(seed=st.text(string.ascii_letters, min_size=1, max_size=8), before=HOSTILE_TEXTS, after=HOSTILE_TEXTS)
def test_a_report_fits_its_schema_and_survives_being_saved(
    tmp_path_factory: pytest.TempPathFactory, seed: str, before: str, after: str
) -> None:
    report = report_with(token(seed), f"{before}{token(seed)}{after}", State.IN_HEAD)
    VALIDATOR.validate(loaded("json", report))
    again = read_report(str(saved(tmp_path_factory.mktemp("saved"), report)))
    for name in FORMATS:
        assert rendered(name, again) == rendered(name, report), name


@pytest.mark.parametrize("mode", ["tree", "history"])
def test_a_scan_of_a_repository_fits_the_schema_and_renders_again(tmp_path: Path, mode: str) -> None:
    repo = Repository(tmp_path / "r")
    repo.write(b"odd \xff\n path", f"x\n{token('a')}\n")
    repo.write("big", "x" * 300)
    repo.commit(f"message {token('a')}")
    options = ["--history"] if mode == "history" else []
    path, again = tmp_path / "out.json", tmp_path / "again.json"
    leaksweep("scan", *options, "--max-blob-bytes", "200", str(repo.path), "-f", "json", "-o", str(path))
    VALIDATOR.validate(json.loads(path.read_text()))
    done = leaksweep("report", str(path), "-f", "json", "-o", str(again), "-f", "text")
    assert done.returncode == 0
    assert b"github-token" in done.stdout
    assert again.read_bytes() == path.read_bytes()


def test_shown_secrets_survive_and_are_masked_unless_asked_for(tmp_path: Path) -> None:
    report = report_with(token("shown"), "name")
    again = read_report(str(saved(tmp_path, report, RenderOptions(show_secrets=True))))
    assert token("shown") not in rendered("json", again)
    assert token("shown") in rendered("json", again, RenderOptions(show_secrets=True))


def test_an_empty_report_survives(tmp_path: Path) -> None:
    report = replace(report_on(), stats=ScanStats())
    VALIDATOR.validate(loaded("json", report))
    assert read_report(str(saved(tmp_path, report))).findings == ()


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in inner for found in paths_of(item, (*path, key)))]


WHOLE = loaded("json", report_with(token("whole"), "name"))


@settings(max_examples=300, deadline=None)
@given(
    place=st.sampled_from(paths_of(WHOLE)[1:]),
    value=st.sampled_from([None, True, -1, 1.5, 10**30, "", "\x1b]0;x\x07", "javascript:1", [], [[]], {}, {"a": 1}]),
)
def test_whatever_is_edited_gives_a_report_or_an_error_that_names_the_file(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[Any, ...], value: Any
) -> None:
    document = json.loads(json.dumps(WHOLE))
    node = document
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    path = tmp_path_factory.mktemp("edited") / "in.json"
    path.write_text(json.dumps(document))
    with suppress(ReportError):
        report = read_report(str(path))
        for name in FORMATS:
            text = rendered(name, report)
            assert "\x1b" not in text
            assert "javascript:1" not in text or place[-1] not in ("revoke_url", "references")
        return
    with pytest.raises(ReportError, match=re.escape(str(path))):
        read_report(str(path))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "in.json:1: no saved scan"),
        (b"\xff\xfe{", "no saved scan"),
        (b"[" * 100_000, "no saved scan"),
        (b"[]", "the document is not an object"),
        (b'{"schema_version": "2.0"}', "schema_version '2.0': this leaksweep reads 1.0"),
        (b'{"schema_version": 1}', "schema_version is not a text"),
        (b'{"schema_version": "1.0"}', "target"),
        (b'{"schema_version": "1.0", "findings": [{"rule_id": "x"}]}', "findings[0].snippet"),
        (b'{"version": "2.1.0", "runs": []}', "schema_version is not a text"),
    ],
)
def test_what_is_no_saved_scan_exits_2_in_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "in.json").write_bytes(content)
    done = leaksweep("report", str(tmp_path / "in.json"))
    assert done.returncode == 2
    assert told in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


def test_an_output_that_cannot_be_written_is_said_before_the_scan(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(token("x"))
    for path, told in (
        (tmp_path / "none" / "out.json", b"there is no folder"),
        (tmp_path / "file" / "out.json", b"there is no folder"),
        (tmp_path, b"is a folder"),
        (Path("/proc/out.json"), b"cannot write to /proc"),
    ):
        done = leaksweep("scan", str(tmp_path), "-f", "text", "-f", "json", "-o", "-", "-o", str(path))
        assert (done.returncode, done.stdout) == (2, b"")
        assert told in done.stderr
    twice = ["-f", "json", "-o", str(tmp_path / "a"), "-f", "sarif", "-o", str(tmp_path / "." / "a")]
    assert leaksweep("scan", str(tmp_path), *twice).returncode == 2
    assert not (tmp_path / "a").exists()
