"""What is encoded in a version of a text: decoded again only around what changed, carried along elsewhere.

An island is a part of a text with everything in it that can make a difference to what is encoded there: its border
is further from any encoded place than a decoder looks. All but two look no further than the line (`clues.left_edge` and
`escapes` at most `triggers.NEAR_BYTES` in it); wrapped base64 looks at the next line, and the seam of a text that is
put together goes over two line ends at most. What is decoded is told by lines that are no more than
`layer.FAR_LINES` apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scanner.decoders.layer import FAR_LINES
from scanner.decoders.triggers import NEAR_BYTES, Span
from scanner.deep import DeepSearch
from scanner.engine.candidates import long_runs
from scanner.engine.hits import Hit
from scanner.model import Skip
from scanner.sources.copies import Copies

NEAR_LINES = FAR_LINES
"""Lines around an encoded text that can make a difference to it; as many as may stand between those of one layer."""


class Encoded(NamedTuple):
    """The hits of a text that were seen through decoders; zones, which are sorted spans around all that is encoded;
    and the sorted spans of that itself."""

    hits: tuple[Hit, ...] = ()
    zones: tuple[Span, ...] = ()
    places: tuple[Span, ...] = ()


class Renewed(NamedTuple):
    """What is encoded in a version; and of what was decoded for it, drops by reason, skips, the last layer's number."""

    encoded: Encoded
    dropped: Counter[str]
    skipped: tuple[Skip, ...]
    last_layer: int


def carried(encoded: Encoded, copies: Copies, *, base_size: int, size: int) -> tuple[Encoded, list[Span]]:
    """Return what is encoded in a text of `size` bytes as it was in its base, and where to look again.

    A zone is carried if the text has it in one piece, at an end of the text if it stood there before. Wherever else
    a place in a zone was copied to, it is looked at again.
    """
    moved: dict[int, tuple[Span, Span]] = {}
    for number, (low, high), _ in copies.whole(encoded.zones):
        start, end = encoded.zones[number]
        if number not in moved and (start > 0 or low == 0) and (end < base_size or high == size):
            moved[number] = (low, high), (start, end)
    kept = _apart(list(moved.values()))
    hits = [
        hit._replace(start=hit.start + new[0] - old[0], end=hit.end + new[0] - old[0])
        for new, old in kept
        for hit in encoded.hits
        if old[0] <= hit.start < old[1]
    ]
    zones = tuple(new for new, _ in kept)
    parts = set(copies.parts(encoded.places))
    places = _inside(sorted(parts), zones)
    return Encoded(tuple(hits), zones, tuple(places)), sorted(parts - set(places))


def _inside(places: Sequence[Span], zones: Sequence[Span]) -> list[Span]:
    """Return those of the places that a zone has in it; the zones are sorted."""
    found = []
    for start, end in places:
        before = bisect_right(zones, start, key=_start) - 1
        if before >= 0 and end <= zones[before][1]:
            found.append((start, end))
    return found


def _start(span: Span) -> int:
    return span[0]


def _apart(moved: list[tuple[Span, Span]]) -> list[tuple[Span, Span]]:
    """Return those zones, as (new place, old place), that are apart at their new places, in order.

    What stood between two zones may have gone, so that one can make a difference to the other.
    """
    moved = sorted(moved)
    touching = [i for i in range(1, len(moved)) if moved[i - 1][0][1] >= moved[i][0][0]]
    near = {*touching, *(i - 1 for i in touching)}
    return [one for i, one in enumerate(moved) if i not in near]


