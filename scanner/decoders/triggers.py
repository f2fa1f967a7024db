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

_SPACE = rb"[ \t]{0,120}"
_END = rb"\\?\r?"
_FIRST = re.compile(
    rb"\n\n" + _SPACE + rb"(?:" + joins.OPERATOR + _SPACE + rb"(?:" + _END + rb"(?:\n|$)|" + joins.OPENS + rb")"
    rb"|" + joins.OPENS + rb")"
)
_BEGINS_OPEN = frozenset(b" \t\"'`+.&<>~|bfru")
_ENDS_OPEN = frozenset(b"\"'`+.&<>~|\\ \t")
_QUOTES = frozenset(b"\"'`")
_OPERATOR_ENDS = (b"+", b".", b"&", b">", b"~", b"|")
_THREE = (b'"' * 3, b"'" * 3)
_LINE_REACH = 400
_BEFORE_SEAM = frozenset(b"\"'`+.&<>~|")
_AFTER_SEAM = frozenset(b"\"'`+.&<>~|bfru")
_LOOK_FOR_SEAM = 200
_LOOK_BEFORE = 800


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
    out: list[int] = []
    find, size = lines.find, len(lines)
    at = find(b"\n\n")
    while at >= 0:
        behind = lines[at + 2] if at + 2 < size else 10
        if behind in _BEGINS_OPEN and _FIRST.match(lines, at):
            out.append(at + 2)
        before = lines[at - 1] if at else 10
        if before == 13 and at > 1:
            before = lines[at - 2]
        if before in _ENDS_OPEN and _ends_open(lines[max(0, at - _LINE_REACH) : at]):
            out.append(at)
        at = find(b"\n\n", at + 1)
    return out


def _ends_open(text: bytes) -> bool:
    """Return whether a text ends with a quote, or with an operator behind a quote or on a line of its own."""
    text = text.rstrip(b" \t\\\r")
    last = text[-1] if text else 10
    if last not in _QUOTES:
        rest = text.rstrip(b"+.&<>~|").rstrip(b" \t")
        return text[-1:] in _OPERATOR_ENDS and (not rest or rest[-1] in _QUOTES or rest[-1] == 10)
    return text[-3:] not in _THREE


def put_together(text: bytes, places: Iterable[int], *, long_runs: Callable[[bytes], list[Span]]) -> list[Span]:
    """Return where a text is put together near one of its `places`; `long_runs` are those of token characters."""
    found: set[Span] = set()
    for at in places:
        if not _may_be_seam(text, at):
            continue
        low = max(0, at - _LOOK_BEFORE)
        near = text[low : at + _LOOK_BEFORE]
        seams = joins.find_joins(near, long_runs(near))
        found.update((low + seam.start, low + seam.end) for seam in seams)
    return sorted(found)


def _may_be_seam(text: bytes, at: int) -> bool:
    """Return whether a seam may go over the line end at `at`, by the first byte on either side that is no space."""
    before = text[max(0, at - _LOOK_FOR_SEAM) : at].rstrip(b" \t\r\n\\")
    after = text[at : at + _LOOK_FOR_SEAM].lstrip(b" \t\r\n\\")
    return bool(before and after) and before[-1] in _BEFORE_SEAM and after[0] in _AFTER_SEAM
