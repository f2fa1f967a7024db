"""Compressed streams, inflated piece by piece so that a bomb is told by its bytes and not by its header."""

from __future__ import annotations

import zlib
from typing import Any

from scanner.decoders.budget import PIECE_BYTES, Budget, LimitError
from scanner.model import SkipReason

LZMA_MEMORY_BYTES = 64 << 20
"""A stream whose dictionary needs more is not read: `xz -8` makes 32 MiB, `xz -9` 64 MiB ones (xz(1))."""

_WINDOWS = {"gzip": 31, "zlib": 15, "deflate": -15}
"""The `wbits` of zlib for each kind that zlib reads (zlib manual, inflateInit2)."""

_AGAIN = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ"}
"""How a further stream begins that directly follows one; the tools read such a file to its end."""


class CorruptError(Exception):
    """A container breaks off, or contradicts itself."""


class Inflater:
    """Reads what a compressed text says, in order, as much at a time as is asked for."""

    def __init__(self, data: bytes | memoryview, kind: str, budget: Budget) -> None:
        self._view = memoryview(data)
        self._at = 0
        self._kind = kind
        self._budget = budget
        self._stream = _new_stream(kind)
        self._ready = bytearray()
        self._is_done = False

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, less only at the end. Raises CorruptError and LimitError."""
        while len(self._ready) < size and not self._is_done:
            self._more()
        return self._taken(size)

    def read_some(self, size: int) -> tuple[bytes, CorruptError | LimitError | None]:
        """Return up to `size` bytes, and what ended the reading before its time, if anything did."""
        try:
            return self.read(size), None
        except (CorruptError, LimitError) as error:
            return self._taken(size), error

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, less at the end or where the stream is broken, and keep them."""
        try:
            while len(self._ready) < size and not self._is_done:
                self._more()
        except (CorruptError, LimitError):
            pass
        return bytes(self._ready[:size])

    def skip(self, size: int) -> None:
        """Read over `size` bytes, or to the end."""
        while size > 0 and (piece := self.read(min(PIECE_BYTES, size))):
            size -= len(piece)

    def _taken(self, size: int) -> bytes:
        out = bytes(memoryview(self._ready)[:size])
        del self._ready[:size]
        return out

    def _more(self) -> None:
        try:
            piece = self._zlib_step() if self._kind in _WINDOWS else self._other_step()
        except MemoryError:
            raise
        except Exception as error:
            # zlib.error, lzma.LZMAError, OSError, EOFError, ValueError: each module has its own.
            if "emory" in str(error):
                raise LimitError(SkipReason.ARCHIVE_LIMIT, "the dictionary needs too much memory") from error
            raise CorruptError(str(error)) from error
        self._budget.take_bytes(len(piece))
        self._ready += piece
        if self._stream.eof:
            self._next_stream()
        elif not piece and self._at >= len(self._view):
            self._is_done = True
            raise CorruptError("breaks off")

    def _zlib_step(self) -> bytes:
        """Feed a little at a time: zlib hands back a copy of what it has not used yet."""
        fed = self._view[self._at : self._at + PIECE_BYTES]
        piece: bytes = self._stream.decompress(fed, PIECE_BYTES)
        self._at += len(fed) - len(self._stream.unconsumed_tail) - len(self._stream.unused_data)
        return piece

    def _other_step(self) -> bytes:
        fed = self._view[self._at : self._at + PIECE_BYTES] if self._stream.needs_input else b""
        piece: bytes = self._stream.decompress(fed, PIECE_BYTES)
        self._at += len(fed)
        if self._stream.eof:
            self._at -= len(self._stream.unused_data)
        return piece

    def _next_stream(self) -> None:
        """Go on with a stream that follows; what else follows, such as padding, is no part of it."""
        if self._kind == "xz":
            while bytes(self._view[self._at : self._at + 4]) == b"\0\0\0\0":
                self._at += 4
        again = _AGAIN.get(self._kind)
        if again is None or bytes(self._view[self._at : self._at + len(again)]) != again:
            self._is_done = True
            return
        self._stream = _new_stream(self._kind)


def _new_stream(kind: str) -> Any:
    if kind in _WINDOWS:
        return zlib.decompressobj(_WINDOWS[kind])
    if kind == "bzip2":
        import bz2

        return bz2.BZ2Decompressor()
    import lzma

    form = lzma.FORMAT_XZ if kind == "xz" else lzma.FORMAT_ALONE
    return lzma.LZMADecompressor(form, memlimit=LZMA_MEMORY_BYTES + (4 << 20))
