"""A table for spreadsheets, in which no cell is a formula."""

from __future__ import annotations

import csv
from typing import TextIO

from scanner.model import Finding, Report
from scanner.reporters import RenderOptions
from scanner.reporters.safe import Masker
from scanner.reporters.selection import by_priority, current_region, day, state_of

COLUMNS = (
    "severity",
    "confidence",
    "priority",
    "rule_id",
    "rule_name",
    "path",
    "line",
    "secret",
    "state",
    "introduced",
    "introduced_commit",
    "removed",
    "exposure_days",
    "overdue_days",
    "reuse_count",
    "owners",
    "baseline_state",
    "suppressed",
    "occurrences",
    "fingerprint",
)
_FORMULA = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula or a command in some spreadsheet: https://owasp.org/www-community/attacks/CSV_Injection"""


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write a header and one row a finding, most urgent first, suppressed ones among them."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for finding in by_priority(report.findings):
        writer.writerow([cell(text) for text in _row(finding, report, options, mask)])


def cell(text: str) -> str:
    """Return `text` so that no spreadsheet computes it: an apostrophe before what would begin a formula."""
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _row(finding: Finding, report: Report, options: RenderOptions, mask: Masker) -> list[str]:
    story, made = finding.story, finding.assessment
    introduced = story.introduced.commit if story and story.introduced else None
    removed = story.removed.commit if story and story.removed else None
    secret = finding.secret.value if options.show_secrets else finding.secret.mask
    return [
        finding.severity,
        finding.confidence,
        str(made.priority) if made else "",
        finding.rule_id,
        mask(report.rules[finding.rule_id].name),
        mask(finding.provenance.path),
        str(current_region(finding).start_line),
        mask(secret),
        state_of(finding) or "",
        (day(introduced.committer) if introduced else day(finding.provenance.committer)) or "",
        (introduced.oid if introduced else finding.provenance.commit) or "",
        (day(removed.committer) if removed else None) or "",
        _number(story.exposure_days if story else None),
        _number(made.overdue_days if made else None),
        _number(made.reuse_count if made else None),
        " ".join(mask(owner) for owner in made.owners) if made else "",
        finding.baseline_state or "",
        "; ".join(mask(one.justification) or one.kind for one in finding.suppressions),
        str(len(finding.occurrences) + finding.more_occurrences),
        finding.fingerprint,
    ]


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
