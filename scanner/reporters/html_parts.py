"""The parts of the page that need no script: what was found, a table of it, and what was read."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence

from scanner.model import SEVERITIES, Finding, Report, Skip
from scanner.reporters.safe import Masker
from scanner.reporters.selection import counts, current_region, is_open, open_findings, state_of
from scanner.reporters.words import verdict

MAX_TABLE_ROWS = 500
MAX_SKIPS = 1_000


def summary_part(report: Report) -> tuple[str, str, str]:
    """Return the verdict as a headline, a sentence that explains it, and its mood: a class of the page."""
    told = counts(report)
    gaps = sum(skip.reason not in report.stats.accepted for skip in report.stats.skipped)
    if told.open:
        headline = f"{told.open:,} secret{'s' * (told.open != 1)} to replace"
        explanation = "Replace each at its issuer first: deleting it from the code leaves it in the history."
    else:
        headline, explanation = "No secrets found", "Everything that was asked for was read to its end."
    if gaps:
        more = f"{gaps:,} thing{'s' * (gaps != 1)} could not be read, and may hold more; see what was read, below."
        return f"{headline}, but the scan is incomplete", more, "incomplete"
    return headline, explanation, "found" if told.open else "clean"


def figures_part(report: Report) -> str:
    """Return the numbers at the top as the items of a definition list."""
    findings = open_findings(report)
    severities = Counter(finding.severity for finding in findings)
    states = Counter(state for finding in findings if (state := state_of(finding)))
    told = counts(report)
    overdue = sum(bool(finding.assessment and finding.assessment.overdue_days) for finding in findings)
    figures = [(name, severities[name], name) for name in SEVERITIES if severities[name]]
    figures += [(str(state), number, "") for state, number in sorted(states.items())]
    figures += [("overdue", overdue, "")] if overdue else []
    figures += [("known in the baseline", told.unchanged, "")] if told.unchanged else []
    figures += [("suppressed", told.suppressed, "")] if told.suppressed else []
    figures += [("gone", told.absent, "")] if told.absent else []
    return "".join(
        f'<div><dt>{html.escape(name)}</dt><dd class="{mood}">{number:,}</dd></div>' for name, number, mood in figures
    )


def findings_part(report: Report, findings: Sequence[Finding], mask: Masker, *, left_out: int) -> str:
    """Return the list of findings as a table for readers without a script, and what the page leaves out."""
    told = ""
    if left_out:
        told = f"<p>{left_out:,} findings of the least priority are not on this page; the JSON report has them all.</p>"
    shown = [finding for finding in findings[: MAX_TABLE_ROWS * 4] if is_open(finding)][:MAX_TABLE_ROWS]
    if not shown:
        nothing = "Nothing is open." if findings else "There is nothing to show: no secret was found."
        return f'{told}<p class="quiet"{" data-static" * bool(findings)}>{nothing}</p>'
    rows = "".join(_row(finding, report, mask) for finding in shown)
    head = "<tr><th>Severity</th><th>Rule</th><th>Where</th><th>Secret</th><th>State</th></tr>"
    more = f"<p>The first {len(shown)} of {len(findings):,}.</p>" if len(findings) > len(shown) else ""
    return f'{told}<div class="scroll" data-static><table>{head}{rows}</table>{more}</div>'


def _row(finding: Finding, report: Report, mask: Masker) -> str:
    cells = (
        finding.severity,
        mask(report.rules[finding.rule_id].name),
        f"{mask(finding.provenance.path)}:{current_region(finding).start_line}",
        finding.secret.mask,
        state_of(finding) or "",
    )
    return f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"


def coverage_part(report: Report, mask: Masker) -> str:
    """Return what was read, and each thing that was not, by reason."""
    stats = report.stats
    read = [f"{stats.blobs:,} files"] + ([f"{stats.commits:,} commits"] if stats.commits else [])
    told = f"<p>{', '.join(read)}, {stats.bytes:,} bytes, with {report.rule_count:,} rules. "
    told += f"Result: {html.escape(verdict(report))}.</p>"
    if not stats.skipped:
        return f"{told}<p>Everything was read.</p>"
    reasons = Counter(skip.reason for skip in stats.skipped)
    for reason in sorted(reasons, key=lambda one: (one in stats.accepted, one)):
        skips = [skip for skip in stats.skipped if skip.reason == reason]
        told += _skips_part(str(reason), skips, mask, is_gap=reason not in stats.accepted)
    return told


def _skips_part(reason: str, skips: Sequence[Skip], mask: Masker, *, is_gap: bool) -> str:
    items = "".join(
        f"<li><code>{html.escape(mask(skip.what))}</code>"
        f"{f' ({html.escape(mask(skip.detail))})' if skip.detail else ''}</li>"
        for skip in skips[:MAX_SKIPS]
    )
    more = f"<li>and {len(skips) - MAX_SKIPS:,} more</li>" if len(skips) > MAX_SKIPS else ""
    word = '<span class="gap">Not read</span>' if is_gap else "Left out"
    opened = " open" if is_gap and len(skips) <= 20 else ""
    return f"<details{opened}><summary>{word}, {reason}: {len(skips):,}</summary><ul>{items}{more}</ul></details>"
