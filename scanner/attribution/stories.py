"""A thread and the facts -> its story: state, refs, dates, and what is not known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from scanner.attribution.facts import ABSENT, HEAD, Facts, Ref
from scanner.attribution.journey import Journey, Step
from scanner.attribution.threads import Thread, is_introduction
from scanner.model import CommitStamp, EventKind, Occurrence, State, Story, StoryEvent

DAY_S = 86_400
_BRANCHES = ("refs/heads/", "refs/remotes/")
_NO_DATE_S = DAY_S
"""Dates of the first day of 1970 are those of tools that had none."""


class Reach(NamedTuple):
    """Which refs have a secret: in their history, by kind, and in their newest commit."""

    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    other_refs: tuple[str, ...] = ()
    present_in: tuple[str, ...] = ()

    @classmethod
    def of(cls, seen: Iterable[str], present: Iterable[str]) -> Self:
        """Return the reach of refs with full names; HEAD stands for a ref of its own only in `present_in`."""
        kinds: dict[str, list[str]] = {"branches": [], "tags": [], "other_refs": []}
        for name in sorted(set(seen) - {HEAD}):
            kind = (
                "branches" if name.startswith(_BRANCHES) else "tags" if name.startswith("refs/tags/") else "other_refs"
            )
            kinds[kind].append(_short(name))
        branches, tags, other_refs = map(tuple, kinds.values())
        return cls(branches, tags, other_refs, tuple(sorted(map(_short, present))))


class Standing:
    """What the refs reach: masks of stays, and from these the state and the refs of each thread."""

    def __init__(self, journey: Journey, facts: Facts, refs: Iterable[Ref]) -> None:
        numbers = {commit: number for number, commit in enumerate(facts.commits)}
        tips = [(ref, numbers[ref.commit]) for ref in refs if ref.commit in numbers]
        branches = [tip for ref, tip in tips if ref.name.startswith(_BRANCHES) or ref.name == HEAD]
        self.head = next((journey.present[tip] for ref, tip in tips if ref.name == HEAD), 0)
        self.branches = _union(journey.present[tip] for tip in branches)
        self.tips = _union(journey.present[tip] for _, tip in tips)
        self._in_branches = _union(journey.seen[tip] for tip in branches)
        self._in_refs = _union(journey.seen[tip] for _, tip in tips)
        self._present = _by_mask((ref, journey.present[tip]) for ref, tip in tips)
        self._seen = _by_mask((ref, journey.seen[tip]) for ref, tip in tips)
        self._cache: dict[tuple[int, int], Reach] = {}

    def state(self, mask: int) -> State:
        """Return where the stays of `mask` are today.

        A tag on an old commit, a stash or the ref of a pull request stands still: what a branch has removed is
        removed, although they still have it; they count for what no branch ever had.
        """
        if mask & self.head:
            return State.IN_HEAD
        if mask & self.branches or (mask & self.tips and not mask & self._in_branches):
            return State.ON_OTHER_REFS
        return State.REMOVED if mask & self._in_refs else State.UNREACHABLE

    def reach(self, mask: int) -> Reach:
        """Return the refs that have any of the stays of `mask`."""
        key = _hits(mask, self._seen), _hits(mask, self._present)
        if key not in self._cache:
            self._cache[key] = Reach.of(_chosen(self._seen, key[0]), _chosen(self._present, key[1]))
        return self._cache[key]


def _by_mask(masks: Iterable[tuple[Ref, int]]) -> list[tuple[int, list[str]]]:
    names: dict[int, list[str]] = {}
    for ref, mask in masks:
        if mask:
            names.setdefault(mask, []).append(ref.name)
    return list(names.items())


def _hits(mask: int, groups: Sequence[tuple[int, list[str]]]) -> int:
    return _union(1 << number for number, (other, _) in enumerate(groups) if other & mask)


def _chosen(groups: Sequence[tuple[int, list[str]]], hits: int) -> list[str]:
    return [name for number, (_, names) in enumerate(groups) if hits >> number & 1 for name in names]


def _short(name: str) -> str:
    for kind in (*_BRANCHES, "refs/tags/"):
        if name.startswith(kind):
            return name[len(kind) :]
    return name


def _union(masks: Iterable[int]) -> int:
    whole = 0
    for mask in masks:
        whole |= mask
    return whole


@dataclass(frozen=True, slots=True)
class Teller:
    """All that stories have in common.

    `stamp_of` gives the stamp of a commit by its number, `line_of` the line of a secret in a blob, where it is known.
    """

    journey: Journey
    facts: Facts
    standing: Standing
    stamp_of: Callable[[int], CommitStamp]
    line_of: Callable[[int, str], int | None]
    now_s: int
    is_whole: bool
    is_range: bool = False

    def story(self, thread: Thread, *, blob_count: int, current: Occurrence | None) -> Story:
        """Return the story of `thread`."""
        steps = self._in_order(thread)
        events = tuple(self._event(step) for step in steps)
        state = self.standing.state(thread.mask)
        reach = Reach() if self.is_range else self.standing.reach(thread.mask)
        told = Story(state, events, *reach, current=current, blob_count=blob_count)
        span = _span(told, self.now_s)
        return replace(
            told,
            exposure_days=span.days,
            has_doubtful_dates=has_doubtful_dates(events, self.now_s),
            unknowns=tuple(dict.fromkeys((*self._unknowns(thread, told), *span.unknowns))),
        )

    def _in_order(self, thread: Thread) -> Sequence[Step]:
        """Return the steps in the order of the commits, but first of all the introduction that is the first.

        That is one whose commit's history did not have the secret yet; of several, on branches that do not know
        each other, the one with the earliest committer date.
        """
        first = [step for step in thread.steps if is_introduction(step) and not self._is_known_before(step, thread)]
        if len(first) < 2:
            return thread.steps
        chosen = min(first, key=lambda step: _committed(self.stamp_of(step.commit)) or self.now_s)
        return chosen, *(step for step in thread.steps if step is not chosen)

    def _is_known_before(self, step: Step, thread: Thread) -> bool:
        parents = self.facts.parents[step.commit]
        return any(self.journey.seen[parent] & thread.mask for parent in parents if parent != ABSENT)

    def _event(self, step: Step) -> StoryEvent:
        track = self.journey.tracks[step.track]
        return StoryEvent(
            kind=step.kind,
            path=track.path,
            commit=self.stamp_of(step.commit),
            start_line=self.line_of(track.secret, step.blob),
            from_path=None if step.source is None else self.journey.tracks[step.source].path,
        )

    def _unknowns(self, thread: Thread, told: Story) -> Iterable[str]:
        first = thread.steps[0] if thread.steps else None
        if first is None or not is_introduction(first):
            yield "it was there before the commits that could be looked at"
        cut = [step.commit for step in thread.steps if step.commit in self.facts.cut and is_introduction(step)]
        for commit in dict.fromkeys(cut):
            yield f"the history is cut off at {self.facts.commits[commit][:12]}: it may be older than that"
        yield from self._holes(thread)
        if not self.is_whole:
            yield "commits are missing, so what happened in them is not known"
        if self.is_range:
            yield "only the commits of the range were looked at"
        if told.state is State.UNREACHABLE:
            yield "since when no branch and no tag reaches it is not recorded"

    def _holes(self, thread: Thread) -> Iterable[str]:
        paths = {self.journey.tracks[track].path for track in thread.tracks}
        for folder in sorted({hole.folder for hole in self.facts.holes}):
            if any(not folder or path.startswith(f"{folder}/") for path in paths):
                commits = len({hole.commit for hole in self.facts.holes if hole.folder == folder})
                what = f"the folder {folder}" if folder else "the files"
                yield f"{what} could not be read around {commits} commit{'s' * (commits != 1)}: dates may be off"


class _Span(NamedTuple):
    days: int | None
    unknowns: tuple[str, ...] = ()


def _span(story: Story, now_s: int) -> _Span:
    """Return the days from the first introduction to the last removal, or to now where it is still there."""
    start, end = story.introduced, story.removed
    if start is None:
        return _Span(None)
    begun = _committed(start.commit)
    if story.state in (State.IN_HEAD, State.ON_OTHER_REFS):
        ended: int | None = now_s
    elif end is None:
        return _Span(None)
    else:
        ended = _committed(end.commit)
    if begun is None or ended is None:
        return _Span(None, ("a commit has no date, so how long it was exposed is not known",))
    if ended < begun:
        return _Span(None, ("the dates run backwards, so how long it was exposed is not known",))
    return _Span((ended - begun) // DAY_S)


def _committed(stamp: CommitStamp) -> int | None:
    return stamp.committer.time_s if stamp.committer else None


def has_doubtful_dates(events: Iterable[StoryEvent], now_s: int) -> bool:
    """Return whether dates of the events cannot all be right, or author and committer are a day or more apart.

    An amended or rebased commit has two dates; which of them tells when the secret came is for a person to judge.
    """
    earliest: int | None = None
    for event in events:
        times = [person.time_s if person else None for person in (event.commit.author, event.commit.committer)]
        known = [time for time in times if time is not None]
        if len(known) < 2 or min(known) < _NO_DATE_S or max(known) > now_s + DAY_S:
            return True
        authored, committed = known
        if authored > committed or committed - authored >= DAY_S:
            return True
        if earliest is None:
            earliest = committed
        elif committed < earliest and event.kind is not EventKind.INTRODUCED:
            return True
    return False
