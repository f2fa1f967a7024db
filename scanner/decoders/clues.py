"""Where a text may say something in another way: told cheaply by its long runs of token characters."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from typing import NamedTuple

MIN_ENCODED = 24

_QUOTES = frozenset(b"\"'`")
_BASE64 = (string.ascii_letters + string.digits + "+/_-").encode()
_MAX_LEFT = 2_048

# The first three of four base64 characters of printable ASCII, line ends, and UTF-16 of ASCII: by RFC 4648, table 1,
# 00xxxx or 01xxxx, then xx0xxx, then xxxx0x. Further the beginnings of UTF-8 beyond ASCII, of byte order marks, and of
# the containers that are no ASCII (gzip, xz, zlib, DER, Java keystores and classes, RPM).
_FIRST = rb"[I-Za-fACD]"
_SECOND = rb"[AQgwB-HR-Xh-nx-z0-3]"
_THIRD = rb"[ABEFIJMNQRUVYZcdghklopstwx014589]"
_GROUP = _FIRST + _SECOND + _THIRD + rb"[A-Za-z0-9+/_-]"
_ENCODED = re.compile(
    rb"(?:"
    rb"(?:" + _GROUP + rb"){4}"
    rb"|[w-z0-7][I-LYZabo-r4-7](?![0-9a-f]{14})[A-Za-z0-9+/]{10}"
    rb"|[/_](?:[/_][4-7]|v[89+/]|u3|Td)|H4sI|e[AFNJ]|MII|zs7O|Qlpo|UEs|XQAA|N3q8|KLUv|UmFy|yv66vgAA|7avu2w"
    rb"|(?:0[xX])?(?:[2-7][0-9A-Fa-f]|0[9aAdD]){12})"
)


def _letters(text: bytes) -> list[bytes]:
    return [text[at : at + 1] for at in range(len(text))]


_HEADS = frozenset(
    first + second
    for firsts, seconds in (
        (b"IJKLMNOPQRSTUVWXYZabcdefACD", b"AQgwBCDEFGHRSTUVWXhijklmnxyz0123"),
        (b"wxyz01234567", b"IJKLYZabopqr4567"),
        (b"/_", b"/_vuT"),
        (b"234567", b"0123456789ABCDEFabcdef"),
        (b"Hey", b"4AFNJv"),
        (b"MzQUXNK0", b"IslEQ3LmXxaAdD9"),
    )
    for first in _letters(firsts)
    for second in _letters(seconds)
)
"""The first two characters of all that `_ENCODED` matches, and of some more: most runs are told by these."""


class Clues(NamedTuple):
    """Half-open spans of runs that may be encoded, of runs beside a quote, and places of escapes before a run."""

    encoded: list[tuple[int, int]]
    quoted: list[tuple[int, int]]
    escapes: list[int]


def find_clues(text: bytes, runs: Iterable[tuple[int, int]]) -> Clues:
    """Return what the long runs of token characters of `text` tell, in order of place."""
    encoded: list[tuple[int, int]] = []
    quoted: list[tuple[int, int]] = []
    escapes: list[int] = []
    heads, quotes, size = _HEADS, _QUOTES, len(text)
    edge = _Edge(text)
    for run in runs:
        start, end = run
        before = text[start - 1] if start else 32
        if before in quotes or (end < size and text[end] in quotes):
            quoted.append(run)
        if end - start >= MIN_ENCODED and (
            (text[start : start + 2] in heads and _ENCODED.match(text, start))
            or (before in b"+/" and _ENCODED.match(text, edge.before(start)))
        ):
            encoded.append(run)
        elif before in b"\\%":
            escapes.append(start - 1)
    return Clues(encoded, quoted, escapes)


def left_edge(text: bytes, start: int, *, floor: int = 0) -> int:
    """Return where the base64 characters that reach up to `start` begin, at most _MAX_LEFT before it."""
    before = text[max(floor, start - _MAX_LEFT) : start]
    return start - len(before) + len(before.rstrip(_BASE64))


class _Edge:
    """The left edges of places that come in order: much of base64 stands together, so the last one says most."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._edge = self._known = 0

    def before(self, start: int) -> int:
        """Return the same as `left_edge`."""
        between = self._text[self._known : start] if start - self._known < _MAX_LEFT else b" "
        if between.rstrip(_BASE64):
            self._edge = left_edge(self._text, start)
        self._known = start
        return max(self._edge, start - _MAX_LEFT)
