"""The formats of other tools: valid by their schemas whatever the strings, inert where they are read, bounded."""

from __future__ import annotations

import csv
import io
import json
import re
import string
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from scanner.model import Report, Rule, ScanStats, State
from scanner.reporters import FORMATS, RenderOptions, render
from scanner.reporters.advice import STEPS, families_with_playbook, playbook
from scanner.reporters.github import MAX_PER_KIND
from scanner.reporters.markdown import MAX_BYTES
from scanner.ruleset import ROTATION_CLASSES, load_ruleset
from tests.reporters.reports import (
    HOSTILE_TEXTS,
    findings_with,
    loaded,
    many_findings,
    rendered,
    report_on,
    report_with,
)
from tests.repositories import ROOT, leaksweep, token


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((ROOT / "fixtures" / name).read_text()))


GITLAB = schema("gitlab-secret-detection-15.schema.json")
CODECLIMATE = schema("codeclimate.schema.json")


def checked_junit(text: str) -> Any:
    xmlschema = pytest.importorskip("xmlschema")
    xmlschema.XMLSchema(ROOT / "fixtures" / "junit.xsd").validate(text)
    return ElementTree.fromstring(text)  # noqa: S314  (it is our own)


@settings(max_examples=60, deadline=None)
@given(hidden=HOSTILE_TEXTS, state=st.sampled_from([None, *State]))
def test_every_schema_accepts_whatever_a_repository_writes(hidden: str, state: State | None) -> None:
    report = report_with(token("s"), hidden or "x", state)
    GITLAB.validate(loaded("gitlab", report))
    CODECLIMATE.validate(loaded("codeclimate", report))
    suite = checked_junit(rendered("junit", report))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped"), suite.get("errors")) == (
        "3",
        "1",
        "1",
        "1",
    )


def test_every_schema_accepts_an_empty_report() -> None:
    report = replace(report_on(), stats=ScanStats(), rules={}, exit_code=0)
    GITLAB.validate(loaded("gitlab", report))
    CODECLIMATE.validate(loaded("codeclimate", report))
    assert checked_junit(rendered("junit", report))[0].get("failures") == "0"
    for name in FORMATS:
        rendered(name, report)


def test_the_identity_in_gitlab_is_stable_and_a_gap_is_no_success() -> None:
    report = report_with(token("id"), "name")
    first, second = loaded("gitlab", report), loaded("gitlab", replace(report, stats=ScanStats()))
    assert [one["id"] for one in first["vulnerabilities"]] == [one["id"] for one in second["vulnerabilities"]]
    assert (first["scan"]["status"], second["scan"]["status"]) == ("failure", "success")
    assert first["scan"]["messages"]


@settings(max_examples=100, deadline=None)
@given(before=st.sampled_from(["", " ", "\t", "\n"]), start=st.sampled_from("=+-@|%"), rest=HOSTILE_TEXTS)
def test_no_cell_of_the_csv_is_a_formula(before: str, start: str, rest: str) -> None:
    rows = list(csv.reader(io.StringIO(rendered("csv", report_with(token("c"), f"{before}{start}{rest}")))))
    assert len(rows) == 3
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [one for row in rows for one in row if one.lstrip()[:1] in tuple("=+-@|%") and one]


CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


@settings(max_examples=100, deadline=None)
@given(before=HOSTILE_TEXTS, after=HOSTILE_TEXTS)
def test_markdown_holds_strings_of_a_repository_in_code_spans_only(before: str, after: str) -> None:
    hidden = f"{before}|`@all <b>[x](y) HIDDEN ``|{after}"
    text = rendered("markdown", report_with(token("m"), hidden))
    assert "HIDDEN" in text
    assert "HIDDEN" not in CODE_SPAN.sub("", text)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}


def test_markdown_fits_a_comment_and_counts_what_it_leaves_out() -> None:
    text = rendered("markdown", report_on(*many_findings(3000, path="deep/" * 100)))
    assert len(text.encode()) <= MAX_BYTES
    shown = sum(line.startswith("| critical") for line in text.splitlines())
    assert f"{3000 - shown} more findings are not shown" in text
    assert "Replace the secret first" in text


