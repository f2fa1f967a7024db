"""The facts behind stories: which commits there are, and what they did to the blobs in which something was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scanner.attribution.facts import ABSENT, Change, Facts
from scanner.sources import git
from scanner.sources.ancestry import Ancestry, ancestry, unreachable
from scanner.sources.history import EVERYTHING, boundary_skips
from scanner.sources.tree_changes import Changes, Interest, Journal, Pair, changes_of


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The facts, the first parent of each commit or an empty text, and whether all commits are there.

    `journal` is what git told on the way, if anything.
    """

    facts: Facts
    first_parents: Sequence[str]
    is_whole: bool
    journal: Journal | None = None

    def placed(self) -> set[str]:
        """Return the blobs that some commit has at a path."""
        return {change.after for changes in self.facts.changes.values() for change in changes}


def of_history(
    repository: git.Repository,
    blobs: Collection[str],
    commits: Collection[str],
    *,
    processes: int,
    lists_database: bool = True,
) -> Chronicle:
    """Return the facts of all that refs and reflogs reach; of all commits if some of what was asked is not there.

    `blobs` are those in which something was found, `commits` those in whose own text something was found. Git
    does not end if it is to list a database some of whose objects build on each other in a ring.
    """
    known = ancestry(repository, EVERYTHING)
    journal = Journal()
    changes = changes_of(repository, _first_pairs(known), Interest(blobs), processes=processes, journal=journal)
    if lists_database and known.is_whole and (_unplaced(blobs, changes) or set(commits) - set(known.commits)):
        later = unreachable(repository)
        start = len(known.commits)
        pairs = _first_pairs(later, start)
        more = changes_of(repository, pairs, Interest(blobs), processes=processes, journal=journal)
        known = known.joined(later)
        changes = Changes({**changes.by_commit, **more.by_commit}, changes.holes + more.holes)
    parents = known.numbered()
    facts = Facts(known.commits, parents, changes.by_commit, {}, changes.holes, _cut(repository, known, parents))
    return Chronicle(facts, _first_parents(known), known.is_whole, journal)


def of_range(
    repository: git.Repository, revisions: Sequence[str], blobs: Collection[str], *, processes: int
) -> Chronicle:
    """Return the facts of the commits that `revisions` name; parents outside of them are compared with, too."""
    known = ancestry(repository, revisions)
    changes = changes_of(repository, _first_pairs(known), Interest(blobs), processes=processes)
    parents = known.numbered()
    sides: dict[int, list[list[Change]]] = {}
    for pairs in _side_pairs(known, parents, changes.by_commit):
        found = changes_of(repository, pairs, Interest(blobs))
        for pair in pairs:
            sides.setdefault(pair.number, []).append(found.by_commit.get(pair.number, []))
    facts = Facts(known.commits, parents, changes.by_commit, sides, changes.holes, _shallow(repository, known.commits))
    return Chronicle(facts, _first_parents(known), known.is_whole)


def with_deletions(repository: git.Repository, chronicle: Chronicle) -> Chronicle:
    """Return the facts with every file that a commit of interest deleted: a secret may have come from there."""
    facts = chronicle.facts
    pairs = [Pair(number, facts.commits[number], "") for number in facts.changes if len(facts.parents[number]) == 1]
    found = changes_of(repository, pairs, Interest(_Anything()))
    changes = dict(facts.changes)
    for number, its in found.by_commit.items():
        known = {change.path for change in changes[number]}
        deleted = [change for change in its if not change.after and change.path not in known]
        changes[number] = [*changes[number], *deleted]
    return replace(chronicle, facts=replace(facts, changes=changes))


def with_paths(
    repository: git.Repository, chronicle: Chronicle, paths: Collection[str], *, processes: int
) -> Chronicle:
    """Return the facts with everything that any commit did at `paths`."""
    facts = chronicle.facts
    rows = zip(facts.commits, chronicle.first_parents, strict=True)
    pairs = [Pair(number, commit, parent) for number, (commit, parent) in enumerate(rows)]
    journal = chronicle.journal
    if journal is not None and journal.pairs == len(pairs):
        found = journal.changes_of(Interest((), paths))
    else:
        found = changes_of(repository, pairs, Interest((), paths), processes=processes)
    changes = {number: list(its) for number, its in facts.changes.items()}
    for number, its in found.by_commit.items():
        known = set(changes.get(number, ()))
        changes.setdefault(number, []).extend(change for change in its if change not in known)
    return replace(chronicle, facts=replace(facts, changes=changes))


class _Anything(Collection[str]):
    """A collection that has every object id."""

    def __contains__(self, item: object) -> bool:
        return True

    def __iter__(self) -> Iterable[str]:  # type: ignore[override]
        raise TypeError("everything cannot be listed")

    def __len__(self) -> int:
        return 1 << 60


def _first_pairs(known: Ancestry, start: int = 0) -> list[Pair]:
    rows = zip(known.commits, _first_parents(known), strict=True)
    return [Pair(number, commit, parent) for number, (commit, parent) in enumerate(rows, start)]


def _first_parents(known: Ancestry) -> list[str]:
    return [parents[0] if parents else "" for parents in known.parents]


def _side_pairs(
    known: Ancestry, parents: Sequence[tuple[int, ...]], changes: Mapping[int, object]
) -> Iterable[list[Pair]]:
    """Yield the pairs of changed merges with their second parents, then with their third, if outside."""
    for place in range(1, max(map(len, parents), default=0)):
        pairs = [
            Pair(number, known.commits[number], known.parents[number][place])
            for number in sorted(changes)
            if len(parents[number]) > place and parents[number][place] == ABSENT
        ]
        if pairs:
            yield pairs


def _unplaced(blobs: Collection[str], changes: Changes) -> set[str]:
    return set(blobs) - {change.after for found in changes.by_commit.values() for change in found}


def _cut(repository: git.Repository, known: Ancestry, parents: Sequence[tuple[int, ...]]) -> frozenset[int]:
    lacking = {number for number, its in enumerate(parents) if ABSENT in its}
    return _shallow(repository, known.commits) | lacking


def _shallow(repository: git.Repository, commits: Sequence[str]) -> frozenset[int]:
    if not repository.is_shallow:
        return frozenset()
    boundary = {skip.what for skip in boundary_skips(repository)}
    return frozenset(number for number, commit in enumerate(commits) if commit in boundary)
