"""Findings against a baseline: which are known, which only moved, which entries are gone."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from scanner.baseline.document import Baseline
from scanner.baseline.hashing import PLAIN, SLOW, Hasher
from scanner.engine.strength import is_guessable
from scanner.model import BaselineEntry, Finding, Rule

SEAL_GROUPS = 32
SEAL_FROM = 64
"""Guessable secrets from which on a baseline is sealed; below, checking each takes less than a second."""


class Whereabouts(Protocol):
    """What the repository at hand can tell about places; every answer in doubt keeps a finding new."""

    def is_gone(self, path: str, secret: str) -> bool:
        """Return whether the newest state holds no `secret` at `path` any more."""

    def departures(self, findings: Sequence[Finding]) -> Mapping[int, Collection[str]]:
        """Return the paths from which the commit that brought in a finding took the same secret away.

        By index in `findings`; a finding that no commit brought in has none.
        """


class Comparison(NamedTuple):
    """`known` maps indices of findings to entries; `moved` are those of them that stand at another path now."""

    known: Mapping[int, BaselineEntry]
    moved: frozenset[int]
    unmatched: tuple[BaselineEntry, ...]


def rule_code(rule: Rule) -> str:
    """Return four characters that stand for what a rule finds; another pattern is another code."""
    parts = (
        rule.id,
        rule.pattern,
        rule.path_pattern,
        rule.min_entropy_bits,
        rule.companions,
        rule.part_of,
        rule.formats,
        rule.added_filters,
        rule.disabled_filters,
    )
    return base64.urlsafe_b64encode(hashlib.sha256(repr(parts).encode()).digest()[:3]).decode()


def compare(
    baseline: Baseline,
    hasher: Hasher,
    findings: Sequence[Finding],
    families: Mapping[str, str],
    whereabouts: Whereabouts,
) -> Comparison:
    """Return what the baseline knows of `findings`; `families` maps rule ids to families.

    A finding is known if an entry has its secret and its path, or has its secret and the finding is where that
    moved to: the old place is gone, and nothing else took its place. A copy is new.
    """
    match = _Matcher(baseline, hasher, findings, families)
    match.by_seal()
    match.by_place()
    match.by_former_path()
    match.by_commit(whereabouts)
    match.by_elimination(whereabouts)
    left = tuple(entry for number, entry in enumerate(baseline.entries) if number not in match.used)
    return Comparison(match.known, frozenset(match.moved), left)


class _Matcher:
    """The state of one comparison: entries are named by their number, findings by their index."""

    def __init__(
        self, baseline: Baseline, hasher: Hasher, findings: Sequence[Finding], families: Mapping[str, str]
    ) -> None:
        self._baseline, self._hasher, self._findings, self._families = baseline, hasher, findings, families
        self._places = _place_hashes(baseline, hasher, findings)
        self._by_place: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(baseline.entries):
            self._by_place[entry.place_hash].append(number)
        self.known: dict[int, BaselineEntry] = {}
        self.moved: set[int] = set()
        self.used: set[int] = set()

    # --- the same secret at the same path ---

    def by_seal(self) -> None:
        """Take the groups of guessable secrets of which one slow hash proves that all are the known ones."""
        if not self._baseline.seals:
            return
        members: dict[int, list[int]] = defaultdict(list)
        for index, finding in enumerate(self._findings):
            if self._places[index] in self._by_place and is_guessable(finding.secret.value):
                members[seal_group(self._places[index])].append(index)
        entries = _sealed_entries(self._baseline)
        todo = [g for g in self._baseline.seals if self._may_hold(members[g], entries[g])]
        for group, seal in zip(todo, _in_threads(lambda g: self._seal(entries[g], members[g]), todo), strict=True):
            if seal == self._baseline.seals[group]:
                self._take_sealed(members[group])

    def _may_hold(self, indices: Sequence[int], entries: Sequence[BaselineEntry]) -> bool:
        identities = {(entry.secret_hash, entry.place_hash) for entry in entries}
        return bool(indices) and len(self._by_identity(indices)) == len(identities)

    def _by_identity(self, indices: Iterable[int]) -> set[tuple[str, str, str]]:
        return {(self._places[i], self._family(i), self._findings[i].secret.value) for i in indices}

    def _seal(self, entries: Sequence[BaselineEntry], indices: Sequence[int]) -> str:
        return self._hasher.seal(map(_identity, entries), self._by_identity(indices))

    def _take_sealed(self, indices: Sequence[int]) -> None:
        """Pair findings and entries of a proven group: one to one at a place, or any way if verdicts are the same."""
        by_place: dict[str, list[int]] = defaultdict(list)
        for index in indices:
            by_place[self._places[index]].append(index)
        for place, here in by_place.items():
            numbers = [n for n in self._by_place[place] if self._baseline.entries[n].secret_hash[0] == SLOW]
            verdicts = {_verdict(self._baseline.entries[n]) for n in numbers}
            if len(verdicts) == 1 and len({self._baseline.entries[n].rule_id for n in numbers}) == 1:
                for index in here:
                    self.known[index] = self._baseline.entries[numbers[0]]
                self.used.update(numbers)

    def by_place(self) -> None:
        """Take the findings whose path and secret an entry has."""
        todo = [i for i in range(len(self._findings)) if i not in self.known and self._places[i] in self._by_place]
        for index in todo:
            self._take_here(index, lambda i: self._plain(i), PLAIN)
        slow = [i for i in todo if i not in self.known and self._has_kind(self._by_place[self._places[i]], SLOW)]
        self._warm(slow)
        for index in slow:
            self._take_here(index, lambda i: self._slow(i), SLOW)

    def _has_kind(self, numbers: Iterable[int], kind: str) -> bool:
        return any(self._baseline.entries[n].secret_hash[0] == kind for n in numbers)

    def _take_here(self, index: int, hash_of: Callable[[int], str], kind: str) -> None:
        numbers = self._by_place[self._places[index]]
        if not self._has_kind(numbers, kind):
            return
        secret_hash = hash_of(index)
        here = [n for n in numbers if self._baseline.entries[n].secret_hash == secret_hash]
        own = [n for n in here if self._baseline.entries[n].rule_id == self._findings[index].rule_id]
        if here:
            self.known[index] = self._baseline.entries[(own or here)[0]]
            self.used.update(own or here)

    # --- the same secret at another path ---

    def by_former_path(self) -> None:
        """Take the findings whose history tells that they stood at a known path before: a renamed file is one."""
        hashes = {i: value for i, value in self._hashes_elsewhere().items() if self._former_paths(i)}
        wanted = set(hashes.values())
        by_identity = {(e.secret_hash, e.place_hash): e for e in self._baseline.entries if e.secret_hash in wanted}
        for index, secret_hash in hashes.items():
            places = (place_hash(self._hasher, p, self._secret(index)) for p in self._former_paths(index))
            entry = next((by_identity[secret_hash, p] for p in places if (secret_hash, p) in by_identity), None)
            if entry is not None:
                self._move(index, entry)

    def _former_paths(self, index: int) -> list[str]:
        finding = self._findings[index]
        return sorted({one.provenance.path for one in finding.occurrences} - {finding.provenance.path})

    def by_commit(self, whereabouts: Whereabouts) -> None:
        """Take the findings that a commit brought to a path while it took them from a known one, step by step."""
        hashes = self._hashes_elsewhere()
        if not hashes:
            return
        known_places: dict[str, dict[str, BaselineEntry]] = defaultdict(dict)
        for entry in self._baseline.entries:
            known_places[entry.secret_hash].setdefault(entry.place_hash, entry)
        indices = sorted(hashes)
        found = whereabouts.departures([self._findings[i] for i in indices])
        left = {indices[at]: paths for at, paths in found.items()}
        is_moving = True
        while is_moving:
            is_moving = False
            for index in [i for i in left if i not in self.known]:
                places = known_places[hashes[index]]
                secret = self._secret(index)
                hashed = (place_hash(self._hasher, path, secret) for path in sorted(left[index]))
                origin = next((places[place] for place in hashed if place in places), None)
                if origin is not None:
                    self._move(index, origin)
                    places[self._places[index]] = origin
                    is_moving = True

    def by_elimination(self, whereabouts: Whereabouts) -> None:
        """Pair findings at new paths with entries whose place is gone, one entry each, same file names first."""
        hashes = self._hashes_elsewhere()
        gone: dict[str, list[int]] = defaultdict(list)
        wanted = set(hashes.values())
        for number, entry in enumerate(self._baseline.entries):
            if number not in self.used and not entry.was_gone and entry.secret_hash in wanted:
                gone[entry.secret_hash].append(number)
        for secret_hash, numbers in gone.items():
            indices = [i for i, value in hashes.items() if value == secret_hash]
            secret = self._findings[indices[0]].secret.value
            live = [i for i in indices if not whereabouts.is_gone(self._findings[i].provenance.path, secret)]
            left = [n for n in numbers if whereabouts.is_gone(self._baseline.entries[n].path, secret)]
            for index, number in _paired(live, left, self._findings, self._baseline.entries):
                self._move(index, self._baseline.entries[number])
                self.used.add(number)

    def _hashes_elsewhere(self) -> dict[int, str]:
        """Return the hash of each finding that is not known yet and whose secret an entry holds somewhere."""
        left = [i for i in range(len(self._findings)) if i not in self.known]
        known = {entry.secret_hash for entry in self._baseline.entries}
        hashes = {i: value for i in left if (value := self._plain(i)) in known}
        # Slow hashes only where an entry of the family is without its finding: else no move can be.
        free = {
            self._families.get(entry.rule_id, "")
            for number, entry in enumerate(self._baseline.entries)
            if entry.secret_hash[0] == SLOW and number not in self.used
        }
        free |= {self._family(i) for i in self.known if self.known[i].secret_hash[0] == SLOW and self._has_commit(left)}
        slow = [i for i in left if i not in hashes and self._family(i) in free and is_guessable(self._secret(i))]
        self._warm(slow)
        hashes.update({i: value for i in slow if (value := self._slow(i)) in known})
        return hashes

    def _has_commit(self, indices: Iterable[int]) -> bool:
        return any(self._findings[i].provenance.commit for i in indices)

    def _move(self, index: int, entry: BaselineEntry) -> None:
        self.known[index] = entry
        self.moved.add(index)
        self.used.update(n for n in self._by_place[entry.place_hash] if self._baseline.entries[n] == entry)

    # --- hashes ---

    def _secret(self, index: int) -> str:
        return self._findings[index].secret.value

    def _family(self, index: int) -> str:
        return self._families[self._findings[index].rule_id]

    def _plain(self, index: int) -> str:
        return self._hasher.plain(self._family(index), self._secret(index))

    def _slow(self, index: int) -> str:
        return self._hasher.slow(self._family(index), self._secret(index))

    def _warm(self, indices: Sequence[int]) -> None:
        self._hasher.warm([(self._family(i), self._secret(i)) for i in indices])


def place_hash(hasher: Hasher, path: str, secret: str) -> str:
    """Return the hash of a finding's path; a slow one if the path itself holds the secret."""
    return hasher.slow_place(path) if secret in path else hasher.place(path)


