"""What the lines of a history told: each distinct one is searched once, however many versions hold it.

Versions of a file are put together from the same lines again and again: of a gigabyte of changed lines a tenth are
distinct. What a line tells depends on nothing but its bytes, so it can be told from memory. Most tell nothing; of those
only the text is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import accumulate, compress, count
from typing import Generic, NamedTuple, TypeVar

from scanner.engine.hits import Hit, Hits
from scanner.engine.matcher import Engine
from scanner.wholes import may_want_whole

MAX_REMEMBERED = 400_000
MAX_REMEMBERED_BYTES = 48 << 20
"""Lines, or stretches, that are remembered, and their bytes; past one of both all are forgotten."""

MAX_TEXT_BYTES = 8_192
"""A longer text that tells nothing is looked at each time; it hardly comes again."""

_MANY_PIECES = 10
"""More are looked for by going through the lines, or stretches, of the text once."""


class LineSigns(NamedTuple):
    """What a line tells, its hits by their place in it.

    `drops` are the reasons for which hits were dropped, `timed_out` are rules. `blocks` are (offset, rule) of where a
    rule that looks across lines may match; `is_capped` tells that there are too many hits to tell, `is_odd` that
    content with such a line may want to be read as a whole.
    """

    hits: tuple[Hit, ...] = ()
    drops: tuple[str, ...] = ()
    timed_out: tuple[int, ...] = ()
    blocks: tuple[tuple[int, int], ...] = ()
    is_odd: bool = False
    is_capped: bool = False


_Signs = TypeVar("_Signs")


class Memory(Generic[_Signs]):
    """The texts that were looked at; `telling` are those that told something, `signs` says what."""

    def __init__(self, look: Callable[[list[bytes]], dict[bytes, _Signs] | None]) -> None:
        self._look = look
        self.times_forgotten = 0
        self._forget()

    def learn(self, texts: set[bytes]) -> bool:
        """Look at those texts that are not known; False if they hold too much to tell one from another."""
        if len(self._dull) + len(self.telling) > MAX_REMEMBERED or self._bytes > MAX_REMEMBERED_BYTES:
            self._forget()
        new = texts - self._dull
        new -= self.telling
        if not new:
            return True
        signs = self._look(list(new))
        if signs is None:
            return False
        self.signs.update(signs)
        self.telling.update(signs)
        new.difference_update(signs)
        if new and max(map(len, new)) > MAX_TEXT_BYTES:
            new = {text for text in new if len(text) <= MAX_TEXT_BYTES}
        self._dull |= new
        self._bytes += sum(map(len, new)) + sum(map(len, signs))
        return True

    def of(self, texts: Iterable[bytes]) -> Mapping[bytes, _Signs]:
        """Return what those of the texts told that were learned last."""
        signs = self.signs
        return {text: signs[text] for text in self.telling.intersection(texts)}

    def _forget(self) -> None:
        self.times_forgotten += 1
        self._dull: set[bytes] = set()
        self._bytes = 0
        self.telling: set[bytes] = set()
        self.signs: dict[bytes, _Signs] = {}


def line_memory(engine: Engine) -> Memory[LineSigns]:
    """Return a memory for lines without their line ends."""
    return Memory(partial(_look_at_lines, engine))


def _look_at_lines(engine: Engine, lines: list[bytes]) -> dict[bytes, LineSigns]:
    """Return what the lines tell; where hits are cut off, by the halves, so that it does not depend on other lines."""
    text = b"\n".join(lines)
    found = engine.search_lines(text)
    if found.capped and len(lines) == 1:
        return {lines[0]: LineSigns(is_capped=True)}
    if found.capped:
        half = len(lines) // 2
        return _look_at_lines(engine, lines[:half]) | _look_at_lines(engine, lines[half:])
    told: dict[int, _LineNotes] = {}

    def notes(at: int) -> tuple[_LineNotes, int]:
        start = text.rfind(b"\n", 0, at) + 1
        return told.setdefault(start, _LineNotes()), start

    for hit in found.hits:
        line, start = notes(hit.start)
        line.hits.append(hit._replace(start=hit.start - start, end=hit.end - start))
    for at, reason in found.drops:
        notes(at)[0].drops.append(reason)
    for rule, at in found.timed_out:
        notes(at)[0].timed_out.append(rule)
    for at, rule in found.blocks:
        line, start = notes(at)
        line.blocks.append((at - start, rule))
    for at in _odd_lines(lines) if may_want_whole(text) else ():
        notes(at)[0].is_odd = True
    return {_line_at(text, start): line.signs() for start, line in told.items()}


def _odd_lines(lines: list[bytes]) -> Iterator[int]:
    """Yield where those of the lines begin, joined by line feeds, that make content odd."""
    at = 0
    for line in lines:
        if may_want_whole(line):
            yield at
        at += len(line) + 1


def _line_at(text: bytes, start: int) -> bytes:
    end = text.find(b"\n", start)
    return text[start : end if end >= 0 else len(text)]


class _LineNotes:
    """What is gathered for one line."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.drops: list[str] = []
        self.timed_out: list[int] = []
        self.blocks: list[tuple[int, int]] = []
        self.is_odd = False

    def signs(self) -> LineSigns:
        """Return the same as a value."""
        lists = tuple(self.hits), tuple(self.drops), tuple(self.timed_out), tuple(self.blocks)
        return LineSigns(*lists, self.is_odd)


def occurrences(
    text: bytes, pieces: Collection[bytes], *, gap: bytes = b"\n", parts: Sequence[bytes] | None = None
) -> Iterator[tuple[bytes, int]]:
    """Yield each of the pieces with each offset at which the text, divided by gaps, has just that, in no order.

    `parts` are what the gaps divide, if that is known.
    """
    if len(pieces) > _MANY_PIECES:
        parts = text.split(gap) if parts is None else parts
        numbers = list(compress(count(), map(pieces.__contains__, parts)))
        if numbers:
            before = list(accumulate(map(len, parts), initial=0))
            for number in numbers:
                yield parts[number], before[number] + number * len(gap)
        return
    for piece in pieces:
        if text == piece or text.startswith(piece + gap):
            yield piece, 0
        whole = gap + piece + gap
        at = text.find(whole)
        while at >= 0:
            yield piece, at + len(gap)
            at = text.find(whole, at + len(whole) - len(gap))
        if text.endswith(whole[: -len(gap)]):
            yield piece, len(text) - len(piece)


def hits_of_lines(engine: Engine, text: bytes, lines: Iterable[tuple[LineSigns, int]]) -> Hits:
    """Return the hits of lines of a text, told by their signs and places, and of the blocks they are part of."""
    found = Hits()
    blocks: list[tuple[int, int]] = []
    for signs, at in lines:
        found.hits += [hit._replace(start=hit.start + at, end=hit.end + at) for hit in signs.hits]
        blocks += [(at + offset, rule) for offset, rule in signs.blocks]
    if blocks:
        found.merge(engine.search_blocks(text, blocks))
    return found
