"""Texts that were cut into pieces: `"AKIA" + "..."`, `"abc" "def"`, and UTF-16 inside of other bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scanner.decoders.layer import Edit

_SPACE = rb"[ \t]{0,20}"
_GAP = rb"[ \t]{0,20}(?:\\?\r?\n[ \t]{0,120})?"
OPERATOR = rb"(?:\+|\.\.?|&|<>|~|\|\|)"
CLOSES = rb"[\"'`](?<!\"{3})(?<!'{3})"
OPENS = rb"[bfru]{0,2}(?:\"(?!\"\")|'(?!'')|`)"
"""The quotes at a seam; of three in a row, which stand around a text of many lines, none is one."""

_PLUS = re.compile(rb"\+(?<=[\"'` \t\n]\+)" + _GAP + OPENS)
_QUOTE_BEFORE = re.compile(CLOSES + _GAP + rb"\Z")
_BETWEEN = CLOSES + rb"(?:" + _GAP + OPERATOR + rb")?" + _GAP
_SEAM = re.compile(_BETWEEN + OPENS + rb"(?=[A-Za-z0-9+/_.=-])")
_QUOTE_AND_OPERATOR = re.compile(_BETWEEN + rb"[bfru]{0,2}" + CLOSES + rb"\Z")
_OPERATOR_BYTES = b"+.&<>~|"
_SPACES = b" \t\r\n\\bfru"
_AFTER_QUOTE = frozenset(bytes([byte]) for byte in _SPACES + _OPERATOR_BYTES + b"\"'`")
_ENDS = frozenset(bytes([byte]) for byte in _OPERATOR_BYTES + b"\"'`")
_BEFORE_QUOTE = frozenset(_SPACES + _OPERATOR_BYTES + b"\"'`")
"""What may stand after the first quote of a seam, before its second one, and before the space there: a quick look."""

_PIECE = re.compile(rb"[A-Za-z0-9+/_.=-]{1,200}")
_LOOK_BEFORE = 160
_QUOTES = frozenset(b"\"'`")
_BACKTICK = b"`"[0]
MAX_SEAMS = 20_000


def find_joins(text: bytes, runs: Iterable[tuple[int, int]]) -> list[Edit]:
    """Return the seams of string literals that a program puts together, sorted by place.

    Every `"..." + "..."` is one; with another operator, or none, only where a piece holds one of the long token
    `runs`: two texts side by side are mostly two texts.
    """
    seams = [*_plus_seams(text), *_run_seams(text, runs)]
    found: dict[int, Edit] = {}
    for edit in seams:
        found[edit.start] = edit
        if len(found) >= MAX_SEAMS:
            break
    return sorted(found.values())


def _plus_seams(text: bytes) -> Iterator[Edit]:
    for plus in _PLUS.finditer(text):
        before = text[max(0, plus.start() - _LOOK_BEFORE) : plus.start()]
        quote = _QUOTE_BEFORE.search(before) if before[-1:] in (b'"', b"'", b"`", b" ", b"\t", b"\n") else None
        if quote is not None and quote[0][0] == text[plus.end() - 1]:
            yield Edit(plus.start() - len(before) + quote.start(), plus.end(), b"", "concatenation")


def _run_seams(text: bytes, runs: Iterable[tuple[int, int]]) -> Iterator[Edit]:
    size = len(text)
    for start, end in runs:
        if end < size and text[end] in _QUOTES and text[end + 1 : end + 2] in _AFTER_QUOTE:
            seam = _SEAM.match(text, end)
            while seam is not None and _is_paired(seam):
                yield Edit(seam.start(), seam.end(), b"", "concatenation")
                piece = _PIECE.match(text, seam.end())
                seam = _SEAM.match(text, piece.end()) if piece else None
        if start > 1 and text[start - 1] in _QUOTES and text[start - 2] in _BEFORE_QUOTE:
            before = text[max(0, start - _LOOK_BEFORE) : start]
            if before[:-1].rstrip(_SPACES)[-1:] in _ENDS:
                # Nothing between the two quotes of a seam is a quote.
                left = max(before.rfind(quote, 0, -1) for quote in (b'"', b"'", b"`"))
                quote = _QUOTE_AND_OPERATOR.match(before, left) if left >= 0 else None
                if quote is not None and _is_paired(quote):
                    yield Edit(start - len(quote[0]), start, b"", "concatenation")


def _is_paired(seam: re.Match[bytes]) -> bool:
    """Return whether a seam has one kind of quote on both sides; without an operator that is not a backtick."""
    text = seam[0]
    return text[0] == text[-1] and (text[0] != _BACKTICK or any(byte in text for byte in _OPERATOR_BYTES))


# --- UTF-16 inside of other bytes --------------------------------------------------------------------

_TO_ALTERNATION = bytes(110 if byte == 0 else 97 if 32 <= byte < 127 else 32 for byte in range(256))
_ALTERNATION = b"an" * 12
_WIDE_RUN = re.compile(rb"(?:[\t\n\r -~]\0)+")


def find_wide(text: bytes) -> list[Edit]:
    """Return the runs of letters and NUL bytes in turn: UTF-16 in a file that is something else, such as a program."""
    if b"\0" not in text:
        return []
    edits = []
    classes = text.translate(_TO_ALTERNATION)
    start = classes.find(_ALTERNATION)
    while start >= 0:
        found = _WIDE_RUN.match(text, start)
        end = found.end() if found else start + len(_ALTERNATION)
        edits.append(Edit(start, end, b"\n" + text[start:end].replace(b"\0", b"") + b"\n", "utf-16"))
        start = classes.find(_ALTERNATION, end)
    return edits
