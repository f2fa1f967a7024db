"""Zip archives and what is one: jar, whl, apk, docx, xlsx, pptx, odt.

Members are found by the central directory, and where there is none or it lies by their own headers (PKWARE
APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 and 4.3.16). Sizes are taken from no header: a member ends where its
stream ends, or its budget.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from scanner.containers.items import Item, Trouble
from scanner.containers.streams import CorruptError, Inflater
from scanner.decoders.budget import Budget, LimitError
from scanner.model import SkipReason

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL_MAGIC, _CENTRAL_MAGIC, _END_MAGIC = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_LOCATOR_64_MAGIC, _END_64_MAGIC = b"PK\6\7", b"PK\6\6"
_MAX_COMMENT = 65_535
_KINDS = {8: "deflate", 12: "bzip2"}
_STORED, _LZMA = 0, 14
_ENCRYPTED = 0x1
_UTF8 = 0x800
_ALL_ONES = 0xFFFFFFFF


class _Entry(NamedTuple):
    """A member as a header tells of it: where its own header is, its name, how it is packed."""

    offset: int
    name: str
    method: int
    flags: int
    packed_size: int
    full_size: int


def is_zip(data: bytes) -> bool:
    """Return whether `data` begins as a zip, or ends as one: something else may stand before it."""
    return data[:4] in (_LOCAL_MAGIC, _END_MAGIC, b"PK\7\x08") or data[-_END.size :][:4] == _END_MAGIC


def members(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield each file of the archive. Raises CorruptError and LimitError where the archive itself ends early."""
    entries, error = _entries(data, budget)
    for entry in sorted(entries.values(), key=_stated_size):
        yield from _member(data, entry, budget)
    if error is not None:
        raise error


def _stated_size(entry: _Entry) -> int:
    """Small members first, so that a huge one costs none of them its turn."""
    return max(entry.packed_size, entry.full_size)


def _entries(data: bytes, budget: Budget) -> tuple[dict[int, _Entry], CorruptError | LimitError | None]:
    """Return the members by the place of their header, and why there are not more, if there should be."""
    entries: dict[int, _Entry] = {}
    try:
        for entry in _central_entries(data):
            budget.take_member()
            entries[entry.offset] = entry
    except LimitError as error:
        return entries, error
    except CorruptError as error:
        try:
            for entry in _local_entries(data):
                if entry.offset not in entries:
                    budget.take_member()
                    entries[entry.offset] = entry
        except LimitError as limit:
            return entries, limit
        return entries, error
    return entries, None


def _central_entries(data: bytes) -> Iterator[_Entry]:
    """Yield what the central directory tells of; raises CorruptError where it breaks off."""
    at, count, shift = _central_place(data)
    for _ in range(count):
        if data[at : at + 4] != _CENTRAL_MAGIC or at + _CENTRAL.size > len(data):
            raise CorruptError("the central directory breaks off")
        fields = _CENTRAL.unpack_from(data, at)
        flags, method, packed_size, full_size, offset = fields[3], fields[4], fields[8], fields[9], fields[16]
        name_size, extra_size, comment_size = fields[10], fields[11], fields[12]
        name_at = at + _CENTRAL.size
        extra = data[name_at + name_size : name_at + name_size + extra_size]
        if _ALL_ONES in (packed_size, full_size, offset):
            packed_size, offset = _zip64(extra, packed_size, full_size, offset)
        name = _name(data[name_at : name_at + name_size], flags)
        yield _Entry(offset + shift, name, method, flags, packed_size, full_size)
        at = name_at + name_size + extra_size + comment_size


def _central_place(data: bytes) -> tuple[int, int, int]:
    """Return where the central directory begins, how many members it has, and by how much its offsets are short."""
    end = data.rfind(_END_MAGIC, max(0, len(data) - _END.size - _MAX_COMMENT))
    if end < 0 or end + _END.size > len(data):
        raise CorruptError("no central directory")
    _, _, _, _, count, size, start, _ = _END.unpack_from(data, end)
    place = end - size
    if _ALL_ONES in (start, size) or count == 0xFFFF:
        found = data.rfind(_END_64_MAGIC, max(0, end - 20 - _END_64.size - 4_096), end)
        if found >= 0 and found + _END_64.size <= len(data):
            *_, count, size, start = _END_64.unpack_from(data, found)
            place = found - size
    if place < 0 or data[place : place + 4] not in (_CENTRAL_MAGIC, _END_MAGIC, _END_64_MAGIC):
        place = start
    return place, count, place - start if place >= start else 0


