"""The contents of a unit, one after the other: each inflated once, its fresh lines, its whole text where needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from scanner.sources import deltas
from scanner.sources.families import Unit
from scanner.sources.pack_index import PackError
from scanner.sources.packs import BLOB, Pack

KEPT_TEXT_BYTES = 96 << 20
"""Contents that are kept because others build on them; what is above is dropped and made again when it is needed."""


class Version(NamedTuple):
    """A content. `number` and `parent` are places in the unit; `parent` is -1 if all of `lines` is to be searched.

    `lines` are its fresh lines: all of it where it has no parent; `spans` say where their stretches stand in it, and
    `behind` where the base goes on behind each. `text` is all of it, or None if it was not made. `delta` made it from
    `base`, if it has a parent; with `is_shuffled`, lines of the base may stand in it in another order, or twice.
    """

    number: int
    parent: int
    lines: bytes
    text: bytes | None
    spans: tuple[deltas.Span, ...] = ()
    behind: tuple[int, ...] = ()
    base: bytes = b""
    delta: bytes = b""
    sizes: deltas.Sizes | None = None
    is_shuffled: bool = False

    @property
    def size(self) -> int:
        """Return the length of the content in bytes."""
        return self.sizes.result if self.sizes else len(self.lines)

    def whole_text(self) -> bytes:
        """Return all of the content; it is made again if it was not kept."""
        if self.text is not None:
            return self.text
        if self.sizes is None:
            return self.lines
        return deltas.apply(self.delta, self.base, self.sizes)


class Unread(NamedTuple):
    """An object that this reader could not read: its place in the unit, and why."""

    number: int
    reason: str


def versions(
    pack: Pack, unit: Unit, *, max_bytes: int, wants_text: Callable[[], bool] = lambda: False
) -> Iterator[Version | Unread]:
    """Yield each wanted object of a unit; one larger than `max_bytes`, and what builds on it, is unread.

    `wants_text` is asked before each whether its whole text is likely to be needed: it is made with the lines then.
    """
    return _Reader(pack, unit, max_bytes, wants_text).read()


def alone(number: int, text: bytes) -> Version:
    """Return a content that is told by nothing but itself."""
    return Version(number, -1, text, text, ((0, len(text)),))


class _Reader:
    """Keeps the contents on which others still build."""

    def __init__(self, pack: Pack, unit: Unit, max_bytes: int, wants_text: Callable[[], bool]) -> None:
        self._pack = pack
        self._unit = unit
        self._max_bytes = max_bytes
        self._wants_text = wants_text
        self._texts: dict[int, bytes] = {}
        self._kept_bytes = 0
        self._children = [0] * len(unit.parents)
        for parent in unit.parents:
            if parent >= 0:
                self._children[parent] += 1
        self._unreadable: set[int] = set()

    def read(self) -> Iterator[Version | Unread]:
        unit, children = self._unit, self._children
        for number, parent in enumerate(unit.parents):
            try:
                version = self._version(number, parent)
            except PackError as error:
                self._unreadable.add(number)
                if unit.wanted[number]:
                    yield Unread(number, str(error))
                continue
            finally:
                if parent >= 0:
                    self._let_go(parent)
            if children[number]:
                self._keep(number, version.whole_text())
            if unit.wanted[number]:
                yield version

    def _version(self, number: int, parent: int) -> Version:
        data = self._inflated(number)
        if parent < 0:
            return alone(number, data)
        base = self._text(parent)
        known = deltas.sizes(data)
        if known.result > self._max_bytes:
            raise PackError("is larger than the limit")
        if not self._unit.wanted[parent] or not self._unit.wanted[number]:
            return alone(number, deltas.apply(data, base, known))
        with_text = self._children[number] > 0 or self._unit.kind != BLOB or self._wants_text()
        fresh = deltas.fresh_lines(data, base, known, with_text=with_text)
        return Version(
            number, parent, fresh.lines, fresh.text, fresh.spans, fresh.behind, base, data, known, fresh.is_shuffled
        )

    def _inflated(self, number: int) -> bytes:
        unit = self._unit
        if unit.sizes[number] > self._max_bytes:
            raise PackError("is larger than the limit")
        return self._pack.inflate(unit.starts[number], unit.ends[number], unit.sizes[number])

    def _text(self, number: int) -> bytes:
        """Return a content, made again from the next one above it that is kept, if it was dropped."""
        if number in self._texts:
            return self._texts[number]
        chain = []
        while number >= 0 and number not in self._texts:
            if number in self._unreadable:
                raise PackError("what it builds on cannot be read")
            chain.append(number)
            number = self._unit.parents[number]
        text = self._texts[number] if number >= 0 else self._inflated(chain.pop())
        for below in reversed(chain):
            delta = self._inflated(below)
            text = deltas.apply(delta, text, deltas.sizes(delta))
        return text

    def _keep(self, number: int, text: bytes) -> None:
        self._texts[number] = text
        self._kept_bytes += len(text)
        while self._kept_bytes > KEPT_TEXT_BYTES and len(self._texts) > 1:
            # The first one kept is the one that is needed last: the unit is read depth first.
            self._drop(next(iter(self._texts)))

    def _let_go(self, number: int) -> None:
        self._children[number] -= 1
        if not self._children[number] and number in self._texts:
            self._drop(number)

    def _drop(self, number: int) -> None:
        self._kept_bytes -= len(self._texts.pop(number))
