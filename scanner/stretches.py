"""What the changed lines of a history tell, each distinct stretch of lines looked at once: their hits, what is encoded.

Of a gigabyte of changed lines a sixth are distinct as stretches, and of those a half as lines.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from scanner.deep import DeepSearch
from scanner.engine.candidates import long_runs
from scanner.line_memory import LineSigns, Memory, occurrences

STRETCH_GAP = b"\n\n"
_BETWEEN_STRETCHES = b"\n\n;\n\n"
"""What keeps two stretches apart, so that nothing goes on from one into the other."""


class Line(NamedTuple):
    """A line that tells something, and its half-open span; with `is_loose` it may go on in the line at either end."""

    start: int
    end: int
    signs: LineSigns = LineSigns()
    is_loose: bool = False


class StretchSigns(NamedTuple):
    """What is told by a stretch of lines, by offsets in it: its telling lines, and where something is encoded."""

    lines: tuple[Line, ...] = ()
    places: tuple[int, ...] = ()


def stretch_memory(deep: DeepSearch) -> Memory[StretchSigns]:
    """Return a memory for stretches of lines, which are divided by STRETCH_GAP."""
    return Memory(partial(_look_at_stretches, deep))


def told_by(text: bytes, stretches: Mapping[bytes, StretchSigns]) -> Iterator[tuple[int, StretchSigns]]:
    """Yield where the stretches stand in the text, and what they tell."""
    for stretch, at in occurrences(text, stretches, gap=STRETCH_GAP) if stretches else ():
        yield at, stretches[stretch]


def _look_at_stretches(deep: DeepSearch, stretches: list[bytes]) -> dict[bytes, StretchSigns] | None:
    text = STRETCH_GAP + _BETWEEN_STRETCHES.join(stretches) + STRETCH_GAP
    lines = set(text.split(b"\n"))
    found = deep.places(text, long_runs(text))
    if found is None or not deep.lines.learn(lines):
        return None
    places, loose_ends = found
    starts = list(accumulate((len(one) + len(_BETWEEN_STRETCHES) for one in stretches), initial=len(STRETCH_GAP)))
    signs: dict[int, tuple[list[Line], list[int]]] = {}

    def notes(at: int) -> tuple[tuple[list[Line], list[int]], int]:
        number = bisect_right(starts, at) - 1
        return signs.setdefault(number, ([], [])), starts[number]

    for line in _telling_lines(text, deep.lines.of(lines), loose_ends):
        (own, _), start = notes(line.start)
        own.append(line._replace(start=line.start - start, end=line.end - start))
    for at in places:
        (_, own_places), start = notes(at)
        own_places.append(at - start)
    return {stretches[number]: StretchSigns(tuple(own), tuple(at)) for number, (own, at) in signs.items()}


def _telling_lines(text: bytes, telling: Mapping[bytes, LineSigns], loose_ends: list[int]) -> Iterator[Line]:
    """Yield the lines of a text that tell something, or have a loose end."""
    loose = {text.rfind(b"\n", 0, at) + 1 for at in loose_ends}
    for line, at in occurrences(text, telling):
        yield Line(at, at + len(line), telling[line], at in loose)
        loose.discard(at)
    for at in sorted(loose):
        yield Line(at, text.index(b"\n", at), is_loose=True)
