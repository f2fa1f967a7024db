"""Sets of object ids as compact bytes: sorted, raw, one after the other, compressed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable


def pack_oids(oids: Iterable[str], *, width: int) -> bytes:
    """Return the ids, of `width` bytes each, as compressed bytes; the same set gives the same bytes."""
    raw = b"".join(sorted(bytes.fromhex(oid) for oid in oids))
    return bytes([width]) + zlib.compress(raw, 1)


def unpack_oids(data: bytes) -> set[str]:
    """Return the set that `pack_oids` packed."""
    if not data:
        return set()
    width, raw = data[0], zlib.decompress(data[1:])
    return {raw[i : i + width].hex() for i in range(0, len(raw), width)}
