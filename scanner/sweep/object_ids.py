"""Sets of object ids as compact bytes: sorted, raw, one after the other, compressed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable


def pack_names(names: Iterable[bytes], *, width: int) -> bytes:
    """Return binary object ids of `width` bytes each as compressed bytes; the same set gives the same bytes."""
    return bytes([width]) + zlib.compress(b"".join(sorted(set(names))), 1)


def unpack_names(data: bytes) -> set[bytes]:
    """Return the set that `pack_names` packed."""
    if not data:
        return set()
    width, raw = data[0], zlib.decompress(data[1:])
    return {raw[i : i + width] for i in range(0, len(raw), width)}
