"""A decoded text that knows where each of its bytes came from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

CONTEXT_BEFORE = 256
CONTEXT_AFTER = 256
"""What a layer keeps of a long line around what was decoded, in bytes: the name that stands before a value."""

FAR_LINES = 3
FAR_BYTES = 2_048
"""Lines with more line ends or bytes than that between them are decoded each by itself: what is in one layer looks like
one text. `scanner.islands` looks as far as that around what is encoded; so the layers of a part of a text are those of
the text."""


class Edit(NamedTuple):
    """`new` takes the place of the half-open span of the parent text, decoded by `decoder`.

    `step` is how many bytes each byte of `new` was written with, 0 if that differs.
    """

    start: int
    end: int
    new: bytes
    decoder: str
    step: int = 0


class _Piece(NamedTuple):
    """Where a run of a layer's bytes came from, `step` bytes each if that is not 0; `decoder` is empty for a copy."""

    offset: int
    start: int
    end: int
    decoder: str
    step: int


class Layer:
    """Bytes made of pieces of a parent text, some copied, some decoded."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._pieces: list[_Piece] = []
        self._offsets: list[int] = []
        self._removals: list[tuple[int, str]] = []
        self._size = 0

    @property
    def data(self) -> bytes:
        """Return the whole text of the layer."""
        if len(self._parts) > 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0] if self._parts else b""

    def add(self, new: bytes, start: int, end: int, decoder: str, step: int = 0) -> None:
        """Append `new`, which came from the parent's `start` to `end`; a copy if `decoder` is empty."""
        if not new and decoder:
            self._removals.append((self._size, decoder))
        elif new:
            self._parts.append(new)
            self._pieces.append(_Piece(self._size, start, end, decoder, step if decoder else 1))
            self._offsets.append(self._size)
            self._size += len(new)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the parent from which the bytes from `start` to `end` came."""
        first = self._pieces[max(0, bisect_right(self._offsets, start) - 1)]
        last = self._pieces[max(0, bisect_left(self._offsets, end) - 1)]
        low = first.start + first.step * (start - first.offset)
        high = last.start + last.step * (end - last.offset) if last.step else last.end
        return low, max(low, high)

    def changes(self) -> list[tuple[int, int]]:
        """Return the half-open spans of the layer that were decoded, in order; empty ones for what was taken out."""
        decoded = [(one.offset, end) for one, end in zip(self._pieces, self._ends(), strict=True) if one.decoder]
        return sorted([*decoded, *((at, at) for at, _ in self._removals)])

    def _ends(self) -> list[int]:
        return [*self._offsets[1:], self._size]

    def decoder(self, start: int, end: int) -> str:
        """Return which decoder made the bytes from `start` to `end`, or else what stands nearest before them."""
        first = max(0, bisect_right(self._offsets, start) - 1)
        last = max(first + 1, bisect_left(self._offsets, end))
        inside = next((piece.decoder for piece in self._pieces[first:last] if piece.decoder), "")
        inside = inside or self._removed(start, end)
        if inside:
            return inside
        before = next((piece.decoder for piece in reversed(self._pieces[:first]) if piece.decoder), "")
        after = next((piece.decoder for piece in self._pieces[last:] if piece.decoder), "")
        return before or after or (self._removals[0][1] if self._removals else "")

    def _removed(self, start: int, end: int) -> str:
        at = bisect_right(self._removals, (start, "\uffff"))
        return self._removals[at][1] if at < len(self._removals) and self._removals[at][0] < end else ""


def compose(text: bytes, edits: Sequence[Edit]) -> Iterator[Layer]:
    """Yield the lines of `text` that hold an edit, with the edits made; one layer for those that are not far apart.

    The edits are sorted by place; one that begins inside another is left out. Lines that do not touch are kept
    apart by as many line feeds as stand between them. So what a layer says depends on nothing that is further than
    FAR_LINES or FAR_BYTES from all of its edits.
    """
    layer = Layer()
    last = -1
    for low, high, group in _windows(text, edits):
        gap = text.count(b"\n", last, low) if last >= 0 else 0
        if gap > FAR_LINES or (last >= 0 and low - last > FAR_BYTES):
            yield layer
            layer = Layer()
        elif last >= 0:
            layer.add(b"\n" * max(1, gap), last, low, "")
        _apply(layer, text, low, high, group)
        last = high
    if last >= 0:
        yield layer


def compose_whole(text: bytes, edits: Sequence[Edit]) -> Layer:
    """Return all of `text` with the edits made, which are sorted by place."""
    layer = Layer()
    _apply(layer, text, 0, len(text), edits)
    return layer


def _apply(layer: Layer, text: bytes, low: int, high: int, edits: Iterable[Edit]) -> None:
    """Append the span of `text` with the edits in it made."""
    at = low
    for edit in edits:
        if edit.start >= at:
            layer.add(text[at : edit.start], at, edit.start, "")
            layer.add(edit.new, edit.start, edit.end, edit.decoder, edit.step)
            at = edit.end
    layer.add(text[at:high], at, high, "")


def _windows(text: bytes, edits: Sequence[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """Yield the lines that hold edits, those that touch as one, each with its edits."""
    low = high = -1
    group: list[Edit] = []
    for edit in edits:
        start, end = _line(text, edit.start, edit.end)
        if group and start <= high:
            group.append(edit)
            high = max(high, end)
            continue
        if group:
            yield low, high, group
        low, high, group = start, end, [edit]
    if group:
        yield low, high, group


def _line(text: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the lines that hold the span, cut to CONTEXT_BEFORE and CONTEXT_AFTER."""
    low = max(0, start - CONTEXT_BEFORE)
    low = max(low, text.rfind(b"\n", low, start) + 1)
    high = min(len(text), end + CONTEXT_AFTER)
    line_end = text.find(b"\n", end, high)
    return low, line_end if line_end >= 0 else high
