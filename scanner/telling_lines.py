"""Which lines of a version of a content tell something, and where they stand in it: new ones, and copied ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from scanner.decoders.triggers import Span
from scanner.sources.copies import Copies
from scanner.sources.versions import Version
from scanner.stretches import Line, StretchSigns, told_by


def fresh_signs(version: Version, own: Mapping[bytes, StretchSigns]) -> tuple[list[Line], list[Span]]:
    """Return the telling lines among the fresh ones, and where something is encoded in those; places in the content."""
    lines: dict[int, Line] = {}
    seeds: list[Span] = []
    if own:
        to_place = _placing(version.spans)
        for at, signs in told_by(version.lines, own):
            for line in signs.lines:
                start = to_place(at + line.start)
                lines[start] = Line(start, start + line.end - line.start, line.signs, line.is_loose)
            seeds += [(place, place + 1) for place in map(to_place, (at + place for place in signs.places))]
    return list(lines.values()), seeds


def _placing(spans: Sequence[Span]) -> Callable[[int], int]:
    """Return what gives for a place in the fresh lines, stretch by stretch, its place in the content."""
    if len(spans) == 1:
        only = spans[0][0]
        return lambda at: at + only
    behind = list(accumulate((end - start + 1 for start, end in spans), initial=0))

    def to_place(at: int) -> int:
        number = bisect_right(behind, at) - 1
        return spans[number][0] - behind[number] + at

    return to_place


def carried_lines(copies: Copies, lines: Sequence[Line]) -> Iterator[tuple[Line, Span]]:
    """Yield the lines that were copied, where they are now, and the copied stretch that each is part of."""
    for number, (start, end), stretch in copies.whole([line[:2] for line in lines]) if lines else ():
        line = lines[number]
        yield Line(start, end, line.signs, line.is_loose), stretch


def fresh_edges(spans: Sequence[Span], fresh: Iterable[Line]) -> Iterator[int]:
    """Yield the line ends between fresh lines and others at which a text may go on."""
    loose = [line for line in fresh if line.is_loose]
    if loose:
        starts, ends = {start for start, _ in spans}, {end for _, end in spans}
        for line in loose:
            if line.start in starts:
                yield line.start - 1
            if line.end in ends or line.end + 1 in ends:
                yield line.end


def old_edges(old: Iterable[tuple[Line, Span]]) -> Iterator[int]:
    """Yield the same for copied lines, at the ends of the stretches that they are part of."""
    for line, (start, end) in old:
        if line.is_loose:
            if line.start == start:
                yield line.start - 1
            if line.end + 1 >= end:
                yield line.end


def place_of(line: Line) -> int:
    """Return where a line begins, to sort by."""
    return line.start