def renewed(
    deep: DeepSearch,
    text: bytes,
    seeds: Iterable[Span],
    kept: Encoded,
    known: Sequence[Hit],
    *,
    name: str,
    first_layer: int,
) -> Renewed:
    """Return what is encoded in `text`: the zones and hits that are `kept`, and what stands near the `seeds`.

    `known` are the hits of the text itself. Layers are numbered from `first_layer` on, so that those of two islands
    are never the same: hits in one layer are judged by their places in it.
    """
    islands = _grown(deep, text, seeds, kept.zones)
    intact = _outside(kept.zones, islands)
    hits = [hit for hit in kept.hits if any(low <= hit.start < high for low, high in intact)]
    zones = list(intact)
    held = _inside(kept.places, intact)
    skipped: list[Skip] = []
    dropped: Counter[str] = Counter()
    for (start, end), places in islands:
        if not places:
            continue
        part = text[start:end]
        inside = [
            hit._replace(start=hit.start - start, end=hit.end - start) for hit in known if start <= hit.start < end
        ]
        found = deep.search_encoded(part, long_runs(part), inside, name=name, first_layer=first_layer)
        first_layer = found.last_layer
        hits += [hit._replace(start=hit.start + start, end=hit.end + start) for hit in found.hits]
        zones += [_around(text, place) for place in places]
        held += places
        dropped.update(found.dropped)
        skipped += found.skipped
    encoded = Encoded(tuple(hits), tuple(_merged(zones)), tuple(_merged(held)))
    return Renewed(encoded, dropped, tuple(skipped), first_layer)


_Island = tuple[Span, list[Span]]
"""A span, and the spans of what is encoded in it."""


def _grown(deep: DeepSearch, text: bytes, seeds: Iterable[Span], zones: Sequence[Span]) -> list[_Island]:
    """Return islands around the seeds, as large as they must be, in order; none overlaps another, or cuts a zone."""
    todo = _merged(_around(text, seed) for seed in seeds)
    islands: list[_Island] = []
    while todo:
        # The last one first: what it can run into is the next one of both lists.
        start, end = _with_neighbours(todo.pop(), todo, islands, zones)
        part = text[start:end]
        spans = deep.encoded_spans(part, long_runs(part))
        if spans is None:
            everything = (0, len(text))
            return [(everything, [everything])]
        places = [(start + low, start + high) for low, high in spans]
        low, high = _hull((start, end), *(_around(text, place) for place in places))
        if (low, high) == (start, end):
            islands.append(((start, end), places))
            continue
        # At least twice as large on that side: what is encoded may go on over many lines.
        low = max(0, min(low, 2 * start - end)) if low < start else start
        high = min(len(text), max(high, 2 * end - start)) if high > end else end
        todo.append((low, high))
    return islands[::-1]


def _with_neighbours(span: Span, todo: list[Span], islands: list[_Island], zones: Sequence[Span]) -> Span:
    """Return the span grown by all that it overlaps, which is taken from the lists; `islands` are in reverse order."""
    start, end = span
    while True:
        while todo and todo[-1][1] > start:
            start, end = _hull((start, end), todo.pop())
        while islands and islands[-1][0][0] < end:
            start, end = _hull((start, end), islands.pop()[0])
        grown = _hull((start, end), *_overlapping(zones, start, end))
        if grown == (start, end):
            return grown
        start, end = grown


def _overlapping(zones: Sequence[Span], start: int, end: int) -> Sequence[Span]:
    """Return those of the sorted, disjoint zones that overlap a span."""
    first = bisect_right(zones, (start, start))
    first -= bool(first and zones[first - 1][1] > start)
    return zones[first : bisect_left(zones, (end, end))]


def _outside(zones: Sequence[Span], islands: Sequence[_Island]) -> list[Span]:
    """Return the zones that no island overlaps; both are sorted."""
    spans = [span for span, _ in islands]
    return [zone for zone in zones if not _overlapping(spans, *zone)]


def _around(text: bytes, span: Span) -> Span:
    """Return the span with the lines around it, and no more than NEAR_BYTES of them."""
    low, floor = span[0], max(0, span[0] - NEAR_BYTES)
    for _ in range(NEAR_LINES + 1):
        low = text.rfind(b"\n", floor, low)
        if low < 0:
            break
    high, limit = span[1], min(len(text), span[1] + NEAR_BYTES)
    for _ in range(NEAR_LINES + 1):
        high = text.find(b"\n", high, limit) + 1
        if not high:
            break
    return low + 1 if low >= 0 else floor, high or limit


def _hull(*spans: Span) -> Span:
    return min(low for low, _ in spans), max(high for _, high in spans)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that overlap or touch as one."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return out
