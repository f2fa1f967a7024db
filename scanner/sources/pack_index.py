"""The index of a pack: sorted object ids, and where each object begins (git's Documentation/gitformat-pack)."""

from __future__ import annotations

import hashlib
import struct
import sys
from array import array

_MAGIC = b"\xfftOc"
_FANOUT_BYTES = 4 * 256
_FAR = 1 << 31
"""An offset with this bit is an index into the table of 64-bit offsets."""


class PackError(Exception):
    """A pack, an index or an object that cannot be read as its format says; the message names no content."""


class PackIndex:
    """The ids of a pack's objects, sorted, and the offsets of the objects in the same order.

    Raises PackError if the file is damaged: its own checksum, its size and its tables must fit each other.
    """

    def __init__(self, data: bytes, *, object_format: str) -> None:
        self.oid_bytes = hashlib.new(object_format, usedforsecurity=False).digest_size
        if (
            hashlib.new(object_format, data[: -self.oid_bytes], usedforsecurity=False).digest()
            != data[-self.oid_bytes :]
        ):
            raise PackError("the checksum of the index does not fit")
        try:
            self._parse(data)
        except (struct.error, IndexError, ValueError) as error:
            raise PackError("the tables of the index do not fit its size") from error

    def __len__(self) -> int:
        return len(self.names) // self.oid_bytes

    def _parse(self, data: bytes) -> None:
        if data.startswith(_MAGIC):
            (version,) = struct.unpack_from(">I", data, 4)
            if version != 2:
                raise PackError(f"version {version} of the index is not known")
            self._parse_second(data)
        else:
            self._parse_first(data)
        if list(self._fanout) != sorted(self._fanout):
            raise PackError("the fan-out table of the index is not in order")

    def _parse_first(self, data: bytes) -> None:
        self._fanout: tuple[int, ...] = struct.unpack_from(">256I", data)
        count, width = self._fanout[255], 4 + self.oid_bytes
        if len(data) != _FANOUT_BYTES + count * width + 2 * self.oid_bytes:
            raise PackError("the tables of the index do not fit its size")
        table = data[_FANOUT_BYTES : _FANOUT_BYTES + count * width]
        self.offsets = array("Q", [offset for (offset,) in struct.iter_unpack(f">I{self.oid_bytes}x", table)])
        self.names = b"".join(name for (name,) in struct.iter_unpack(f">4x{self.oid_bytes}s", table))
        self.pack_checksum = data[-2 * self.oid_bytes : -self.oid_bytes]

    def _parse_second(self, data: bytes) -> None:
        self._fanout = struct.unpack_from(">256I", data, 8)
        count = self._fanout[255]
        names = 8 + _FANOUT_BYTES
        near = names + count * (self.oid_bytes + 4)
        far = near + count * 4
        far_end = len(data) - 2 * self.oid_bytes
        if far_end < far or (far_end - far) % 8:
            raise PackError("the tables of the index do not fit its size")
        self.names = data[names : names + count * self.oid_bytes]
        offsets = array("I", data[near:far])
        far_offsets = array("Q", data[far:far_end])
        if sys.byteorder == "little":
            offsets.byteswap()
            far_offsets.byteswap()
        if far_offsets:
            self.offsets = array("Q", [o if o < _FAR else far_offsets[o - _FAR] for o in offsets])
        else:
            self.offsets = array("Q", offsets)
        self.pack_checksum = data[far_end : far_end + self.oid_bytes]

    def name(self, position: int) -> bytes:
        """Return the binary object id at a position."""
        return self.names[position * self.oid_bytes : (position + 1) * self.oid_bytes]

    def find(self, name: bytes) -> int:
        """Return the position of a binary object id, or -1."""
        first = name[0]
        low = self._fanout[first - 1] if first else 0
        high = self._fanout[first]
        while low < high:
            middle = (low + high) // 2
            found = self.name(middle)
            if found == name:
                return middle
            if found < name:
                low = middle + 1
            else:
                high = middle
        return -1
