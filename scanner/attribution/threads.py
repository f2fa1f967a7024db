"""Tracks -> threads: the paths that one secret took from rename to rename are one finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanner.attribution.journey import Journey, Step, Track
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
    """Return the threads that have a path which `is_wanted`, in the order of their first tracks.

    `head` is the mask of the stays in HEAD: a secret that stands there at two paths is two findings, however it
    got there. `tips` is that of all refs.
    """
    last = {step.track: number for number, step in enumerate(journey.steps)}
    steps: dict[int, list[Step]] = {}
    groups: dict[int, list[int]] = {}
    root = _joined(journey, head)
    for track in range(len(journey.tracks)):
        groups.setdefault(root[track], []).append(track)
    for step in journey.steps:
        steps.setdefault(root[step.track], []).append(step)

    def standing(track: int) -> tuple[bool, bool, int, int]:
        stays = journey.stays[track]
        return bool(stays & head), bool(stays & tips), last.get(track, -1), track

    threads = []
    for group, tracks in groups.items():
        wanted = [track for track in tracks if is_wanted(*journey.tracks[track])]
        if wanted:
            secret, path = journey.tracks[max(wanted, key=standing)]
            mask = 0
            for track in tracks:
                mask |= journey.stays[track]
            threads.append(Thread(secret, path, tuple(tracks), tuple(steps.get(group, ())), mask))
    return tuple(threads)


def _joined(journey: Journey, head: int) -> Sequence[int]:
    """Return the representative of each track: moves join tracks, the latest first, but never two in HEAD."""
    parent = list(range(len(journey.tracks)))
    in_head = [bool(stays & head) for stays in journey.stays]

    def find(track: int) -> int:
        while parent[track] != track:
            parent[track] = parent[parent[track]]
            track = parent[track]
        return track

    for step in reversed(journey.steps):
        if step.kind is not EventKind.MOVED or step.source is None:
            continue
        one, other = find(step.track), find(step.source)
        if one != other and not (in_head[one] and in_head[other]):
            low, high = sorted((one, other))
            parent[high] = low
            in_head[low] = in_head[low] or in_head[high]
    return [find(track) for track in range(len(parent))]


class FirstPlace(NamedTuple):
    """A content at a path, and the first commit that has it there."""

    path: str
    content: str
    commit: int


def places_of(
    journey: Journey, threads: Iterable[Thread], contents: Mapping[str, frozenset[int]]
) -> Mapping[Thread, list[FirstPlace]]:
    """Return the places of each thread, in the order of the commits."""
    numbers = {track: number for number, track in enumerate(journey.tracks)}
    owner = {track: thread for thread in threads for track in thread.tracks}
    places: dict[Thread, list[FirstPlace]] = {thread: [] for thread in owner.values()}
    for (path, content), commit in sorted(journey.first.items(), key=lambda item: (item[1], item[0])):
        for secret in contents.get(content, ()):
            thread = owner.get(numbers[Track(secret, path)])
            if thread is not None:
                places[thread].append(FirstPlace(path, content, commit))
    return places


def is_introduction(step: Step) -> bool:
    """Return whether a secret came with the commit, and from no other path."""
    return step.kind in (EventKind.INTRODUCED, EventKind.REINTRODUCED)
