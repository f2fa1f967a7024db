"""What is encoded in a version of a text: decoded again only around what changed, carried along elsewhere.

An island is a part of a text with everything in it that can make a difference to what is encoded there: its border
is further from any encoded place than a decoder looks (`triggers.NEAR_BYTES`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from scanner.decoders.triggers import NEAR_BYTES, Span
from scanner.deep import DeepSearch
from scanner.engine.candidates import long_runs
from scanner.engine.matcher import Hit
from scanner.model import Skip
from scanner.sources.deltas import Copy


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


def carried(
    encoded: Encoded, base: bytes, text: bytes, copies: Callable[[], Iterable[Copy]]
) -> tuple[Encoded, list[Span]]:
    """Return what is encoded in a text as it was in its base, by its new place, and where to look again.

    A zone is carried if the text holds it once and in one piece, at an end of the text if it stood there before.
    """
    zones: list[Span] = []
    hits: list[Hit] = []
    broken: list[Span] = []
    for start, end in encoded.zones:
        at = _only_place(text, base[start:end])
        is_intact = at >= 0 and (start > 0 or at == 0) and (end < len(base) or at + end - start == len(text))
        if not is_intact:
            broken.append((start, end))
            continue
        zones.append((at, at + end - start))
        hits += [
            hit._replace(start=hit.start + at - start, end=hit.end + at - start)
            for hit in encoded.hits
            if start <= hit.start < end
        ]
    seeds = list(_images(copies(), broken)) if broken else []
    return Encoded(tuple(hits), tuple(_merged(zones))), seeds


def _only_place(text: bytes, part: bytes) -> int:
    at = text.find(part)
    return at if at < 0 or text.find(part, at + 1) < 0 else -1


def _images(copies: Iterable[Copy], spans: Sequence[Span]) -> Iterator[Span]:
    """Yield the spans of a text to which parts of the sorted, disjoint spans of its base were copied."""
    ends = [end for _, end in spans]
    for place, begin, size in copies:
        for start, end in spans[bisect_right(ends, begin) :]:
            if start >= begin + size:
                break
            yield place + max(start, begin) - begin, place + min(end, begin + size) - begin


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
