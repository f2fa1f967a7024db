"""Packs and indexes written by hand: whatever a broken or hostile repository may hold."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

BLOB, OFS_DELTA, REF_DELTA = 3, 6, 7


@dataclass
class Object:
    """An object of a pack: its kind, its bytes (a delta's, of a delta) and its base: a place in the list, or an id."""

    kind: int
    data: bytes
    base: int | bytes | None = None
    stated_size: int | None = None
    oid: bytes = b""


def blob_oid(data: bytes) -> bytes:
    """Return the binary id of a blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).digest()


def varint(number: int) -> bytes:
    """Return a size as deltas have it."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def copy(offset: int, size: int) -> bytes:
    """Return a copy instruction."""
    return bytes([0xFF]) + struct.pack("<I", offset) + struct.pack("<I", size)[:3]


def delta(base: int, result: int, *instructions: bytes) -> bytes:
    """Return a delta for a base and a result of so many bytes; what is no copy is inserted."""
    return varint(base) + varint(result) + b"".join(instructions)


def insert(data: bytes) -> bytes:
    """Return an insert instruction of at most 127 bytes."""
    return bytes([len(data)]) + data


def _header(kind: int, size: int) -> bytes:
    first = kind << 4 | size & 15
    size >>= 4
    out = bytearray()
    while size:
        out.append(first | 128)
        first = size & 127
        size >>= 7
    return bytes([*out, first])


def _distance(number: int) -> bytes:
    out = [number & 127]
    while number := number >> 7:
        number -= 1
        out.append(128 | number & 127)
    return bytes(reversed(out))


def write_pack(folder: Path, objects: list[Object]) -> Path:
    """Write a pack and its index with right checksums into a bare repository; return the pack's path."""
    data = bytearray(b"PACK" + struct.pack(">II", 2, len(objects)))
    offsets: list[int] = []
    for one in objects:
        offset = len(data)
        offsets.append(offset)
        data += _header(one.kind, len(one.data) if one.stated_size is None else one.stated_size)
        if isinstance(one.base, int):
            data += _distance(offset - offsets[one.base])
        elif one.base is not None:
            data += one.base
        data += zlib.compress(one.data)
        one.oid = one.oid or blob_oid(one.data)
    checksum = hashlib.sha1(data, usedforsecurity=False).digest()
    path = folder / "objects" / "pack" / f"pack-{checksum.hex()}.pack"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data + checksum)
    write_index(path, [(one.oid, offset) for one, offset in zip(objects, offsets, strict=True)], checksum)
    return path


def write_index(pack: Path, entries: list[tuple[bytes, int]], checksum: bytes) -> None:
    """Write the index (version 2) of a pack, whatever the entries say."""
    entries = sorted(entries)
    names = [name for name, _ in entries]
    fanout = [sum(name[0] <= first for name in names) for first in range(256)]
    body = b"\xfftOc" + struct.pack(">I256I", 2, *fanout) + b"".join(names) + bytes(4 * len(names))
    body += b"".join(struct.pack(">I", offset) for _, offset in entries) + checksum
    pack.with_suffix(".idx").write_bytes(body + hashlib.sha1(body, usedforsecurity=False).digest())
