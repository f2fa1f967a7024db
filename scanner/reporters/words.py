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
    told = f"{number:,} finding{'s' * (number != 1)} ({parts})" if number else "no findings"
    told += standing(report)
    if not report.stats.is_complete:
        return f"{told}; the scan is INCOMPLETE: not everything was read"
    return told if number else f"clean: {told}"


def standing(report: Report) -> str:
    """Return how many are new, suppressed, gone and below the threshold, as the end of a sentence."""
    told = counts(report)
    parts = [f"{told.new:,} of them new"] if told.unchanged else []
    parts += [f"{told.suppressed:,} suppressed"] if told.suppressed else []
    parts += [f"{told.absent:,} gone since the baseline"] if told.absent else []
    parts += [f"{report.below_threshold:,} below the threshold"] if report.below_threshold else []
    return "".join(f", {part}" for part in parts)
