"""Where each secret stands at each commit, and what each commit did to it: one pass over the commits.

A *track* is one secret at one path. A *stay* is one unbroken life of a track: each introduction begins one, so that
a secret that goes and comes back has two. Where a secret stands is a bit mask of stays, shared between commits
that agree; a commit that changed nothing of interest costs one list entry.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scanner.attribution.facts import ABSENT, Change, Facts, Hole
from scanner.model import EventKind

_RANK = {EventKind.INTRODUCED: 0, EventKind.REINTRODUCED: 1, EventKind.MOVED: 2, EventKind.REMOVED: 3}


class Track(NamedTuple):
    """A secret, by its number, at a path."""

    secret: int
    path: str


class Step(NamedTuple):
    """What a commit did to a track. `blob` holds the secret after it, or held it before a removal.

    `stays` are those that began or ended; `source` and `left` are the track and the stays that a move comes from.
    """

    kind: EventKind
    track: int
    commit: int
    blob: str
    stays: int
    source: int | None = None
    left: int = 0


@dataclass(frozen=True, slots=True)
class Journey:
    """All tracks and steps, in the order of the commits; per track the mask of its stays; per commit two masks.

    `present` are the stays that the commit's tree holds, `seen` those that its history holds. `first` gives, for
    a track, a content and a stay, the first commit that has all three.
    """

    tracks: tuple[Track, ...]
    stays: tuple[int, ...]
    track_of_stay: tuple[int, ...]
    steps: tuple[Step, ...]
    present: Sequence[int]
    seen: Sequence[int]
    first: Mapping[tuple[int, str, int], int]


def follow(facts: Facts, contents: Mapping[str, frozenset[int]], texts: Mapping[int, Mapping[str, str]]) -> Journey:
    """Return the journey of the secrets that `contents` gives for each blob.

    `texts` gives, per commit, the texts of the commit itself: a description in place of a path -> the key in
    `contents`. A text is never removed: it stands in every later commit's history.
    """
    walk = _Walk(facts, contents)
    for commit in range(len(facts.commits)):
        walk.advance(commit, texts.get(commit))
    return walk.journey()


class _Walk:
    def __init__(self, facts: Facts, contents: Mapping[str, frozenset[int]]) -> None:
        self._facts = facts
        self._contents = contents
        self._tracks: list[Track] = []
        self._numbers: dict[Track, int] = {}
        self._stays: list[int] = []
        self._track_of_stay: list[int] = []
        self._lasting = 0
        self._steps: list[Step] = []
        self._present: list[int] = []
        self._seen: list[int] = []
        self._first: dict[tuple[int, str, int], int] = {}
        self._holes: dict[int, list[Hole]] = defaultdict(list)
        for hole in facts.holes:
            self._holes[hole.commit].append(hole)

    def journey(self) -> Journey:
        return Journey(
            tracks=tuple(self._tracks),
            stays=tuple(self._stays),
            track_of_stay=tuple(self._track_of_stay),
            steps=tuple(self._steps),
            present=self._present,
            seen=self._seen,
            first=self._first,
        )

    def advance(self, commit: int, texts: Mapping[str, str] | None) -> None:
        """Tell what `commit` did, and keep what stands after it."""
        parents = self._facts.parents[commit]
        changes = self._facts.changes.get(commit)
        if len(parents) < 2 and changes is None and texts is None and commit not in self._holes:
            parent = parents[0] if parents else ABSENT
            self._present.append(self._present[parent] if parent != ABSENT else 0)
            self._seen.append(self._seen[parent] if parent != ABSENT else 0)
            return
        step = _Commit(commit, parents, self._present, self._seen)
        gone, held = self._sides(commit, changes or ())
        self._admit_unknown(step, gone, held)
        lost, new = self._compare(step, gone, held)
        self._tell(step, lost, new)
        self._add_texts(step, texts or {}, held)
        for track, content in held.items():
            for stay in bits(step.result & self._stays[track]):
                self._first.setdefault((track, content, stay), commit)
        self._present.append(step.result)
        self._seen.append(step.seen | step.result)

    def _sides(self, commit: int, changes: Iterable[Change]) -> tuple[dict[int, str], dict[int, str]]:
        """Return the tracks that the changed paths held before, and those that they hold now, with their blobs."""
        gone: dict[int, str] = {}
        held: dict[int, str] = {}
        for path, before, after in changes:
            for secret in self._contents.get(before, ()):
                gone[self._track(secret, path)] = before
            for secret in self._contents.get(after, ()):
                held[self._track(secret, path)] = after
        return gone, held

    def _track(self, secret: int, path: str) -> int:
        track = Track(secret, path)
        number = self._numbers.setdefault(track, len(self._tracks))
        if number == len(self._tracks):
            self._tracks.append(track)
            self._stays.append(0)
        return number

    def _begin_stay(self, track: int) -> int:
        bit = 1 << len(self._track_of_stay)
        self._track_of_stay.append(track)
        self._stays[track] |= bit
        return bit

    def _admit_unknown(self, step: _Commit, gone: dict[int, str], held: Mapping[int, str]) -> None:
        """Begin stays, without a step, for what stood in a parent that nobody told about: a range, or a hole."""
        folders = [hole.folder for hole in self._holes.get(step.number, ()) if hole.is_before]
        for track in self._tracks_of(step.base) if folders else ():
            path = self._tracks[track].path
            if track not in held and any(not folder or path.startswith(f"{folder}/") for folder in folders):
                gone.setdefault(track, "")
        for track in gone:
            if not step.base & self._stays[track]:
                step.admit(self._begin_stay(track))
        sides = self._facts.sides.get(step.number, ())
        for track, blob in held.items() if sides else ():
            if not step.before & self._stays[track] and any(self._had(side, track, blob) for side in sides):
                step.admit(self._begin_stay(track))

    def _had(self, side: Sequence[Change], track: int, blob: str) -> bool:
        """Return whether a parent has the secret of `track`: a path that did not change has the same blob."""
        secret, path = self._tracks[track]
        before = next((change.before for change in side if change.path == path), blob)
        return secret in self._contents.get(before, ())

    def _compare(
        self, step: _Commit, gone: Mapping[int, str], held: Mapping[int, str]
    ) -> tuple[dict[int, str], dict[int, str]]:
        """Set what stands after the commit; return the tracks that it ended, and those that it began."""
        lost: dict[int, str] = {}
        new: dict[int, str] = {}
        for track, blob in gone.items():
            if track not in held:
                step.result &= ~self._stays[track]
                if step.is_ended_here(self._stays[track]):
                    lost[track] = blob
        for track, blob in held.items():
            stays = step.before & self._stays[track]
            step.result |= stays
            if not stays:
                new[track] = blob
        # What only other parents have, and the first one never had: it was dropped by this very merge.
        for track in self._tracks_of(step.others & ~step.base & ~step.first_seen & ~step.result & ~self._lasting):
            if step.result & self._stays[track]:
                step.result |= step.others & self._stays[track]
            elif track not in lost and step.is_ended_here(self._stays[track]):
                lost[track] = ""
        step.result |= step.others & self._lasting
        return lost, new

    def _tracks_of(self, stays: int) -> list[int]:
        return list(dict.fromkeys(self._track_of_stay[bit] for bit in bits(stays)))

    def _tell(self, step: _Commit, lost: Mapping[int, str], new: Mapping[int, str]) -> None:
        if not lost and not new:
            return
        moves = _moves(_sorted(lost, self._tracks), _sorted(new, self._tracks), self._tracks)
        ended = {track: step.before & self._stays[track] for track in lost}
        steps = [
            Step(EventKind.REMOVED, track, step.number, lost[track], ended[track])
            for track in lost.keys() - set(moves.values())
        ]
        for track in new:
            came_back = bool(step.seen & self._stays[track])
            stay = self._begin_stay(track)
            step.result |= stay
            if track in moves:
                kind, source = EventKind.MOVED, moves[track]
                steps.append(Step(kind, track, step.number, new[track], stay, source, ended[source]))
            else:
                kind = EventKind.REINTRODUCED if came_back else EventKind.INTRODUCED
                steps.append(Step(kind, track, step.number, new[track], stay))
        self._steps += sorted(steps, key=lambda one: (_RANK[one.kind], self._tracks[one.track]))

    def _add_texts(self, step: _Commit, texts: Mapping[str, str], held: dict[int, str]) -> None:
        for path, key in texts.items():
            for secret in sorted(self._contents.get(key, ())):
                track = self._track(secret, path)
                held[track] = key
                if not step.result & self._stays[track]:
                    bit = self._begin_stay(track)
                    self._lasting |= bit
                    step.result |= bit
                    self._steps.append(Step(EventKind.INTRODUCED, track, step.number, key, bit))


class _Commit:
    """One commit between what stood before it and what stands after it (`result`)."""

    def __init__(self, number: int, parents: Sequence[int], present: Sequence[int], seen: Sequence[int]) -> None:
        self.number = number
        known = [parent for parent in parents if parent != ABSENT]
        first = parents[0] if parents else ABSENT
        self._parents = [(present[parent], seen[parent]) for parent in known]
        self.base = present[first] if first != ABSENT else 0
        self.first_seen = seen[first] if first != ABSENT else 0
        self.others = _union(present[parent] for parent in parents[1:] if parent != ABSENT)
        self.before = self.base | self.others
        self.seen = _union(seen[parent] for parent in known)
        self.result = self.base

    def admit(self, stay: int) -> None:
        """Take `stay` as one that the first parent has."""
        self.base |= stay
        self.before |= stay
        self.seen |= stay
        self.result |= stay

    def is_ended_here(self, stays: int) -> bool:
        """Return whether this commit removes `stays`: no parent that lacks them has known and dropped them before.

        So a merge that takes over a removal removes nothing itself, and one that drops what it merges does.
        """
        live = self.before & stays
        return not any(not present & stays and not live & ~seen for present, seen in self._parents)


def _union(masks: Iterable[int]) -> int:
    whole = 0
    for mask in masks:
        whole |= mask
    return whole


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the bits that are set, the lowest first."""
    while mask:
        number = lowest_bit(mask)
        yield number
        mask ^= 1 << number


