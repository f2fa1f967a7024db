"""Code Climate's list of issues, which GitLab's code quality report reads too."""

from __future__ import annotations

import json
from typing import Any, TextIO

from scanner.model import Finding, Report
from scanner.reporters import RenderOptions
from scanner.reporters.safe import Masker, printable
from scanner.reporters.selection import current_region, open_findings, story_words

_SEVERITIES = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor"}


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write the open findings, most urgent first, one at a time."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    stream.write("[")
    for number, finding in enumerate(open_findings(report)):
        stream.write(f"{',' * bool(number)}\n {json.dumps(_issue(finding, report, mask))}")
    stream.write("\n]\n")


def _issue(finding: Finding, report: Report, mask: Masker) -> dict[str, Any]:
    region, rule = current_region(finding), report.rules[finding.rule_id]
    return {
        "type": "issue",
        "check_name": rule.id,
        "description": f"{printable(rule.name).rstrip('.')}: replace it. {story_words(finding)}".strip(),
        "categories": ["Security"],
        "severity": _SEVERITIES[finding.severity],
        "fingerprint": finding.fingerprint.replace(":", ""),
        "location": {
            "path": mask(finding.provenance.path),
            "lines": {"begin": region.start_line, "end": region.end_line},
        },
    }
