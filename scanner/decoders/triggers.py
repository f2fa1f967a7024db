"""Where in some lines something may be encoded: told without decoding it, for lines of many contents at once.

History is read by the lines that changed (`scanner.fresh_scan`). What an encoded text says may depend on the
lines around it, so content in whose changed lines something may be encoded is decoded as a whole. This module must
therefore see whatever `runs`, `escapes` and `joins` would: their own functions, and for a text that is put
together over lines, what stands at the end of a line.
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
_LINE_END = rb"[ \t]{0,20}\\?\r?(?:\n|\Z)"
_ENDS_LINE = re.compile(joins.CLOSES + rb"(?:[ \t]{0,20}" + joins.OPERATOR + rb")?" + _LINE_END)
_BEGINS_LINE = re.compile(_SPACE + rb"(?:" + joins.OPERATOR + _SPACE + rb")?[bfru]{0,2}" + joins.CLOSES)
_PLUS = re.compile(rb"\+(?=" + _LINE_END + rb"|" + _SPACE + joins.OPENS + rb")")
_ALONE = re.compile(rb"\n" + _SPACE + joins.OPERATOR + rb"(?=" + _LINE_END + rb")")
_QUOTES = frozenset(b"\"'`")
_LOOK_BACK = 300
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


def loose_ends(lines: bytes, long_runs: Iterable[Span]) -> list[int]:
    """Return offsets in all lines that, by themselves, may be put together with the line before or behind, in no order.

    That is where a quote beside a long run, or an operator, stands at an end of the line. Where further pieces follow
    on the next lines, a seam is found on the lines before: what is near to that is looked at anyway.
    """
    size = len(lines)
    out = [found.end() for found in _ALONE.finditer(lines)]
    if _ALONE.match(b"\n" + lines[:_LOOK_BACK]):
        out.append(0)
    for start, end in long_runs:
        ends_line = end < size and lines[end] in _QUOTES and _ENDS_LINE.match(lines, end)
        if ends_line or (start and lines[start - 1] in _QUOTES and _begins_line(lines, start)):
            out.append(start)
    for plus in _PLUS.finditer(lines):
        at = plus.start()
        before = lines[max(0, at - _LOOK_BACK) : at].rstrip(b" \t")
        if not before or before[-1] == 10 or before[-1] in _QUOTES:
            out.append(at)
    return out


def _begins_line(lines: bytes, at: int) -> bool:
    """Return whether nothing but a quote, and what may stand before one at a seam, is before `at` on its line."""
    line = lines.rfind(b"\n", max(0, at - _LOOK_BACK), at) + 1
    return bool((line or at <= _LOOK_BACK) and _BEGINS_LINE.fullmatch(lines, line, at))


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
