"""Whatever the shape of a history, a journey says of each commit what a look at its files says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from scanner.attribution.facts import Facts
from scanner.attribution.threads import is_introduction, places_of

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
        places = places_of(journey, threads)
    assert {(thread.secret, place.path, place.content) for thread in threads for place in places[thread]} == expected
    in_head = {(secret, path) for path, blob in commits[head].tree.items() for secret in CONTENTS[blob]}
    assert in_head <= {(thread.secret, thread.path) for thread in threads}
    for thread in threads:
        stands = {t for t in thread.tracks if journey.stays[t] & thread.mask & journey.present[head]}
        assert len(stands) <= 1
        assert any(map(is_introduction, thread.steps))
