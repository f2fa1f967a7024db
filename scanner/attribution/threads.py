"""Tracks -> threads: the paths that one secret took from rename to rename are one finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanner.attribution.journey import Journey, Step, bits, lowest_bit
from scanner.model import EventKind


@dataclass(frozen=True, slots=True, eq=False)
class Thread:
    """The tracks of one secret that are one story; `path` is where it stands, or stood last."""

    secret: int
    path: str
    tracks: tuple[int, ...]
    steps: tuple[Step, ...]
    mask: int


def threads_of(journey: Journey, *, head: int, tips: int, is_wanted: Callable[[int, str], bool]) -> tuple[Thread, ...]:
    """Return the threads that have a path which `is_wanted`, in the order in which they began.

    `head` is the mask of the stays in HEAD: a secret that stands there at two paths is two findings, however it
    got there. `tips` is that of all refs.
    """
    root = _joined(journey, head)
    masks: dict[int, int] = {}
    tracks: dict[int, dict[int, None]] = {}
    steps: dict[int, list[Step]] = {}
    for stay, track in enumerate(journey.track_of_stay):
        masks[root[stay]] = masks.get(root[stay], 0) | 1 << stay
        tracks.setdefault(root[stay], {})[track] = None
    for step in journey.steps:
        for part in _parts(step, root):
            steps.setdefault(root[lowest_bit(part.stays)], []).append(part)
    threads = []
    for group, mask in masks.items():
        wanted = [track for track in tracks[group] if is_wanted(*journey.tracks[track])]
        last = {step.track: number for number, step in enumerate(steps.get(group, ()))}

        def standing(track: int, mask: int = mask, last: dict[int, int] = last) -> tuple[bool, bool, int]:
            stays = journey.stays[track] & mask
            return bool(stays & head), bool(stays & tips), last.get(track, -1)

        if wanted:
            secret, path = journey.tracks[max(wanted, key=standing)]
            threads.append(Thread(secret, path, tuple(tracks[group]), tuple(steps.get(group, ())), mask))
    return tuple(threads)


def _parts(step: Step, root: Sequence[int]) -> Iterable[Step]:
    """Return a step as it is, or a move between two threads as what it is for each: a removal, an introduction."""
    if step.kind is not EventKind.MOVED or root[lowest_bit(step.left)] == root[lowest_bit(step.stays)]:
        return (step,)
    source = step.track if step.source is None else step.source
    gone = Step(EventKind.REMOVED, source, step.commit, "", step.left)
    return gone, step._replace(kind=EventKind.INTRODUCED, source=None, left=0)


def _joined(journey: Journey, head: int) -> Sequence[int]:
    """Return the representative of each stay: moves join stays, and so do returns to a path; the latest goes first.

    Stays that are in HEAD at different paths are never joined.
    """
    groups = _Groups(journey, head)
    for step in reversed(journey.steps):
        if step.kind is EventKind.MOVED:
            for source in bits(step.left):
                groups.join(lowest_bit(step.stays), source)
    for stays in journey.stays:
        first, *others = bits(stays)
        for stay in others:
            groups.join(first, stay)
    return [groups.find(stay) for stay in range(len(journey.track_of_stay))]


class _Groups:
    """Stays, joined (union-find); a group knows at which track it stands in HEAD."""

    def __init__(self, journey: Journey, head: int) -> None:
        self._parent = list(range(len(journey.track_of_stay)))
        self._in_head = [track if head >> stay & 1 else None for stay, track in enumerate(journey.track_of_stay)]

    def find(self, stay: int) -> int:
        while self._parent[stay] != stay:
            self._parent[stay] = self._parent[self._parent[stay]]
            stay = self._parent[stay]
        return stay

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        here, there = self._in_head[low], self._in_head[high]
        if low != high and (here is None or there is None or here == there):
            self._parent[high] = low
            self._in_head[low] = there if here is None else here


class FirstPlace(NamedTuple):
    """A content at a path, and the first commit that has it there."""

    path: str
    content: str
    commit: int


def places_of(journey: Journey, threads: Iterable[Thread]) -> Mapping[Thread, list[FirstPlace]]:
    """Return the places of each thread, in the order of the commits."""
    owner = {stay: thread for thread in threads for stay in bits(thread.mask)}
    places: dict[Thread, dict[tuple[str, str], int]] = {thread: {} for thread in owner.values()}
    for (track, content, stay), commit in sorted(journey.first.items(), key=lambda item: (item[1], item[0])):
        if stay in owner:
            places[owner[stay]].setdefault((journey.tracks[track].path, content), commit)
    return {thread: [FirstPlace(*key, commit) for key, commit in its.items()] for thread, its in places.items()}


def is_introduction(step: Step) -> bool:
    """Return whether a secret came with the commit, and from no other path."""
    return step.kind in (EventKind.INTRODUCED, EventKind.REINTRODUCED)
