"""Tar archives, plain or out of a compressed stream: members one after the other, links and paths never followed.

The layout is that of POSIX.1-1988 (ustar) and POSIX.1-2001 (pax), with the long names of GNU tar.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from scanner.containers.items import Item, Trouble
from scanner.containers.streams import CorruptError
from scanner.decoders.budget import Budget, LimitError
from scanner.model import SkipReason

BLOCK = 512
_MAX_NAME_BYTES = 64 << 10
_FILES = b"\007"
_LONG_NAME, _LONG_LINK = b"L", b"K"
_PAX = b"xg"


class Stream(Protocol):
    """What a tar archive is read from."""

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, less only at the end."""

    def read_some(self, size: int) -> tuple[bytes, CorruptError | LimitError | None]:
        """Return up to `size` bytes, and what ended the reading before its time."""

    def skip(self, size: int) -> None:
        """Read over `size` bytes."""


class Bytes:
    """Bytes in memory as a stream."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, less only at the end."""
        self._at += size
        return self._data[self._at - size : self._at]

    def read_some(self, size: int) -> tuple[bytes, None]:
        """Return up to `size` bytes; nothing ends the reading but the end."""
        return self.read(size), None

    def skip(self, size: int) -> None:
        """Read over `size` bytes."""
        self._at += size


class _Header(NamedTuple):
    name: str
    size: int
    kind: bytes


def is_tar(data: bytes) -> bool:
    """Return whether `data` begins with a tar header: its checksum is right."""
    return len(data) >= BLOCK and data[148:156].strip(b"\0 ").isdigit() and _header(data[:BLOCK]) is not None


def members(stream: Stream, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield each file of the archive. Raises CorruptError and LimitError where the archive itself ends early."""
    long_name = ""
    while True:
        block = stream.read(BLOCK)
        if not block.strip(b"\0"):
            return
        header = _header(block)
        if header is None:
            raise CorruptError("a header is broken")
        budget.take_member()
        padded = -(-header.size // BLOCK) * BLOCK
        if header.kind in (_LONG_NAME, *(bytes([kind]) for kind in _PAX)):
            text = stream.read(min(padded, _MAX_NAME_BYTES))
            stream.skip(padded - len(text))
            long_name = _long_name(header, text) or long_name
            continue
        if header.kind == _LONG_LINK:
            stream.skip(padded)
            continue
        yield from _member(stream, long_name or header.name, header, padded, budget)
        long_name = ""


def _member(stream: Stream, name: str, header: _Header, padded: int, budget: Budget) -> Iterator[Item | Trouble]:
    if header.kind not in (b"\0", b"0", b"7", b"S"):
        # A link, a device or a folder: its target is a name, and names are no content.
        stream.skip(padded if header.kind not in b"123456" else 0)
        return
    wanted = min(header.size, budget.max_item_bytes)
    data, error = stream.read_some(wanted)
    yield Item(name, data)
    if error is not None:
        raise error
    if len(data) < wanted:
        raise CorruptError(f"{name} breaks off")
    if header.size > wanted:
        yield Trouble(name, SkipReason.ARCHIVE_LIMIT, f"only the first {wanted} of {header.size} bytes were read")
    stream.skip(padded - wanted)


def _header(block: bytes) -> _Header | None:
    """Return the header, or None if its checksum or its size is wrong."""
    try:
        stated = int(block[148:156].strip(b"\0 ") or b"-1", 8)
    except ValueError:
        return None
    if len(block) < BLOCK or stated != sum(block[:148]) + 8 * 32 + sum(block[156:]):
        return None
    size = _number(block[124:136])
    if size is None or size < 0:
        return None
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0] if block[257:262] == b"ustar" and block[263:265] == b"00" else b""
    full = prefix + b"/" + name if prefix else name
    return _Header(full.decode("utf-8", "surrogateescape"), size, block[156:157])


def _number(field: bytes) -> int | None:
    """Return an octal number, or one in base 256, which GNU tar marks with the highest bit."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    try:
        return int(field.strip(b"\0 ") or b"0", 8)
    except ValueError:
        return None


def _long_name(header: _Header, text: bytes) -> str:
    text = text[: header.size]
    if header.kind == _LONG_NAME:
        return text.rstrip(b"\0").decode("utf-8", "surrogateescape")
    if header.kind == b"g":
        return ""
    for record in text.split(b"\n"):
        name, is_field, value = record.partition(b" ")[2].partition(b"=")
        if name == b"path" and is_field:
            return value.decode("utf-8", "surrogateescape")
    return ""