def _place_hashes(baseline: Baseline, hasher: Hasher, findings: Sequence[Finding]) -> list[str]:
    if not baseline.entries:
        return [""] * len(findings)
    return [place_hash(hasher, finding.provenance.path, finding.secret.value) for finding in findings]


def _paired(
    indices: Sequence[int], numbers: Sequence[int], findings: Sequence[Finding], entries: Sequence[BaselineEntry]
) -> list[tuple[int, int]]:
    """Return pairs of a finding and an entry, each once: first those with the same file name, then by path."""
    left_indices = sorted(indices, key=lambda i: findings[i].provenance.path)
    left_numbers = sorted(numbers, key=lambda n: entries[n].path)
    pairs = []
    for index in list(left_indices):
        name = _base(findings[index].provenance.path)
        same = next((n for n in left_numbers if _base(entries[n].path) == name), None)
        if same is not None:
            pairs.append((index, same))
            left_indices.remove(index)
            left_numbers.remove(same)
    return [*pairs, *zip(left_indices, left_numbers, strict=False)]


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _identity(entry: BaselineEntry) -> str:
    return f"{entry.rule_id} {entry.secret_hash}:{entry.place_hash}"


def _verdict(entry: BaselineEntry) -> tuple[str, str, str, str]:
    return entry.state, entry.reason, entry.owner, entry.expires


