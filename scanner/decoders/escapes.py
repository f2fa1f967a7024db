r"""Characters written as something else: `%67`, `\u0067`, `\x67`, `&#103;`, `=67`.

Most escapes of a text hide nothing: a space in a URL, a control character in a string. A line is decoded if a trigger
stands on it: three escapes in a row, one that stands for what assigns or quotes a value, or one directly before a long
run of token characters (`clues` tells those). Each kind begins with a byte that is rare in most texts, so a search
hops between those.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scanner.decoders.layer import Edit

_HEX = rb"(?:[2-6][0-9A-Fa-f]|7[0-9A-Ea-e])"
_NO_X_BEFORE, _NO_X_AFTER = rb"(?<!\\x[0-9A-Fa-f]{2}\\x)", rb"(?!\\x)"
_MIN_AMONG_DATA = 8
"""Fewer printable characters are none of a text where both of their neighbours are other bytes in hexadecimal."""
_ASSIGNS = rb"(?:3[AaDd]|22|27|26|7[Bb])"
_ENTITIES = {
    b"quot": b'"',
    b"amp": b"&",
    b"lt": b"<",
    b"gt": b">",
    b"apos": b"'",
    b"sol": b"/",
    b"colon": b":",
    b"equals": b"=",
    b"lowbar": b"_",
    b"lbrace": b"{",
    b"rbrace": b"}",
}


_CONTROLS = {b"n": b"\n", b"r": b"\n", b"t": b"\t"}


class _Kind(NamedTuple):
    """One way to write characters: its first byte, what makes a line worth it, and each escape."""

    mark: bytes
    trigger: re.Pattern[bytes]
    escape: re.Pattern[bytes]


def _hex_run(least: int) -> bytes:
    r"""Return the pattern for what is behind the first `\x` of some printable characters, `least` of them or more."""
    run = _HEX + rb"(?:\\x" + _HEX + rb"){%d,}+"
    return b"|".join((_NO_X_BEFORE + run % (least - 1), run % (_MIN_AMONG_DATA - 1), run % (least - 1) + _NO_X_AFTER))


_BACKSLASH = _Kind(
    b"\\",
    re.compile(
        rb"\\(?:x(?:" + _hex_run(3) + rb"|(?:" + _NO_X_BEFORE + _ASSIGNS + rb"|" + _ASSIGNS + _NO_X_AFTER + rb")"
        rb"(?![0-9A-Fa-f]))"
        rb"|u00" + _HEX + rb"\\u00" + _HEX + rb"\\u00" + _HEX + rb"|u00" + _ASSIGNS + rb"(?![0-9A-Fa-f])"
        rb"|u\{0{0,4}" + _HEX + rb"\}|U000000" + _HEX + rb")"
    ),
    re.compile(
        rb"\\(?:x(" + _hex_run(1) + rb")|u00(" + _HEX + rb")|u\{0{0,4}(" + _HEX + rb")\}|U000000(" + _HEX + rb")"
        rb"|([nrt])(?=[A-Za-z0-9]))"
    ),
)
_PERCENT = _Kind(
    b"%",
    re.compile(rb"%(?:25)?(?:" + _ASSIGNS + rb"|" + _HEX + rb"%(?:25)?" + _HEX + rb"%(?:25)?" + _HEX + rb")"),
    re.compile(rb"%(?:25)?([2-7][0-9A-Fa-f])"),
)
_HTML = _Kind(
    b"&",
    re.compile(
        rb"&(?:quot|apos|equals|colon|lowbar|#0?3[49]|#0?61|#0?58|#[xX](?:22|27|3[dDaA])|#[xX]?[0-9A-Fa-f]{2,4};&#)[;#xX0-9]"
    ),
    re.compile(rb"&(?:#(0?[0-9]{2,3})|#[xX]0{0,2}([2-7][0-9A-Fa-f])|(" + b"|".join(_ENTITIES) + rb"));"),
)
_MAIL_HEADER = re.compile(rb"\s{0,8}(?:[A-Z][A-Za-z-]{1,40}: |From \S|BEGIN:VCARD|--\S)")
_QUOTED_PRINTABLE_MARKS = (b"uoted-printable", b"UOTED-PRINTABLE")
_QUOTED_PRINTABLE = re.compile(rb"=([2-7][0-9A-F])|=[ \t]*\r?\n")

MAX_EDITS = 100_000
"""Escapes that are undone in one text; what is made of nothing else is data and no text."""


def find_escapes(text: bytes, places: Sequence[int] = ()) -> list[Edit]:
    """Return what undoes the escapes on the lines of `text` that are worth it, sorted by place; at most MAX_EDITS.

    A line is worth it if it has a trigger or holds one of the sorted `places` of escapes.
    """
    edits: list[Edit] = []
    for edit in _all(text, places):
        edits.append(edit)
        if len(edits) >= MAX_EDITS:
            break
    edits.sort()
    return edits


def is_mail(text: bytes) -> bool:
    """Return whether a text is a mail or card that says that it is written in quoted-printable."""
    return bool(_MAIL_HEADER.match(text)) and any(mark in text for mark in _QUOTED_PRINTABLE_MARKS)


def find_quoted_printable(text: bytes) -> list[Edit]:
    """Return what undoes quoted-printable (RFC 2045, section 6.7) in a mail or card that says so."""
    if not is_mail(text):
        return []
    edits: list[Edit] = []
    for found in _QUOTED_PRINTABLE.finditer(text):
        new = bytes([int(found[1], 16)]) if found[1] else b""
        edits.append(Edit(found.start(), found.end(), new, "quoted-printable"))
        if len(edits) >= MAX_EDITS:
            break
    return edits


def _all(text: bytes, places: Sequence[int]) -> Iterator[Edit]:
    for kind in _KINDS:
        triggers = [found.span() for found in kind.trigger.finditer(text)]
        if places:
            mark = kind.mark[0]
            triggers = sorted([*triggers, *((place, place) for place in places if text[place] == mark)])
        for start, end in _lines(text, triggers) if triggers else ():
            for found in kind.escape.finditer(text, start, end + _MAX_RUN):
                if found.start() >= end:
                    break
                new = _meaning(found)
                if new:
                    size = found.end() - found.start()
                    step = size // len(new) if len(new) > 1 else 0
                    yield Edit(found.start(), found.end(), new, _name(kind, found), step)


_KINDS = (_BACKSLASH, _PERCENT, _HTML)
_REACH = 512
_MAX_RUN = 64
"""How far a run of escapes that begins in reach, and is no trigger itself, is looked at."""


def _lines(text: bytes, triggers: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield disjoint spans around the sorted spans: the line of each, as far as _REACH bytes on both sides."""
    low, high = 0, -1
    for start, end in triggers:
        if start > high:
            begin = text.rfind(b"\n", max(0, start - _REACH), start) + 1 or max(0, start - _REACH)
            if high < begin:
                if high >= 0:
                    yield low, high
                low = begin
        elif text[high : high + 1] == b"\n":
            continue
        line_end = text.find(b"\n", max(high, end), end + _REACH)
        high = line_end if line_end >= 0 else max(high, min(len(text), end + _REACH))
    if high >= 0:
        yield low, high


def _meaning(found: re.Match[bytes]) -> bytes:
    group = found.lastindex or 0
    value = found[group]
    if value in _ENTITIES:
        return _ENTITIES[value]
    if value in _CONTROLS:
        return _CONTROLS[value]
    if b"x" in value:
        return binascii.a2b_hex(value.replace(b"\\x", b""))
    is_decimal = found[0].startswith(b"&#") and found[0][2:3] not in b"xX"
    code = int(value) if is_decimal else int(value, 16)
    return bytes([code]) if 32 <= code < 127 else b""


def _name(kind: _Kind, found: re.Match[bytes]) -> str:
    if kind is _BACKSLASH:
        return {b"x": "hex escape", b"u": "unicode escape", b"U": "unicode escape"}.get(found[0][1:2], "escape")
    return "percent" if kind is _PERCENT else "html"
