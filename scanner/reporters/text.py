"""A report for people at a terminal: grouped by file, the masked line, a caret under the secret."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TextIO

from scanner.model import Finding, Report
from scanner.reporters import RenderOptions
from scanner.reporters.next_steps import next_steps, urgency_line
from scanner.reporters.people import name_and_address
from scanner.reporters.safe import Masker
from scanner.reporters.selection import by_file
from scanner.reporters.story import occurrence_lines, story_line
from scanner.reporters.words import verdict

_COLOURS = {"critical": "1;31", "high": "31", "medium": "33", "low": "36"}
_NAMED_SKIPS = 10
_NAMED_LINES = 10


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write the findings by file, most urgent first, what was read and what was not, the verdict and what to do."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    for path, findings in by_file(report.findings):
        stream.write(_styled(mask(path), "1", options) + "\n")
        for finding in findings:
            _write_finding(finding, report, stream, options, mask)
        stream.write("\n")
    if not options.quiet or not report.stats.is_complete:
        _write_coverage(report, stream, options, mask)
    if not options.quiet:
        _write_decisions(report, stream, mask)
        stream.write(_styled(verdict(report), _mood(report), options) + "\n")
        stream.writelines(f"{line}\n" for line in next_steps(report))


def _mood(report: Report) -> str:
    """Return the style of the verdict: green only where nothing was found and everything was read."""
    if report.findings:
        return "1"
    return "1;32" if report.stats.is_complete else "1;33"


def _write_decisions(report: Report, stream: TextIO, mask: Masker) -> None:
    """Tell of the decisions that hold for nothing, and of those that do not count."""
    for word, sentences in (("note", report.standing.notes), ("stale", report.standing.stale)):
        for sentence in sentences:
            stream.write(f"{word}: {mask(sentence)}\n")


def _write_finding(finding: Finding, report: Report, stream: TextIO, options: RenderOptions, mask: Masker) -> None:
    severity = _styled(finding.severity, _COLOURS[finding.severity], options)
    region = finding.region
    place = f"{region.start_line}:{region.start_column}"
    stream.write(f"  {place}  {severity}  {finding.rule_id}  {mask(report.rules[finding.rule_id].name)}\n")
    before, line, after = _line(finding, options, mask)
    stream.write(f"    {before}{line}{after}\n    {' ' * len(before)}{_styled('^' * len(line), '31', options)}\n")
    settled = (f"suppressed, {mask(s.origin or s.kind)}: {mask(s.justification)}" for s in finding.suppressions)
    for told in (
        *_origin(finding, options, mask),
        *settled,
        urgency_line(finding, mask),
        *(f"note: {mask(note)}" for note in finding.notes),
    ):
        if told:
            stream.write(f"    {told}\n")
    if options.verbose:
        stream.write(f"    fingerprint {finding.fingerprint}\n")


def _line(finding: Finding, options: RenderOptions, mask: Masker) -> tuple[str, str, str]:
    snippet = finding.snippet
    secret = finding.secret.value if options.show_secrets else snippet.text[snippet.mark_start : snippet.mark_end]
    head = snippet.text[: snippet.mark_start].lstrip()
    return mask(head), mask(secret), mask(snippet.text[snippet.mark_end :])


def _origin(finding: Finding, options: RenderOptions, mask: Masker) -> Iterator[str]:
    """Yield where the secret comes from: its story, or the commit, and how many other places it has."""
    source = finding.provenance
    if finding.story is not None:
        yield story_line(finding, options, mask)
        yield from (f"not known: {mask(text)}" for text in finding.story.unknowns)
    elif source.commit:
        author = f" by {name_and_address(source.author, options, mask)}" if source.author else ""
        yield f"commit {source.commit[:12]}{author}"
    more = len(finding.occurrences) + finding.more_occurrences - 1
    if options.all_occurrences and finding.story is not None:
        yield from occurrence_lines(finding, mask)
    elif more and finding.story is None and not source.commit:
        yield _other_lines(finding, more)
    elif more:
        yield f"{more:,} more occurrence{'s' * (more != 1)}"


def _other_lines(finding: Finding, more: int) -> str:
    """Return on which other lines of its file the secret stands, so that each can be mended."""
    lines = sorted({one.region.start_line for one in finding.occurrences} - {finding.region.start_line})
    if not lines:
        return f"{more:,} more occurrence{'s' * (more != 1)} on this line"
    named, rest = ", ".join(map(str, lines[:_NAMED_LINES])), len(lines) - _NAMED_LINES
    return f"also on line{'s' * (len(lines) != 1)} {named}" + (f" and {rest:,} more" if rest > 0 else "")


def _write_coverage(report: Report, stream: TextIO, options: RenderOptions, mask: Masker) -> None:
    stats = report.stats
    commits = f", {stats.commits:,} commits" if stats.commits else ""
    stream.write(f"read {stats.blobs:,} blobs{commits}, {stats.bytes:,} bytes with {report.rule_count} rules\n")
    for reason, count in sorted(Counter(skip.reason for skip in stats.skipped).items()):
        named = [skip for skip in stats.skipped if skip.reason == reason]
        stream.write(f"not read, {reason}: {count}\n")
        for skip in named if options.verbose else named[:_NAMED_SKIPS]:
            detail = f" ({mask(skip.detail)})" if skip.detail else ""
            stream.write(f"  {mask(skip.what)}{detail}\n")
        if len(named) > _NAMED_SKIPS and not options.verbose:
            stream.write(f"  and {len(named) - _NAMED_SKIPS} more (--verbose names them)\n")
    if options.verbose:
        for dropped, count in sorted(stats.dropped.items()):
            stream.write(f"dropped, {dropped}: {count}\n")


def _styled(text: str, code: str, options: RenderOptions) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if options.colour else text