def _zip64(extra: bytes, packed_size: int, full_size: int, offset: int) -> tuple[int, int]:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            values = iter(struct.unpack_from(f"<{min(size, len(extra) - at - 4) // 8}Q", extra, at + 4))
            if full_size == _ALL_ONES:
                next(values, 0)
            if packed_size == _ALL_ONES:
                packed_size = next(values, packed_size)
            if offset == _ALL_ONES:
                offset = next(values, offset)
        at += 4 + size
    return packed_size, offset


def _local_entries(data: bytes) -> Iterator[_Entry]:
    """Yield a member for each local header, wherever one stands."""
    at = data.find(_LOCAL_MAGIC)
    while at >= 0:
        if at + _LOCAL.size <= len(data):
            fields = _LOCAL.unpack_from(data, at)
            name_at = at + _LOCAL.size
            name = _name(data[name_at : name_at + fields[9]], fields[2])
            yield _Entry(at, name, fields[3], fields[2], fields[7], fields[8])
        at = data.find(_LOCAL_MAGIC, at + 4)


def _name(raw: bytes, flags: int) -> str:
    if flags & _UTF8:
        return raw.decode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp437")


def _member(data: bytes, entry: _Entry, budget: Budget) -> Iterator[Item | Trouble]:
    if entry.name.endswith("/") and not entry.packed_size:
        return
    start = _content_place(data, entry.offset)
    if start is None:
        yield Trouble(entry.name, SkipReason.CORRUPT_ARCHIVE, "its header is not where it should be")
    elif entry.flags & _ENCRYPTED or entry.method == 99:
        yield Trouble(entry.name, SkipReason.ENCRYPTED, "")
    elif entry.method == _STORED:
        yield from _stored(data, start, entry, budget)
    elif entry.method in _KINDS:
        yield from inflated(entry.name, Inflater(memoryview(data)[start:], _KINDS[entry.method], budget), budget)
    elif entry.method == _LZMA:
        yield from _lzma(data, start, entry, budget)
    else:
        yield Trouble(entry.name, SkipReason.UNKNOWN_FORMAT, f"zip method {entry.method}")


def _content_place(data: bytes, offset: int) -> int | None:
    if offset < 0 or data[offset : offset + 4] != _LOCAL_MAGIC or offset + _LOCAL.size > len(data):
        return None
    fields = _LOCAL.unpack_from(data, offset)
    return offset + _LOCAL.size + int(fields[9]) + int(fields[10])


def _stored(data: bytes, start: int, entry: _Entry, budget: Budget) -> Iterator[Item | Trouble]:
    size = min(entry.packed_size, budget.max_item_bytes)
    content = data[start : start + size]
    budget.take_bytes(len(content))
    yield Item(entry.name, content)
    if size < entry.packed_size:
        yield Trouble(entry.name, SkipReason.ARCHIVE_LIMIT, f"only the first {size} bytes were read")
    elif len(content) < size:
        yield Trouble(entry.name, SkipReason.CORRUPT_ARCHIVE, "breaks off")


def _lzma(data: bytes, start: int, entry: _Entry, budget: Budget) -> Iterator[Item | Trouble]:
    """Give the stream the header of an `.lzma` file, whose size field says that it is not known."""
    size = int.from_bytes(data[start + 2 : start + 4], "little")
    properties = data[start + 4 : start + 4 + size]
    stream = data[start + 4 + size : start + max(4 + size, entry.packed_size)]
    yield from inflated(entry.name, Inflater(properties + b"\xff" * 8 + stream, "lzma", budget), budget)


def inflated(name: str, stream: Inflater, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield what a stream says up to its budget, and then what kept it from its end."""
    wanted = budget.max_item_bytes
    content, error = stream.read_some(wanted)
    yield Item(name, content)
    is_cut = False
    if error is None and len(content) == wanted:
        more, error = stream.read_some(1)
        is_cut = bool(more)
    if is_cut:
        yield Trouble(name, SkipReason.ARCHIVE_LIMIT, f"only the first {wanted} bytes were read")
    elif isinstance(error, LimitError):
        raise error
    elif error is not None:
        yield Trouble(name, SkipReason.CORRUPT_ARCHIVE, str(error))
