"""The report at a terminal: the most urgent file first, and what to do next."""

from __future__ import annotations

from dataclasses import replace

from scanner.model import Finding, ScanStats, State
from scanner.reporters import RenderOptions
from tests.reporters.reports import findings_with, rendered, report_on
from tests.repositories import token


def finding(path: str, priority: int, state: State | None = State.IN_HEAD) -> Finding:
    made = findings_with(token(path), path, state)[0]
    assert made.assessment is not None
    return replace(made, assessment=replace(made.assessment, priority=priority), fingerprint=path)


def test_the_file_with_the_most_urgent_finding_comes_first() -> None:
    lines = rendered("text", report_on(finding("a.py", 10), finding("z.py", 90), finding("m.py", 50))).splitlines()
    assert [line for line in lines if line in ("a.py", "m.py", "z.py")] == ["z.py", "m.py", "a.py"]


def test_a_failing_build_says_what_to_do() -> None:
    text = rendered("text", report_on(finding("a.py", 10)))
    assert "github-token: https://github.com/settings/tokens" in text
    assert "take them out of the code" in text
    assert "overdue by 12 days" in text
    assert "rewriting it does not help" in rendered("text", report_on(finding("a.py", 10, State.REMOVED)))


def test_nothing_new_is_nothing_to_do() -> None:
    for report in (report_on(), report_on(replace(finding("a.py", 10), baseline_state="unchanged"))):
        assert "what to do" not in rendered("text", report)
    assert "what to do" not in rendered("text", report_on(finding("a.py", 10)), RenderOptions(quiet=True))


def test_colour_is_asked_for_and_green_only_when_clean() -> None:
    clean = replace(report_on(), stats=ScanStats())
    assert "\x1b" not in rendered("text", clean)
    assert "\x1b[1;32mclean" in rendered("text", clean, RenderOptions(colour=True))
    assert "\x1b[1;32m" not in rendered("text", report_on(), RenderOptions(colour=True))


def test_every_line_that_holds_the_secret_is_named() -> None:
    one = finding("a.py", 10, None)
    one = replace(one, story=None, provenance=replace(one.provenance, commit=None))
    lines = [replace(one.region, start_line=line, end_line=line) for line in (one.region.start_line, 8, 12)]
    here = tuple(replace(one.occurrences[0], region=line) for line in lines)
    assert "also on lines 8, 12\n" in rendered("text", report_on(replace(one, occurrences=here)))
    twice = replace(one, occurrences=(here[0], here[0]))
    assert "1 more occurrence on this line\n" in rendered("text", report_on(twice))
