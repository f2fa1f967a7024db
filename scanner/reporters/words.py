"""What a report says in words, the same in every format that people read."""

from __future__ import annotations

from collections import Counter

from scanner.model import SEVERITIES, Report
from scanner.reporters.selection import counts, open_findings


def verdict(report: Report) -> str:
    """Return the result in one line of plain words."""
    found = Counter(finding.severity for finding in open_findings(report))
    parts = ", ".join(f"{found[severity]} {severity}" for severity in SEVERITIES if found[severity])
    number = found.total()
    new = "new " if report.standing.baseline else ""
    told = f"{number:,} {new}finding{'s' * (number != 1)} ({parts})" if number else f"no {new}findings"
    told += standing(report)
    if not report.stats.is_complete:
        return f"{told}; the scan is INCOMPLETE: not everything was read"
    return told if number else f"clean: {told}"


def standing(report: Report) -> str:
    """Return how many only warn, are known, gone, suppressed and below the threshold, as the end of a sentence."""
    told = counts(report)
    parts = (
        (report.standing.in_grace, "of them under rules newer than the baseline"),
        (told.unchanged, "unchanged"),
        (told.absent, "absent"),
        (told.suppressed, "suppressed"),
        (report.below_threshold, "below the threshold"),
    )
    return "".join(f", {count:,} {words}" for count, words in parts if count)
