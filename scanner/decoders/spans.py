"""Parts of a text, and what has to do with them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter

_end = itemgetter(1)


class Spans:
    """Half-open spans of one text that do not overlap, in order; an empty one is a place between two characters."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._spans = spans

    def touches(self, start: int, end: int) -> bool:
        """Return whether a span shares a character with one of these, or is a neighbour of it."""
        number = bisect_left(self._spans, start, key=_end)
        return number < len(self._spans) and self._spans[number][0] <= end

    def overlaps(self, start: int, end: int) -> bool:
        """Return whether a span of one character or more shares one with one of these, or has an empty one inside."""
        return self.touches(start + 1, end - 1)
