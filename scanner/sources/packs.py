"""A pack, read where it lies: the headers of its objects, their inflated bytes (git's Documentation/gitformat-pack)."""

from __future__ import annotations

import hashlib
import mmap
import zlib
from functools import partial

from scanner.sources.pack_index import PackError, PackIndex

COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7
_HEADER_BYTES = 12
_MAX_RATIO = 1_032
"""Deflate makes no more bytes than that from one (zlib's technical description, "Maximum Compression Factor")."""

_CHECK_BYTES = 16 << 20

_SAFE_COMPRESSED_BYTES = 65_536
"""What is that short cannot inflate to more than 68 MB, so its size is looked at afterwards."""


class Pack:
    """One pack file, mapped; with its index. Raises PackError if the two do not belong together."""

    def __init__(self, path: str, *, object_format: str) -> None:
        self.path = path
        try:
            with open(path.removesuffix(".pack") + ".idx", "rb") as stream:
                self.index = PackIndex(stream.read(), object_format=object_format)
            with open(path, "rb") as stream:
                self.data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise PackError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
        self.view = memoryview(self.data)
        self.end = len(self.data) - self.index.oid_bytes
        self._object_format = object_format
        self._check_header()

    def __reduce__(self) -> tuple[object, ...]:
        """Let another process map the file itself."""
        return partial(Pack, object_format=self._object_format), (self.path,)

    def oid(self, position: int) -> str:
        """Return the object id at a position of the index."""
        return self.index.name(position).hex()

    def release(self) -> None:
        """Give the pages that were read back to the system, which may still have them when they are read again."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self.data.madvise(mmap.MADV_DONTNEED)

    def _check_header(self) -> None:
        if self.end < _HEADER_BYTES or self.data[:4] != b"PACK":
            raise PackError("is not a pack")
        version = int.from_bytes(self.data[4:8], "big")
        if version not in (2, 3):
            raise PackError(f"version {version} of the pack is not known")
        if int.from_bytes(self.data[8:12], "big") != len(self.index):
            raise PackError("pack and index tell different numbers of objects")
        if self.data[self.end :] != self.index.pack_checksum:
            raise PackError("pack and index do not belong together")

    def is_intact(self) -> bool:
        """Return whether the checksum over the whole file fits; reads all of it, at about 2 GB a second."""
        checksum = hashlib.new(self._object_format, usedforsecurity=False)
        for begin in range(0, self.end, _CHECK_BYTES):
            checksum.update(self.view[begin : min(begin + _CHECK_BYTES, self.end)])
            self.release()
        return checksum.digest() == self.index.pack_checksum

    def inflate(self, start: int, end: int, size: int) -> bytes:
        """Return the `size` bytes that the compressed ones from `start` to `end` give; raises PackError."""
        if size > (end - start) * _MAX_RATIO:
            raise PackError("an object has another size than its header says")
        try:
            if end - start <= _SAFE_COMPRESSED_BYTES:
                data = zlib.decompress(self.view[start:end], bufsize=size or 1)
            else:
                data = _inflate_bounded(self.view[start:end], size)
        except (zlib.error, MemoryError, OverflowError) as error:
            raise PackError("compressed bytes are damaged") from error
        if len(data) != size:
            raise PackError("an object has another size than its header says")
        return data


def _inflate_bounded(data: memoryview, size: int) -> bytes:
    inflater = zlib.decompressobj()
    out = inflater.decompress(data, size + 1)
    if not inflater.eof and len(out) == size:
        out += inflater.decompress(inflater.unconsumed_tail, 1)
    if not inflater.eof:
        raise PackError("an object has another size than its header says")
    return out