def lowest_bit(mask: int) -> int:
    """Return the number of the lowest bit that is set; -1 for none."""
    return (mask & -mask).bit_length() - 1


def _sorted(blobs: Mapping[int, str], tracks: Sequence[Track]) -> dict[int, str]:
    return dict(sorted(blobs.items(), key=lambda pair: tracks[pair[0]]))


def _moves(lost: Mapping[int, str], new: Mapping[int, str], tracks: Sequence[Track]) -> dict[int, int]:
    """Return target -> source for each secret that left one path and came to another in one commit.

    The same blob goes first, then the same file name, then the order of the paths.
    """
    moves: dict[int, int] = {}
    sources = dict(lost)
    for likeness in (_by_blob, _by_name, _by_secret):
        alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for track in reversed(sources):
            alike[likeness(tracks[track], sources[track])].append(track)
        for track, blob in new.items():
            if track not in moves and alike.get(key := likeness(tracks[track], blob)):
                moves[track] = alike[key].pop()
                del sources[moves[track]]
    return moves


def _by_blob(track: Track, blob: str) -> tuple[object, ...]:
    return track.secret, blob


def _by_name(track: Track, blob: str) -> tuple[object, ...]:
    return track.secret, posixpath.basename(track.path)


def _by_secret(track: Track, blob: str) -> tuple[object, ...]:
    return (track.secret,)
