"""Where in the changed lines of a history something is encoded: told once for each distinct stretch of lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from scanner.deep import DeepSearch
from scanner.engine.candidates import long_runs
from scanner.line_memory import Memory

STRETCH_GAP = b"\n\n"
_BETWEEN_STRETCHES = b"\n\n;\n\n"
"""What keeps two stretches apart, so that nothing goes on from one into the other."""


class StretchSigns(NamedTuple):
    """Offsets in a stretch of lines: where something is encoded, and where a text may go on beyond the stretch."""

    places: tuple[int, ...] = ()
    edges: tuple[int, ...] = ()


def stretch_memory(deep: DeepSearch) -> Memory[StretchSigns]:
    """Return a memory for stretches of lines, which are divided by STRETCH_GAP."""
    return Memory(partial(_look_at_stretches, deep))


def places_of(lines: bytes, stretches: Mapping[bytes, StretchSigns]) -> tuple[list[int], list[int]]:
    """Return the places and edges of the stretches, wherever they stand in the lines."""
    places: list[int] = []
    edges: list[int] = []
    at = 0
    for stretch in lines.split(STRETCH_GAP) if stretches else ():
        if (signs := stretches.get(stretch)) is not None:
            places += [at + place for place in signs.places]
            edges += [at + edge for edge in signs.edges]
        at += len(stretch) + len(STRETCH_GAP)
    return places, edges


def _look_at_stretches(deep: DeepSearch, stretches: list[bytes]) -> dict[bytes, StretchSigns] | None:
    text = STRETCH_GAP + _BETWEEN_STRETCHES.join(stretches) + STRETCH_GAP
    found = deep.places(text, long_runs(text))
    if found is None:
        return None
    starts = list(accumulate((len(one) + len(_BETWEEN_STRETCHES) for one in stretches), initial=len(STRETCH_GAP)))
    signs: dict[bytes, StretchSigns] = {}
    for number, (places, edges) in _by_number(found, starts).items():
        signs[stretches[number]] = StretchSigns(tuple(places), tuple(edges))
    return signs


def _by_number(found: tuple[list[int], list[int]], starts: list[int]) -> dict[int, tuple[list[int], list[int]]]:
    """Return places and edges in many stretches by the number of the stretch, as offsets in it."""
    out: dict[int, tuple[list[int], list[int]]] = {}
    for kind in range(2):
        for at in found[kind]:
            number = bisect_right(starts, at) - 1
            out.setdefault(number, ([], []))[kind].append(at - starts[number])
    return out
