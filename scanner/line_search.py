"""What contents say by their own lines, each distinct line searched once, for many contents at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scanner.binary import is_binary, strings_of
from scanner.chunks import normalise
from scanner.containers.opening import kind_of
from scanner.engine.candidates import long_runs
from scanner.engine.hits import Hits
from scanner.engine.matcher import Engine
from scanner.line_memory import hits_of_lines, line_memory, occurrences

MAX_BY_LINES_BYTES = 8 << 20
"""A longer text is searched as it is, so that it is not held twice."""


class Prepared(NamedTuple):
    """The text of a content, its lines, and how often all was forgotten before these were learned."""

    text: bytes
    lines: list[bytes]
    age: int


class LineSearch:
    """An engine, and what it told of lines. With `by_lines` no line is searched again in another content."""

    def __init__(self, engine: Engine, *, by_lines: bool) -> None:
        self._engine = engine
        self._by_lines = by_lines and not engine.needs_whole
        self.memory = line_memory(engine)

    def prepare(self, contents: Sequence[bytes]) -> list[Prepared | None]:
        """Search the lines of all contents at once, so that each is then told from memory; None for what is no text.

        One search of many lines costs less than many of a few.
        """
        texts = [self._text(data) for data in contents]
        lines = [[] if text is None else text.split(b"\n") for text in texts]
        self.memory.learn(set().union(*lines))
        age = self.memory.times_forgotten
        return [None if text is None else Prepared(text, its, age) for text, its in zip(texts, lines, strict=True)]

    def _text(self, data: bytes) -> bytes | None:
        if not self._by_lines or len(data) > MAX_BY_LINES_BYTES or kind_of(data):
            return None
        text = normalise(data)
        return None if is_binary(text) else text

    def own_hits(self, text: bytes, prepared: Prepared | None) -> Hits:
        """Return the hits in a content as it stands; of binary content, those in its strings."""
        if prepared or not is_binary(text):
            return self._text_hits(text, prepared)
        strings = strings_of(text)
        found = self._text_hits(strings.text, None)
        found.hits = [
            hit._replace(start=strings.place(hit.start), end=strings.place(hit.end - 1) + 1) for hit in found.hits
        ]
        found.runs = [(strings.place(start), strings.place(end - 1) + 1) for start, end in found.runs]
        found.merge(self._engine.search_head(text))
        return found

    def _text_hits(self, text: bytes, prepared: Prepared | None) -> Hits:
        """Return the same as the engine does, from memory for the lines that were searched before."""
        if not self._by_lines or len(text) > MAX_BY_LINES_BYTES:
            return self._engine.search_hits(text)
        lines = prepared.lines if prepared else text.split(b"\n")
        if not prepared or prepared.age != self.memory.times_forgotten:
            self.memory.learn(set(lines))
        telling = self.memory.of(lines)
        if any(signs.is_capped for signs in telling.values()):
            return self._engine.search_hits(text)
        places = ((telling[line], at) for line, at in occurrences(text, telling, parts=lines))
        found = hits_of_lines(self._engine, text, places)
        found.drops += [(0, reason) for signs in telling.values() for reason in signs.drops]
        found.timed_out += [(rule, 0) for signs in telling.values() for rule in signs.timed_out]
        found.runs = long_runs(text)
        found.merge(self._engine.search_head(text))
        return found
