"""Whatever the shape of a history, a journey says of each commit what a look at its files says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.attribution.facts import HEAD, Change, Facts, Ref
from scanner.attribution.journey import Journey, Track, follow
from scanner.attribution.stories import Standing
from scanner.attribution.threads import is_introduction, places_of, threads_of
from scanner.model import EventKind, State

PATHS = ("a", "b", "d/c")
CONTENTS = {"one": frozenset({0}), "two": frozenset({0}), "both": frozenset({0, 1}), "none": frozenset()}


class Commit(NamedTuple):
    parents: tuple[int, ...]
    tree: dict[str, str]


@st.composite
def histories(draw: st.DrawFn) -> list[Commit]:
    """Draw commits, parents before children, each with any tree at all."""
    commits: list[Commit] = []
    trees = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(sorted(CONTENTS)), max_size=3)
    for number in range(draw(st.integers(1, 9))):
        parents = st.lists(st.integers(0, number - 1), unique=True, max_size=3) if number else st.just([])
        commits.append(Commit(tuple(draw(parents)), draw(trees)))
    return commits


def facts_of(commits: Sequence[Commit]) -> Facts:
    changes = {}
    for number, commit in enumerate(commits):
        before = commits[commit.parents[0]].tree if commit.parents else {}
        found = [
            Change(path, before.get(path, ""), commit.tree.get(path, ""))
            for path in sorted(before.keys() | commit.tree.keys())
            if before.get(path) != commit.tree.get(path)
        ]
        if any(CONTENTS.get(blob) for change in found for blob in change[1:]):
            changes[number] = found
    return Facts([str(number) for number in range(len(commits))], [c.parents for c in commits], changes)


def has(commit: Commit, track: Track) -> bool:
    return track.secret in CONTENTS.get(commit.tree.get(track.path, ""), ())


def ancestors(commits: Sequence[Commit], number: int) -> set[int]:
    found = {number}
    for parent in commits[number].parents:
        found |= ancestors(commits, parent)
    return found


def travelled(commits: Sequence[Commit]) -> Journey:
    return follow(facts_of(commits), CONTENTS, {})


@settings(max_examples=150, deadline=None)
@given(histories())
def test_what_stands_at_a_commit_is_what_its_tree_holds(commits: list[Commit]) -> None:
    journey = travelled(commits)
    for number, commit in enumerate(commits):
        for track, stays in zip(journey.tracks, journey.stays, strict=True):
            assert bool(journey.present[number] & stays) == has(commit, track)
            known = any(has(commits[one], track) for one in ancestors(commits, number))
            assert bool(journey.seen[number] & stays) == known


@settings(max_examples=150, deadline=None)
@given(histories())
def test_a_step_is_where_a_secret_comes_or_goes(commits: list[Commit]) -> None:
    journey = travelled(commits)
    came = {(step.commit, step.track) for step in journey.steps if step.kind is not EventKind.REMOVED}
    left = {(step.commit, step.track) for step in journey.steps if step.kind is EventKind.REMOVED}
    left |= {(step.commit, step.source) for step in journey.steps if step.source is not None}
    for number, commit in enumerate(commits):
        for place, track in enumerate(journey.tracks):
            before = [has(commits[parent], track) for parent in commit.parents]
            assert ((number, place) in came) == (has(commit, track) and not any(before))
            if not has(commit, track) and before and all(before):
                assert (number, place) in left
            if (number, place) in left:
                assert any(before)
                assert not has(commit, track)


@settings(max_examples=150, deadline=None)
@given(histories(), st.data())
def test_states_and_refs_are_those_of_the_files(commits: list[Commit], data: st.DataObject) -> None:
    journey = travelled(commits)
    tips = {name: data.draw(st.integers(0, len(commits) - 1)) for name in (HEAD, "refs/heads/b", "refs/tags/t")}
    refs = [Ref(name, str(tip), str(tip)) for name, tip in tips.items()]
    standing = Standing(journey, facts_of(commits), refs)
    for track, stays in zip(journey.tracks, journey.stays, strict=True):
        present = {name for name, tip in tips.items() if has(commits[tip], track)}
        seen = {n for n, tip in tips.items() if any(has(commits[one], track) for one in ancestors(commits, tip))}
        reach = standing.reach(stays)
        assert (bool(reach.branches), bool(reach.tags)) == ("refs/heads/b" in seen, "refs/tags/t" in seen)
        assert standing.state(stays) is expected_state(present, seen)


def expected_state(present: set[str], seen: set[str]) -> State:
    if HEAD in present:
        return State.IN_HEAD
    if "refs/heads/b" in present or (present and not seen & {HEAD, "refs/heads/b"}):
        return State.ON_OTHER_REFS
    return State.REMOVED if seen else State.UNREACHABLE


@settings(max_examples=150, deadline=None)
@given(histories(), st.data())
def test_every_place_has_a_thread_and_every_path_in_head_one_of_its_own(
    commits: list[Commit], data: st.DataObject
) -> None:
    journey = travelled(commits)
    head = data.draw(st.integers(0, len(commits) - 1))
    mask = journey.present[head]
    threads = threads_of(journey, head=mask, tips=mask, is_wanted=lambda secret, path: True)
    expected = {
        (secret, path, blob) for commit in commits for path, blob in commit.tree.items() for secret in CONTENTS[blob]
    }
    places = places_of(journey, threads)
    assert {(thread.secret, place.path, place.content) for thread in threads for place in places[thread]} == expected
    in_head = {(secret, path) for path, blob in commits[head].tree.items() for secret in CONTENTS[blob]}
    assert in_head <= {(thread.secret, thread.path) for thread in threads}
    for thread in threads:
        assert len({track for track in thread.tracks if journey.stays[track] & thread.mask & mask}) <= 1
        assert any(map(is_introduction, thread.steps))
