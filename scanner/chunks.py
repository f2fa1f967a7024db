"""Bytes to text: windows of a blob, decoded, and the way from their characters back to bytes, lines and columns."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from scanner.model import Chunk, Region

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 4096


def normalise(data: bytes) -> bytes:
    """Return `data` in an ASCII-compatible encoding, with line feeds as line ends.

    UTF-16 and UTF-32, with a byte order mark or told by their NUL bytes, become UTF-8; carriage returns
    become line feeds where there is no line feed at all. Anything else comes back as it is.
    """
    encoding = wide_encoding(data)
    if encoding:
        data = data.decode(encoding, "replace").removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    if b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    return data


def wide_encoding(data: bytes) -> str | None:
    """Return `utf-16-le` or one of its kind if `data` is written so, by its byte order mark or by its NUL bytes."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return encoding
    sample = data[:_SAMPLE_BYTES]
    half = len(sample) // 2
    if half < 8 or 0 not in sample:
        return None
    quarters = [sample[part::4].count(0) > 0.9 * (len(sample) // 4) for part in range(4)]
    if len(sample) >= 32 and quarters == [False, True, True, True]:
        return "utf-32-le"
    if len(sample) >= 32 and quarters == [True, True, True, False]:
        return "utf-32-be"
    if sample[1::2].count(0) > 0.7 * half and sample[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def line_bounds(data: bytes, offset: int, *, before: int, after: int) -> tuple[int, int]:
    """Return the half-open bounds of the line that holds `offset`, cut to so many bytes on each side."""
    low = max(0, offset - before)
    start = data.rfind(b"\n", low, offset)
    high = min(len(data), offset + after)
    end = data.find(b"\n", offset, high)
    return (start + 1 if start >= 0 else low), (end if end >= 0 else high)


def decode_window(data: bytes, start: int, end: int) -> Chunk:
    """Return the bytes from `start` to `end` as a chunk; what is not UTF-8 becomes lone surrogates."""
    return Chunk(data[start:end].decode("utf-8", "surrogateescape"), start)


def byte_offset(chunk: Chunk, index: int) -> int:
    """Return the offset in the blob of the character at `index` of the chunk."""
    if chunk.text.isascii():
        return chunk.offset + index
    return chunk.offset + len(chunk.text[:index].encode("utf-8", "surrogateescape"))


def regions(data: bytes, spans: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Region]:
    """Return the region of each half-open byte span of `data`, in one pass over the bytes."""
    spans = list(spans)
    positions = _positions(data, sorted({offset for span in spans for offset in span}))
    return {(start, end): Region(*positions[start], *positions[end]) for start, end in spans}


def _positions(data: bytes, offsets: list[int]) -> dict[int, tuple[int, int]]:
    """Return line and column, both from 1, of each of the sorted `offsets`."""
    out = {}
    line, column, last = 1, 1, 0
    for offset in offsets:
        breaks = data.count(b"\n", last, offset)
        if breaks:
            line += breaks
            column = 1
            last = data.rfind(b"\n", last, offset) + 1
        column += len(data[last:offset].decode("utf-8", "surrogateescape"))
        last = offset
        out[offset] = (line, column)
    return out