# --- seals -------------------------------------------------------------------------------------------


def seal_group(place: str) -> int:
    """Return the group of a place hash: each is sealed for itself, so a change costs one group only."""
    return int(place[:2], 16) % SEAL_GROUPS


def unsealed_groups(before: Baseline, after: Baseline) -> set[int]:
    """Return the groups of `after` that need a new seal: they hold other entries than in `before`, or had none."""
    old, new = _sealed_entries(before), _sealed_entries(after)
    if sum(map(len, new.values())) < SEAL_FROM:
        return set()
    seals = before.seals or {}
    return {g for g in new if g not in seals or {*map(_identity, old[g])} != {*map(_identity, new[g])}}


def seals_of(
    before: Baseline, after: Baseline, hasher: Hasher, secrets: Mapping[tuple[str, str], tuple[str, str]]
) -> dict[int, str] | None:
    """Return the seals of `after`, or None if it holds too few guessable secrets to need them.

    `secrets` maps (secret hash, place hash) to family and secret for the groups that need a new seal; a group with
    an entry that is not in it stays without one.
    """
    groups = _sealed_entries(after)
    if sum(map(len, groups.values())) < SEAL_FROM:
        return None
    todo = unsealed_groups(before, after)
    whole = [g for g in sorted(todo) if all((e.secret_hash, e.place_hash) in secrets for e in groups[g])]

    def sealed(group: int) -> str:
        entries = groups[group]
        named = {(e.place_hash, *secrets[e.secret_hash, e.place_hash]) for e in entries}
        return hasher.seal(map(_identity, entries), named)

    kept = {g: seal for g, seal in (before.seals or {}).items() if g in groups and g not in todo}
    return {**kept, **dict(zip(whole, _in_threads(sealed, whole), strict=True))}


def _sealed_entries(baseline: Baseline) -> dict[int, list[BaselineEntry]]:
    groups: dict[int, list[BaselineEntry]] = defaultdict(list)
    for entry in baseline.entries:
        if entry.secret_hash[0] == SLOW:
            groups[seal_group(entry.place_hash)].append(entry)
    return groups


def _in_threads(function: Callable[[int], str], values: Sequence[int]) -> list[str]:
    if len(values) < 2:
        return [function(value) for value in values]
    import os
    from concurrent.futures import ThreadPoolExecutor

    # hashlib.scrypt lets go of the interpreter lock, so threads do.
    with ThreadPoolExecutor(min(len(values), os.cpu_count() or 1, 16)) as pool:
        return list(pool.map(function, values))
