"""Where what stood in a base stands in the version that a delta made of it, by the stretches that were copied."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from scanner.sources.deltas import Span


class Copies:
    """The stretches of whole lines that a version has from its base, between its fresh ones.

    `spans` are the fresh stretches in the version, `behind` says where in the base the text goes on behind each, `size`
    is the length of the version. All spans that are asked for must be sorted, and none may overlap another.
    """

    def __init__(self, spans: Sequence[Span], behind: Sequence[int], size: int, *, is_shuffled: bool) -> None:
        self._new = [0, *(end for _, end in spans)]
        self._ends = [*(start for start, _ in spans), size]
        self._old = [0, *behind]
        self.is_shuffled = is_shuffled

    def whole(self, spans: Sequence[Span]) -> Iterator[tuple[int, Span, Span]]:
        """Yield each span that stands in one stretch: its number, where it is in the version, and that stretch."""
        for number, stretch in self._near(spans):
            start, end = spans[number]
            low, high = self._new[stretch], self._ends[stretch]
            shift = low - self._old[stretch]
            if start + shift >= low and end + shift <= high:
                yield number, (start + shift, end + shift), (low, high)

    def parts(self, spans: Sequence[Span]) -> Iterator[Span]:
        """Yield where in the version there are parts of the spans."""
        for number, stretch in self._near(spans):
            start, end = spans[number]
            low, high = self._new[stretch], self._ends[stretch]
            shift = low - self._old[stretch]
            if (first := max(start + shift, low)) < (last := min(end + shift, high)):
                yield first, last

    def _near(self, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
        """Yield the numbers of a span and of a stretch that overlap: by going through the fewer of them."""
        if self.is_shuffled or len(spans) > len(self._old):
            yield from self._by_stretches(spans)
        else:
            yield from self._by_spans(spans)

    def _by_stretches(self, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
        ends = [end for _, end in spans]
        for stretch, (old, new, new_end) in enumerate(zip(self._old, self._new, self._ends, strict=True)):
            number = bisect_right(ends, old)
            old_end = old + new_end - new
            while number < len(spans) and spans[number][0] < old_end:
                yield number, stretch
                number += 1

    def _by_spans(self, spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
        """The same where the stretches are in order in the base too."""
        for number, (start, end) in enumerate(spans):
            stretch = max(0, bisect_right(self._old, start) - 1)
            while stretch < len(self._old) and self._old[stretch] < end:
                yield number, stretch
                stretch += 1
