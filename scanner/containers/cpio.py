"""Archives of `cpio` in the new ASCII format, and RPM packages, which hold a compressed one behind their headers.

The layouts are those of cpio(5), "New ASCII Format", and of the Linux Standard Base Core 5.0, chapter 22.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.containers.items import Item, Trouble
from scanner.containers.streams import CorruptError, Inflater
from scanner.containers.tar import Bytes, Stream
from scanner.decoders.budget import Budget
from scanner.model import SkipReason

MAGICS = (b"070701", b"070702")
RPM_MAGIC = b"\xed\xab\xee\xdb"
_HEADER = 110
_MAX_NAME_BYTES = 4_096
_LAST = b"TRAILER!!!"
_FILE, _KIND_BITS = 0o100000, 0o170000
_LEAD = 96
_HEADER_MAGIC = b"\x8e\xad\xe8"
_INTRO = struct.Struct(">3sB4xLL")
_INDEX_BYTES = 16
_PAYLOADS = ((b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"]\0\0", "lzma"))


def is_cpio(data: bytes) -> bool:
    """Return whether `data` begins with a header: eight hexadecimal digits thirteen times."""
    return data[:6] in MAGICS and len(data) >= _HEADER and not data[6:_HEADER].strip(b"0123456789abcdefABCDEF")


def members_of(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield each file of an archive in memory."""
    return members(Bytes(data), budget)


def members(stream: Stream, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield each file of the archive. Raises CorruptError and LimitError where the archive itself ends early."""
    while True:
        header = stream.read(_HEADER)
        if not is_cpio(header):
            raise CorruptError("a header is broken" if header else "breaks off")
        budget.take_member()
        mode, size, name_size = (int(header[6 + 8 * field : 14 + 8 * field], 16) for field in (1, 6, 11))
        if name_size > _MAX_NAME_BYTES:
            raise CorruptError("a name is too long")
        name = stream.read(name_size + -(_HEADER + name_size) % 4)[:name_size].rstrip(b"\0")
        if name == _LAST:
            return
        yield from _member(stream, name, size if mode & _KIND_BITS == _FILE else 0, budget)
        stream.skip(size + -size % 4 if mode & _KIND_BITS != _FILE else -size % 4)


def _member(stream: Stream, name: bytes, size: int, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield a file; what is no file, such as a link, has no content but a name."""
    wanted = min(size, budget.max_item_bytes)
    path = name.removeprefix(b"./").decode("utf-8", "surrogateescape")
    content, error = stream.read_some(wanted)
    if content:
        yield Item(path, content)
    if error is not None:
        raise error
    if len(content) < wanted:
        raise CorruptError(f"{path} breaks off")
    if wanted < size:
        yield Trouble(path, SkipReason.ARCHIVE_LIMIT, f"only the first {wanted} of {size} bytes were read")
        stream.skip(size - wanted)


def package_members(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield the headers of an RPM package, which hold its scripts, and each file in it."""
    start = _header_end(data, _LEAD)
    start = _header_end(data, start + -start % 8)
    yield Item("header", data[_LEAD:start])
    payload = data[start : start + 6]
    kind = next((kind for magic, kind in _PAYLOADS if payload.startswith(magic)), None)
    if kind is None and payload not in MAGICS:
        yield Trouble(
            "payload", SkipReason.UNKNOWN_FORMAT, f"a payload that begins with {payload[:4].hex()} is not read"
        )
        return
    stream = Inflater(memoryview(data)[start:], kind, budget) if kind else Bytes(data[start:])
    yield from members(stream, budget)


def _header_end(data: bytes, at: int) -> int:
    magic, _, entries, size = _INTRO.unpack_from(data, at)
    end = at + _INTRO.size + entries * _INDEX_BYTES + int(size)
    if magic != _HEADER_MAGIC or end > len(data):
        raise CorruptError("a header is broken")
    return int(end)
