"""Reports for tests: every field filled, and whatever string a repository can choose chosen by the test."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from scanner.engine.matcher import Engine
from scanner.findings import build_findings, seen_in
from scanner.model import (
    Assessment,
    BaselineEntry,
    BlobKind,
    BlobMatches,
    CommitStamp,
    EventKind,
    Finding,
    Person,
    Provenance,
    Report,
    Rule,
    ScanStats,
    Skip,
    SkipReason,
    Standing,
    State,
    Story,
    StoryEvent,
    Suppression,
    Target,
)
from scanner.reporters import RenderOptions, render
from scanner.ruleset import load_ruleset
from tests.repositories import token

HOSTILE_TEXTS = st.text(
    st.characters(max_codepoint=0x2FFF, codec="utf-8") | st.sampled_from("\x1b\udcff\u202e\u2028\n\r:<>&\"'`=+-@|%,;"),
    max_size=8,
)
BASE_TIME_S = 1_700_000_000
DAY_S = 86_400


@cache
def _engine() -> Engine:
    ruleset = load_ruleset(only=["github-token"])
    return Engine(ruleset.rules, ruleset.anchors)


@cache
def rules() -> dict[str, Rule]:
    """Return the rule of the findings, by id."""
    return {rule.id: rule for rule in load_ruleset(only=["github-token"]).rules}


def person(text: str = "Ann", time_s: int = BASE_TIME_S) -> Person:
    """Return somebody called `text`."""
    return Person(text, text, time_s)


def story(hidden: str, state: State, *, path: str = "new.py", days: int = 30) -> Story:
    """Return a story of all kinds of events, one every `days` days, with `hidden` in every string."""
    kinds = [EventKind.INTRODUCED, EventKind.MOVED, EventKind.REMOVED, EventKind.REINTRODUCED]
    if state is not State.IN_HEAD:
        kinds.append(EventKind.REMOVED)
    events = []
    for number, kind in enumerate(kinds):
        who = person(hidden, BASE_TIME_S + number * days * DAY_S)
        came_from = hidden if kind is EventKind.MOVED else None
        events.append(StoryEvent(kind, path, CommitStamp(f"{number + 1}" * 40, who, who), 1, came_from))
    return Story(
        state,
        tuple(events),
        branches=(hidden,),
        tags=(hidden,),
        blob_count=3,
        exposure_days=len(kinds) * days,
        has_doubtful_dates=True,
        unknowns=(hidden,),
    )


def findings_with(secret: str, hidden: str, state: State | None = State.REMOVED) -> tuple[Finding, ...]:
    """Return the findings on one secret; `hidden` is in every string that a repository can choose."""
    matches = _engine().search(f"a = {secret} # {secret}\n".encode()).matches
    places = [(Provenance(hidden, "1" * 40, person(hidden), person(hidden)), 0)]
    places.append((Provenance(hidden, "2" * 40, person(hidden), person(hidden)), 1))
    made = build_findings(seen_in(BlobMatches(hidden, "0" * 40, BlobKind.FILE, matches), places), rules())
    return tuple(
        replace(
            finding,
            notes=(hidden,),
            decoding=("base64",),
            baseline_state="new",
            story=story(hidden, state, path=hidden) if state else None,
            assessment=Assessment(88, ("critical severity", hidden), 12, 2, True, "production", (hidden,)),
        )
        for finding in made
    )


def report_on(*findings: Finding, mode: str = "history", hidden: str = "repo") -> Report:
    """Return a report on `findings`; `hidden` is the place, and what could not be read."""
    return Report(
        target=Target(mode, hidden, hidden, "f" * 40, "https://example.org/r"),
        findings=findings,
        rules=rules(),
        stats=ScanStats(3, 4, 5, (Skip(SkipReason.UNREADABLE, hidden, hidden),), {"placeholder": 2}),
        tool_version="0.1.0",
        rules_digest="0",
        rule_count=1,
        exit_code=1,
        below_threshold=3,
        standing=Standing(hidden, 1, 2, 3, 4, (_entry(hidden),), (hidden,), (hidden,)),
    )


def _entry(hidden: str) -> BaselineEntry:
    return BaselineEntry("github-token", hidden, "h" + "0" * 32, "0" * 16, "", reason=hidden)


def report_with(secret: str, hidden: str, state: State | None = State.REMOVED) -> Report:
    """Return a report on one secret, once open and once suppressed, with `hidden` wherever a repository can write."""
    found = findings_with(secret, hidden, state)
    suppressed = (
        replace(one, suppressions=(Suppression("external", hidden, hidden),), fingerprint="f" * 32) for one in found
    )
    return report_on(*found, *suppressed, hidden=hidden)


def many_findings(count: int, *, state: State | None = State.REMOVED, path: str = "src/file") -> tuple[Finding, ...]:
    """Return `count` findings at different paths, each with a secret and an identity of its own."""
    model = findings_with(token("many"), "name", state)[0]
    out = []
    for number in range(count):
        secret = replace(model.secret, value=token(f"m{number}") if number < 50 else f"ghp_{number:036d}")
        place = replace(model.provenance, path=f"{path}{number}.py")
        out.append(replace(model, secret=secret, provenance=place, fingerprint=f"{number:032x}:{number:016x}"))
    return tuple(out)


def rendered(name: str, report: Report, options: RenderOptions | None = None) -> str:
    """Return what the format `name` makes of `report`."""
    stream = io.StringIO()
    render(name, report, stream, options or RenderOptions())
    return stream.getvalue()


def loaded(name: str, report: Report, options: RenderOptions | None = None) -> Any:
    """Return the JSON document that the format `name` makes of `report`."""
    return json.loads(rendered(name, report, options))