def test_annotations_are_capped_and_new_findings_only() -> None:
    found = many_findings(30)
    report = report_on(*found[:25], *(replace(one, baseline_state="unchanged") for one in found[25:]))
    lines = rendered("github", report).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == MAX_PER_KIND
    assert sum(line.startswith("::warning title=leaksweep%3A incomplete::") for line in lines) == 1
    assert lines[-1] == "leaksweep: 25 new findings, 15 of them not annotated: GitHub shows 10 of a kind"


@settings(deadline=None)
@given(hidden=st.text(st.sampled_from("%:,\n\r=a\u2028"), max_size=8))
def test_an_annotation_says_what_the_runner_reads(hidden: str) -> None:
    report = replace(report_on(*findings_with(token("g"), hidden)), stats=ScanStats())
    line = rendered("github", report).splitlines()[0]
    properties = dict(one.split("=", 1) for one in line.removeprefix("::error ").partition("::")[0].split(","))
    assert properties.keys() == {"file", "line", "endLine", "title", "col", "endColumn"}
    assert re.fullmatch(r"(?:%25|%3A|%2C|[^%:,])*", properties["file"])


def test_every_rule_has_five_steps_and_every_playbook_is_of_the_shape() -> None:
    for rule in load_ruleset().rules:
        steps = playbook(rule)
        assert [step.name for step in steps] == list(STEPS)
        assert all(step.text.endswith(".") for step in steps)
    assert len(families_with_playbook()) >= 30
    rules = {rule.family: rule for rule in load_ruleset().rules}
    for rotation_class in ROTATION_CLASSES:
        unknown: Rule = replace(rules["generic"], family="no-such-family", rotation_class=rotation_class)
        assert len(playbook(unknown)) == len(STEPS)


class Meter(io.TextIOBase):
    """A stream that keeps nothing but counts, the beginning and the end."""

    def __init__(self) -> None:
        self.total = self.largest = 0
        self.tail = ""

    def write(self, text: str) -> int:
        self.total += len(text)
        self.largest = max(self.largest, len(text))
        self.tail = (self.tail + text)[-200:]
        return len(text)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_a_hundred_thousand_findings_are_written_piece_by_piece(name: str) -> None:
    resource = pytest.importorskip("resource")
    report = hundred_thousand()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    meter = Meter()
    render(name, report, meter, RenderOptions())  # type: ignore[arg-type]
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert meter.total > 1_000
    assert meter.largest < 2_000_000
    assert grown_kib < 250_000


_KEPT: list[Report] = []


def hundred_thousand() -> Report:
    if not _KEPT:
        _KEPT.append(report_on(*many_findings(100_000, state=None)))
    return _KEPT[0]


@pytest.mark.slow
def test_files_of_many_findings_are_whole() -> None:
    report = report_on(*many_findings(5_000, state=None))
    assert len(loaded("json", report)["findings"]) == 5_000
    assert len(loaded("gitlab", report)["vulnerabilities"]) == 5_000
    assert len(loaded("codeclimate", report)) == 5_000
    kinds = [json.loads(line)["type"] for line in rendered("jsonl", report).splitlines()]
    assert kinds.count("finding") == 5_000
    assert len(list(csv.reader(io.StringIO(rendered("csv", report))))) == 5_001
    suite = ElementTree.fromstring(rendered("junit", report))[0]  # noqa: S314
    assert (len(suite), suite.get("tests")) == (5_001, "5001")


def test_names_of_formats_are_words() -> None:
    assert all(set(name) <= {*string.ascii_lowercase, "-"} for name in FORMATS)


def test_explain_tells_the_steps_of_the_playbook() -> None:
    done = leaksweep("explain", "github-token")
    assert done.returncode == 0
    steps = [line.split(":")[0].split()[-1] for line in done.stdout.decode().splitlines() if line.startswith("  ")]
    assert [step.lower() for step in steps] == list(STEPS)
