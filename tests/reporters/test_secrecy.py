"""Whatever a repository holds and wherever it hides it, no format prints a secret or an escape."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.model import ScanStats, Secret, State
from scanner.reporters import FORMATS
from scanner.reporters.withholding import withhold
from tests.reporters.reports import HOSTILE_TEXTS, findings_with, rendered, report_on, report_with
from tests.repositories import token

STATES = st.sampled_from([None, *State])


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(
    seed=st.text(string.ascii_letters, min_size=1, max_size=8), before=HOSTILE_TEXTS, after=HOSTILE_TEXTS, state=STATES
)
def test_no_format_prints_a_secret_or_a_control_character(
    name: str, seed: str, before: str, after: str, state: State | None
) -> None:
    secret = token(seed)
    report = report_with(secret, f"{before}{secret}{after}{quote(secret)}", state)
    text = rendered(name, report)
    assert secret not in text
    assert secret[4:] not in text
    assert not {c for c in text if (ord(c) < 32 and c != "\n") or ord(c) in (0x7F, 0x202E) or 0xD800 <= ord(c) < 0xE000}


@pytest.mark.parametrize("name", FORMATS)
def test_a_workflow_command_in_a_path_is_inert(name: str) -> None:
    report = report_with(token("x"), "::error::run")
    lines = rendered(name, replace(report, stats=ScanStats())).splitlines()
    commands = [line for line in lines if line.lstrip().startswith(("::", "##["))]
    if name == "github":
        # The format is made of commands: one for the finding, of which every property is escaped.
        assert [re.fullmatch(r"::error file=[^:,]*,line=1,[^:]*,title=critical%3A[^:]*::.*", one) for one in commands]
    else:
        assert commands == []


@pytest.mark.parametrize(
    ("confidence", "value", "is_shown"),
    [
        ("low", "wordpress", True),
        ("medium", "wordpress", False),
        ("low", "kqXzWvTrPlMnBd", False),
        ("low", "word7press", False),
    ],
)
def test_a_path_keeps_a_word_that_was_hardly_a_finding(confidence: str, value: str, is_shown: bool) -> None:
    (shown, *_) = findings_with(token("a"), f"{value}-mysql/compose.yaml")
    left_out = replace(shown, secret=Secret(value), confidence=confidence)
    ((told, *_), _) = withhold((shown, left_out), (shown,), report_on(shown).standing)
    assert told.provenance.path.startswith(value) is is_shown
