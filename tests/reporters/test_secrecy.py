"""Whatever a repository holds and wherever it hides it, no format prints a secret or an escape."""

from __future__ import annotations

import io
import string
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.matcher import Engine
from scanner.findings import build_findings, seen_in
from scanner.model import BlobKind, BlobMatches, Person, Provenance, Report, ScanStats, Skip, SkipReason, Target
from scanner.reporters import FORMATS, RenderOptions, render
from scanner.ruleset import load_ruleset
from tests.repositories import token

RULESET = load_ruleset(only=["github-token"])
ENGINE = Engine(RULESET.rules, RULESET.anchors)


def report_with(secret: str, hidden: str) -> Report:
    """Return a report on one secret; `hidden` is in every string that a repository can choose."""
    matches = ENGINE.search(f"a = {secret} # {secret}\n".encode()).matches
    person = Person(hidden, hidden, 1_700_000_000)
    seen = seen_in(
        BlobMatches(hidden, "0" * 40, BlobKind.FILE, matches), [(Provenance(hidden, "1" * 40, person, person), 0)]
    )
    rules = {rule.id: rule for rule in RULESET.rules}
    return Report(
        target=Target("history", hidden, hidden),
        findings=build_findings(seen, rules),
        rules=rules,
        stats=ScanStats(skipped=(Skip(SkipReason.UNREADABLE, hidden, hidden),)),
        tool_version="0",
        rules_digest="0",
        rule_count=1,
        exit_code=1,
    )


def rendered(name: str, report: Report, options: RenderOptions) -> str:
    stream = io.StringIO()
    render(name, report, stream, options)
    return stream.getvalue()


TEXTS = st.text(st.characters(max_codepoint=0x2FFF, codec="utf-8") | st.sampled_from("\x1b\udcff\u202e\n:"), max_size=8)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(seed=st.text(string.ascii_letters, min_size=1, max_size=8), before=TEXTS, after=TEXTS)
def test_no_format_prints_a_secret_or_a_control_character(name: str, seed: str, before: str, after: str) -> None:
    secret = token(seed)
    report = report_with(secret, f"{before}{secret}{after}{quote(secret)}")
    text = rendered(name, report, RenderOptions())
    assert secret not in text
    assert secret[4:] not in text
    assert not {c for c in text if (ord(c) < 32 and c != "\n") or ord(c) in (0x7F, 0x202E) or 0xD800 <= ord(c) < 0xE000}


@pytest.mark.parametrize("name", FORMATS)
def test_a_workflow_command_in_a_path_is_inert(name: str) -> None:
    report = report_with(token("x"), "::error::run")
    lines = rendered(name, replace(report, stats=ScanStats()), RenderOptions()).splitlines()
    assert not [line for line in lines if line.lstrip().startswith("::")]
