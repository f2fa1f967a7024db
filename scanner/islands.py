"""What is encoded in a version of a text: decoded again only around what changed, carried along elsewhere.

An island is a part of a text with everything in it that can make a difference to what is encoded there: its border
is further from any encoded place than a decoder looks (`triggers.NEAR_BYTES`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from scanner.decoders.triggers import NEAR_BYTES, Span
from scanner.deep import DeepSearch
from scanner.engine.candidates import long_runs
from scanner.engine.matcher import Hit
from scanner.model import Skip
from scanner.sources.deltas import Changes


class Encoded(NamedTuple):
    """The hits of a text that were seen through decoders, and the zones: sorted spans around all that is encoded."""

    hits: tuple[Hit, ...] = ()
    zones: tuple[Span, ...] = ()


class Renewed(NamedTuple):
    """What is encoded in a version; and of what was decoded for it, drops by reason, skips, the last layer's number."""

    encoded: Encoded
    dropped: Counter[str]
    skipped: tuple[Skip, ...]
    last_layer: int


def carried(encoded: Encoded, changed: Changes, *, base_size: int, size: int) -> tuple[Encoded, list[Span]]:
    """Return what is encoded in a version as it was in its base, by its new place, and where to look again.

    A zone is carried if it was copied once and in one piece, and stands at an end of the text if it did before.
    """
    if not encoded.zones:
        return encoded, []
    fresh = [start for start, _ in changed.spans]
    zones: list[Span] = []
    hits: list[Hit] = []
    seeds: list[Span] = []
    for start, end in encoded.zones:
        images = list(_images(changed.copies, start, end))
        if len(images) == 1 and _is_intact(images[0], (start, end), changed, fresh, base_size=base_size, size=size):
            moved = images[0][0] - start
            zones.append(images[0])
            hits += [
                hit._replace(start=hit.start + moved, end=hit.end + moved)
                for hit in encoded.hits
                if start <= hit.start < end
            ]
        else:
            seeds += images
    return Encoded(tuple(hits), tuple(sorted(zones))), seeds


def _images(copies: Sequence[tuple[int, int, int]], start: int, end: int) -> Iterator[Span]:
    """Yield the spans of a version to which parts of a span of its base were copied."""
    for place, begin, size in copies:
        low, high = max(start, begin), min(end, begin + size)
        if low < high:
            yield place + low - begin, place + high - begin


def _is_intact(image: Span, zone: Span, changed: Changes, fresh: list[int], *, base_size: int, size: int) -> bool:
    before = bisect_left(fresh, image[1]) - 1
    if image[1] - image[0] != zone[1] - zone[0] or (before >= 0 and changed.spans[before][1] > image[0]):
        return False
    return (zone[0] > 0 or image[0] == 0) and (zone[1] < base_size or image[1] == size)


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
    intact = [zone for zone in kept.zones if not any(_overlap(zone, island) for island in islands)]
    hits = [hit for hit in kept.hits if any(low <= hit.start < high for low, high in intact)]
    zones = list(intact)
    skipped: list[Skip] = []
    dropped: Counter[str] = Counter()
    for (start, end), places in sorted(islands.items()):
        if not places:
            continue
        part = text[start:end]
        inside = [
            hit._replace(start=hit.start - start, end=hit.end - start) for hit in known if start <= hit.start < end
        ]
        found = deep.search_encoded(part, long_runs(part), inside, name=name, first_layer=first_layer)
        first_layer = found.last_layer
        hits += [hit._replace(start=hit.start + start, end=hit.end + start) for hit in found.hits]
        zones += [_around(place, len(text)) for place in places]
        dropped.update(found.dropped)
        skipped += found.skipped
    return Renewed(Encoded(tuple(hits), tuple(_merged(zones))), dropped, tuple(skipped), first_layer)


def _grown(deep: DeepSearch, text: bytes, seeds: Iterable[Span], zones: Sequence[Span]) -> dict[Span, list[Span]]:
    """Return islands around the seeds, as large as they must be, each with the spans of what is encoded in it."""
    islands: dict[Span, list[Span]] = {}
    todo = _merged(_around(seed, len(text)) for seed in seeds)
    while todo:
        start, end = _with_neighbours(todo.pop(), [*zones, *islands])
        islands = {island: places for island, places in islands.items() if not _overlap(island, (start, end))}
        part = text[start:end]
        spans = deep.encoded_spans(part, long_runs(part))
        if spans is None:
            start, end = 0, len(text)
            return {(start, end): [(start, end)]}
        places = [(start + low, start + high) for low, high in spans]
        wanted = _merged([(start, end), *(_around(place, len(text)) for place in places)])
        if wanted == [(start, end)]:
            islands[start, end] = places
        else:
            todo += wanted
    return islands


def _around(span: Span, size: int) -> Span:
    return max(0, span[0] - NEAR_BYTES), min(size, span[1] + NEAR_BYTES)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that overlap or touch as one."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return out


def _with_neighbours(span: Span, others: Sequence[Span]) -> Span:
    """Return the span grown by every other one that it overlaps, and those that these overlap."""
    while True:
        touched = [span, *(other for other in others if _overlap(span, other))]
        grown = min(low for low, _ in touched), max(high for _, high in touched)
        if grown == span:
            return span
        span = grown
