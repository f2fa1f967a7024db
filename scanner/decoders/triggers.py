"""Where in some lines something may be encoded: told without decoding it, for lines of many contents at once.

History is read by the lines that changed (`scanner.fresh_scan`). What an encoded text says may depend on the
lines around it, so content in whose changed lines something may be encoded is decoded as a whole. This module must
therefore see whatever `runs`, `escapes` and `joins` would: their own functions, and for a text that is put
together over lines, what stands at the edge of a stretch of changed lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from scanner.decoders import escapes, joins, runs
from scanner.decoders.clues import find_clues

NEAR_BYTES = 2_816
"""How far around an encoded text others can make a difference: the reach of `clues.left_edge`, then of `escapes`."""

Span = tuple[int, int]

_OPERATOR = rb"(?:\+|\.\.?|&|<>|~|\|\|)"
_SPACE = rb"[ \t]{0,120}"
_FIRST = re.compile(
    rb"\n\n"
    + _SPACE
    + rb"(?:"
    + _OPERATOR
    + _SPACE
    + rb"\\?\r?(?:\n|$)|(?:"
    + _OPERATOR
    + _SPACE
    + rb")?[bfru]{0,2}[\"'`])"
)
_LAST = re.compile(rb"\n\n(?:(?<=[\"'`+.&<>~|\\ \t]\n\n)|(?<=[\"'`+.&<>~|\\ \t]\r\n\n))")
_ENDS_OPEN = re.compile(
    rb"(?:[\"'`]" + _SPACE + _OPERATOR + rb"?|\n" + _SPACE + _OPERATOR + rb")" + _SPACE + rb"\\?\r?\n\n$"
)
_LOOK_BEFORE = 800
LONG_RUN = re.compile(rb"[A-Za-z0-9_-]{20,}")


def encoded_spans(
    lines: bytes, long_runs: Iterable[Span], *, is_container: Callable[[bytes], bool]
) -> list[Span] | None:
    """Return the spans, in no order, of what is encoded in lines; None if there is too much to tell.

    `long_runs` are the sorted spans of unbroken token characters, as the engine finds them.
    """
    clues = find_clues(lines, long_runs)
    out = [(run.start, run.end) for run in runs.find_runs(lines, clues.encoded, is_container=is_container)]
    seams = joins.find_joins(lines, clues.quoted)
    marks = escapes.find_escapes(lines, clues.escapes)
    if len(seams) >= joins.MAX_SEAMS or len(marks) >= escapes.MAX_EDITS:
        return None
    return [*out, *((edit.start, edit.end) for edit in (*seams, *marks))]


def open_edges(lines: bytes) -> list[int]:
    """Return offsets of the edges of stretches, which empty lines divide, at which a text may go on beyond."""
    out = [found.start() + 2 for found in _FIRST.finditer(lines)]
    for found in _LAST.finditer(lines):
        at = found.start()
        if _ENDS_OPEN.search(lines, max(0, at - _LOOK_BEFORE), at + 2):
            out.append(at)
    return out


def put_together(text: bytes, places: Iterable[int]) -> list[Span]:
    """Return where a text is put together near one of its `places`."""
    found: set[Span] = set()
    for at in places:
        low = max(0, at - _LOOK_BEFORE)
        near = text[low : at + _LOOK_BEFORE]
        seams = joins.find_joins(near, [run.span() for run in LONG_RUN.finditer(near)])
        found.update((low + seam.start, low + seam.end) for seam in seams)
    return sorted(found)
