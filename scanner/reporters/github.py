"""Workflow commands that annotate a pull request; every value is escaped, and no more than GitHub shows."""

from __future__ import annotations

from collections import Counter
from typing import TextIO

from scanner.model import Finding, Report
from scanner.reporters import RenderOptions
from scanner.reporters.advice import playbook
from scanner.reporters.safe import Masker
from scanner.reporters.selection import counts, current_region, open_findings, story_words

MAX_PER_KIND = 10
"""GitHub shows ten annotations of a kind for a step, and fifty for a job."""

_KINDS = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write annotations for the most urgent new findings, and one for what was not read."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    written: Counter[str] = Counter()
    if not report.stats.is_complete:
        gaps = sum(skip.reason not in report.stats.accepted for skip in report.stats.skipped)
        _write(stream, "warning", {"title": "leaksweep: incomplete"}, f"{gaps} things were not read; see the report")
        written["warning"] += 1
    left_out = 0
    for finding in open_findings(report):
        kind = _KINDS[finding.level]
        if finding.baseline_state == "unchanged":
            continue
        if written[kind] == MAX_PER_KIND:
            left_out += 1
            continue
        written[kind] += 1
        _annotate(finding, kind, report, stream, mask)
    told = counts(report)
    more = f", {left_out} of them not annotated: GitHub shows {MAX_PER_KIND} of a kind" if left_out else ""
    stream.write(f"leaksweep: {told.new} new findings{more}\n")


def _annotate(finding: Finding, kind: str, report: Report, stream: TextIO, mask: Masker) -> None:
    rule, region = report.rules[finding.rule_id], current_region(finding)
    where = {
        "file": mask(finding.provenance.path),
        "line": str(region.start_line),
        "endLine": str(region.end_line),
        "title": f"{finding.severity}: {mask(rule.name)}",
    }
    if region.start_line == region.end_line:
        where |= {"col": str(region.start_column), "endColumn": str(region.end_column)}
    told = f"{finding.secret.mask} must be replaced. {story_words(finding)} {playbook(rule)[0].text}"
    _write(stream, kind, where, told)


def _write(stream: TextIO, kind: str, properties: dict[str, str], message: str) -> None:
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    stream.write(f"::{kind} {told}::{_data(message)}\n")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
