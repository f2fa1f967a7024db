"""PDF: what its streams say, if they are plain or deflated, with the text of a page put together from its pieces.

ISO 32000-1:2008: streams 7.3.8, strings 7.3.4, text operators 9.4.3.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from scanner.containers.items import Item, Trouble
from scanner.containers.streams import CorruptError, Inflater
from scanner.decoders.budget import Budget, LimitError
from scanner.model import SkipReason

_MAX_DICTIONARY_BYTES = 4_096
_IMAGES = re.compile(rb"/(?:Image|DCTDecode|JPXDecode|CCITTFaxDecode|JBIG2Decode|FontFile\d?|Length1)\b")
_UNREAD = re.compile(rb"/(?:LZWDecode|LZW|RunLengthDecode|Crypt)\b")
_TOKEN = re.compile(
    rb"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,1000}+\)){0,8000}+\)|<[0-9A-Fa-f\s]{0,8000}+>|[\[\]]|-?\d+(?:\.\d+)?"
    rb"|(?<![\w/])(?:T[jJdDm*]|ET|'|\")(?!\w)",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b"", b"\r": b"", b"\r\n": b""}
_WORD_GAP = -180.0
"""A shift to the right by more thousandths of the text size than that is a space between words."""


def texts(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield the text of each stream that is not an image or a font."""
    if b"/Encrypt" in data[-4_096:] or re.search(rb"/Encrypt\s+\d+\s+\d+\s+R", data):
        yield Trouble("", SkipReason.ENCRYPTED, "PDF")
        return
    at = data.find(b"stream")
    number = 0
    while at >= 0:
        budget.check_time()
        end = at + 6
        if data[at - 3 : at] != b"end" and data[end : end + 1] in (b"\r", b"\n"):
            number += 1
            start = end + (2 if data[end : end + 2] == b"\r\n" else 1)
            yield from _stream(f"stream {number}", data, at, start, budget)
        at = data.find(b"stream", end)


def _stream(name: str, data: bytes, at: int, start: int, budget: Budget) -> Iterator[Item | Trouble]:
    low = max(0, at - _MAX_DICTIONARY_BYTES, data.rfind(b"endobj", max(0, at - _MAX_DICTIONARY_BYTES), at))
    dictionary = data[low:at]
    if _IMAGES.search(dictionary):
        return
    budget.take_member()
    if _UNREAD.search(dictionary):
        yield Trouble(name, SkipReason.UNKNOWN_FORMAT, "a filter of this PDF stream is not read")
        return
    content = memoryview(data)[start:]
    if b"/Fl" not in dictionary or b"85Decode" in dictionary or b"/A85" in dictionary or b"HexDecode" in dictionary:
        end = data.find(b"endstream", start)
        plain = data[start : end if end >= 0 else len(data)][: budget.max_item_bytes]
        budget.take_bytes(len(plain))
        content = memoryview(_ascii_decoded(plain, dictionary))
    if b"/Fl" not in dictionary:
        yield Item(name, _page_text(bytes(content)))
        return
    inflater = Inflater(content, "zlib", budget)
    inflated, error = inflater.read_some(budget.max_item_bytes)
    if error is None and inflater.peek(1):
        yield Trouble(name, SkipReason.ARCHIVE_LIMIT, f"only {len(inflated)} bytes of it were read")
    yield Item(name, _page_text(inflated))
    if isinstance(error, LimitError):
        raise error
    if isinstance(error, CorruptError):
        yield Trouble(name, SkipReason.CORRUPT_ARCHIVE, str(error))


def _ascii_decoded(data: bytes, dictionary: bytes) -> bytes:
    try:
        if b"85Decode" in dictionary or b"/A85" in dictionary:
            return base64.a85decode(data.strip().removesuffix(b"~>").removeprefix(b"<~"))
        if b"HexDecode" in dictionary:
            return binascii.a2b_hex(re.sub(rb"[^0-9A-Fa-f]", b"", data.partition(b">")[0]))
    except ValueError:
        return b""
    return data


def _page_text(data: bytes) -> bytes:
    """Return the text that a page shows, in lines; what has no text operators comes back as it is."""
    if not re.search(rb"(?<![\w/])(?:T[jJ]|'|\")(?!\w)", data) or b"BT" not in data:
        return data
    out: list[bytes] = []
    waiting: list[bytes] = []
    is_array = False
    for found in _TOKEN.finditer(data):
        token = found[0]
        first = token[:1]
        if first == b"(":
            waiting.append(_ESCAPE.sub(_unescaped, token[1:-1]))
        elif first == b"<":
            waiting.append(_hex_string(token[1:-1]))
        elif token in (b"[", b"]"):
            is_array = token == b"["
        elif first in b"-0123456789":
            if is_array and float(token) < _WORD_GAP:
                waiting.append(b" ")
        else:
            if token in (b"'", b'"', b"Td", b"TD", b"T*", b"Tm", b"ET"):
                out.append(b"\n")
            out += waiting
            waiting = []
    return b"".join(out)


def _unescaped(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    if escape[:1] in b"01234567":
        return bytes([int(escape, 8) & 0xFF])
    return _ESCAPED.get(escape, escape)


def _hex_string(digits: bytes) -> bytes:
    digits = b"".join(digits.split())
    try:
        return binascii.a2b_hex(digits + b"0" * (len(digits) % 2))
    except ValueError:
        return b""
