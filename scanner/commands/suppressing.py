"""What marks beside a secret and the ignore file settle, and which of them settle nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from scanner.commands.places import Places
from scanner.model import Finding, Occurrence, Rule, Suppression
from scanner.suppress import IgnoreFile, IgnoreLine, Mark, Spot, inline_suppression, marks_for, marks_in, open_blocks

MAX_LINE = 10_000
"""Characters of a line that a pattern of the ignore file sees."""


class TrustedMarks(Protocol):
    """Tells whether a mark stood beside a secret already where the scan trusts the text."""

    def has_mark(self, finding: Finding, rule: Rule, lines: Sequence[str]) -> bool:
        """Return whether the secret is settled by a mark in the trusted text; `lines` are those of mark and secret."""


class Suppressed(NamedTuple):
    """The findings with the suppressions on them; the marks and lines that settled one."""

    findings: tuple[Finding, ...]
    marks: frozenset[tuple[str, int]]
    lines: frozenset[IgnoreLine]


def suppress(
    findings: Sequence[Finding],
    rules: Mapping[str, Rule],
    ignore: IgnoreFile | None,
    places: Places,
    *,
    reads_marks: bool,
    trusted: TrustedMarks | None = None,
) -> Suppressed:
    """Return the findings with what marks in their files and lines of the ignore file say of them.

    A mark counts as it stands in the newest text that holds the secret at its path, and only if every occurrence
    there has one. With `trusted`, it must have stood there before.
    """
    marks: set[tuple[str, int]] = set()
    lines: set[IgnoreLine] = set()
    out = []
    for finding in findings:
        rule = rules[finding.rule_id]
        spots = _spots(finding, places) if ignore and ignore.reads_lines else ()
        line = ignore.line_for(rule, finding.provenance.path, finding.secret.value, spots) if ignore else None
        if ignore and line:
            lines.add(line)
            finding = _with(finding, ignore.suppression(line))
        found = _marks_of(finding, rule, places) if reads_marks else []
        if found and (trusted is None or trusted.has_mark(finding, rule, _lines_of(found, finding, places))):
            marks.update((finding.provenance.path, mark.line) for mark in found)
            finding = _with(finding, inline_suppression(found[0]))
        out.append(finding)
    return Suppressed(tuple(out), frozenset(marks), frozenset(lines))


def _with(finding: Finding, suppression: Suppression) -> Finding:
    return replace(finding, suppressions=(*finding.suppressions, suppression))


def _newest(finding: Finding) -> list[Occurrence]:
    """Return the occurrences in the newest text that holds the secret."""
    last = finding.occurrences[-1]
    return [
        one
        for one in finding.occurrences
        if one.blob_oid == last.blob_oid and one.provenance.path == last.provenance.path
    ]


def _marks_of(finding: Finding, rule: Rule, places: Places) -> list[Mark]:
    """Return the marks that settle a finding, empty if one of its newest occurrences has none."""
    spots = _newest(finding)
    data = places.text_of(spots[0])
    marks = marks_in(data) if data else ()
    if not marks:
        return []
    found = [marks_for(marks, one.region.start_line, one.region.end_line, finding.secret.value, rule) for one in spots]
    return [mark for here in found for mark in here] if all(found) else []


def _spots(finding: Finding, places: Places) -> list[Spot]:
    """Return the first lines of the newest occurrences; none if the text is not at hand."""
    here = _newest(finding)
    text = (places.text_of(here[0]) or b"").decode("utf-8", "surrogateescape").split("\n")
    numbers = [one.region.start_line for one in here if one.region.start_line <= len(text)]
    return [Spot(number, text[number - 1][:MAX_LINE]) for number in numbers]


def _lines_of(marks: Sequence[Mark], finding: Finding, places: Places) -> list[str]:
    return [*(mark.text for mark in marks), *(spot.text for spot in _spots(finding, places))]


def stale_lines(ignore: IgnoreFile, used: frozenset[IgnoreLine]) -> list[str]:
    """Return a sentence for each line of the ignore file that settled nothing."""
    idle = [line for line in ignore.lines if not line.is_negated and line not in used]
    return [f"{ignore.path}:{line.number}: {line.text!r} settles nothing" for line in idle]


def stale_marks(paths: Sequence[str], used: frozenset[tuple[str, int]], places: Places) -> list[str]:
    """Return a sentence for each mark of ours in the files at `paths` that settled nothing."""
    out = []
    for path in sorted(paths):
        marks = marks_in(places.read(path) or b"")
        unclosed = open_blocks(marks)
        for mark in marks:
            if mark in unclosed:
                out.append(f"{path}:{mark.line}: {mark.word} is never closed: it settles nothing")
            elif mark.word in _OWN and (path, mark.line) not in used:
                out.append(f"{path}:{mark.line}: {mark.word} settles nothing")
    return out


_OWN = frozenset({"leaksweep:allow", "leaksweep:allow-next-line", "leaksweep:allow-start"})
