"""Base64 and hexadecimal runs, also wrapped over lines.

A run is found by its long runs of token characters: base64 of ASCII text cannot hold
`+` or `/` but where a `>`, `~` or `?` stands at every third byte, so it holds such a run (RFC 4648, table 1).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from scanner.decoders.clues import MIN_ENCODED, left_edge
from scanner.decoders.printable import SAMPLE_BYTES, is_text

MIN_WRAPPED = 40
"""A line of wrapped base64 is that long at least; only the last one may be shorter."""

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+")
_NEXT_LINE = re.compile(
    rb"[ \t]*\r?\n[ \t]*([A-Za-z0-9+/_-]+)(?==*[ \t]*(?:\r?\n|$|[^A-Za-z0-9+/_=.:\-]))"
    rb"|(?:\\{1,3}r)?\\{1,3}n([A-Za-z0-9+/_-]+)(?==*(?:\\{1,3}[nr\"]|[\"']))"
)
"""The second form is that of a string of JSON, or of JSON in JSON."""

_PADDING = re.compile(rb"(?:[ \t]*(?:\r?\n[ \t]*)?|(?:\\{1,3}r)?\\{1,3}n)={1,2}")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_HEX = re.compile(rb"[0-9A-Fa-f]+")
_SAMPLE_CHARACTERS = 64
_UNSURE = re.compile(rb"#!|[ -~]{1,40}\0{8}")
"""How a program with an archive behind it begins, and how a tar archive does: the rest must tell."""


class Run(NamedTuple):
    """The half-open span of an encoded run and what it says."""

    start: int
    end: int
    data: bytes
    decoder: str


def find_runs(text: bytes, spans: Iterable[tuple[int, int]], *, is_container: Callable[[bytes], bool]) -> Iterator[Run]:
    """Yield the runs near the sorted `spans` of long token runs that say something: text, or a container."""
    base64 = _Base64(text, is_container)
    done = 0
    for start, end in spans:
        if start < done or end - start < MIN_ENCODED:
            continue
        run = _hex_run(text, start, end) or base64.run(start, floor=done)
        if run is not None:
            done = run.end
            yield run
        else:
            done = end


def _hex_run(text: bytes, start: int, end: int) -> Run | None:
    if text[start : start + 2] in (b"0x", b"0X"):
        start += 2
    found = _HEX.fullmatch(text, start, end)
    if found is None or (end - start) % 2 or end - start < 2 * 12:
        return None
    sample = binascii.a2b_hex(text[start : min(end, start + 2 * SAMPLE_BYTES)])
    if not is_text(sample):
        return None
    return Run(start, end, binascii.a2b_hex(text[start:end]), "hex")


class _Base64:
    """Reads the base64 of one text."""

    def __init__(self, text: bytes, is_container: Callable[[bytes], bool]) -> None:
        self._text = text
        self._is_container = is_container
        self._in_vain = 0

    def run(self, start: int, *, floor: int) -> Run | None:
        """Return the run around `start` if it says something; it begins there, or before that but not before `floor`.

        Of what is read to its end in vain, no other part is: that a long run has many parts must not cost its square.
        """
        for begin in dict.fromkeys((left_edge(self._text, start, floor=floor), start)):
            found = _BASE64.match(self._text, begin, begin + _SAMPLE_CHARACTERS)
            sample = decode_base64(found[0]) if found else b""
            if is_text(sample) or self._is_container(sample):
                return _whole_run(self._text, begin)
            if begin >= self._in_vain and _UNSURE.match(sample):
                run = _whole_run(self._text, begin)
                if self._is_container(run.data):
                    return run
                self._in_vain = run.end
        return None


def _whole_run(text: bytes, start: int) -> Run:
    """Return the run from `start`, with its further lines if it is wrapped, and its padding."""
    found = _BASE64.match(text, start)
    end = found.end() if found else start
    parts = [text[start:end]]
    width = end - start
    while width >= MIN_WRAPPED and len(parts[-1]) == width:
        line = _NEXT_LINE.match(text, end)
        part = line[line.lastindex or 0] if line else b""
        if line is None or len(part) > width:
            break
        parts.append(part)
        end = line.end()
    padding = _PADDING.match(text, end)
    if padding is not None:
        end = padding.end()
    return Run(start, end, decode_base64(b"".join(parts)), "base64")


def decode_base64(encoded: bytes) -> bytes:
    """Return what `encoded` says, in either alphabet, with or without padding; a broken tail is left out."""
    encoded = encoded.translate(_URL_SAFE, b"=")
    if len(encoded) % 4 == 1:
        encoded = encoded[:-1]
    try:
        return binascii.a2b_base64(encoded + b"=" * (-len(encoded) % 4))
    except binascii.Error:
        return b""
