"""Findings -> entries: what a baseline notes down of them, and how it is brought up to date."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scanner.baseline.document import Baseline
from scanner.baseline.hashing import Cost, Hasher
from scanner.baseline.matching import Comparison, place_hash, rule_code, seal_group, seals_of, unsealed_groups
from scanner.engine.strength import is_guessable
from scanner.model import MASK_CHARACTERS, BaselineEntry, Finding, Rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of a finding."""

    state: str = "known"
    reason: str = ""
    owner: str = ""
    expires: str = ""


class Recorder:
    """Makes entries under one baseline's hasher; `hide` masks secrets in paths."""

    def __init__(
        self,
        hasher: Hasher,
        families: Mapping[str, str],
        *,
        ruleset: str,
        hide: Callable[[str], str],
        is_gone: Callable[[str, str], bool],
    ) -> None:
        self._hasher, self._families = hasher, families
        self._ruleset, self._hide, self._is_gone = ruleset, hide, is_gone

    def warm(self, findings: Iterable[Finding]) -> None:
        """Compute the slow hashes of many findings at once, on every core."""
        self._hasher.warm(
            [(self._families[f.rule_id], f.secret.value) for f in findings if is_guessable(f.secret.value)]
        )

    def entry(self, finding: Finding, verdict: Verdict) -> BaselineEntry:
        """Return the entry that notes down a finding."""
        secret, path = finding.secret.value, finding.provenance.path
        return BaselineEntry(
            rule_id=finding.rule_id,
            path=self._hide(path),
            secret_hash=self._hasher.secret(self._families[finding.rule_id], secret),
            place_hash=place_hash(self._hasher, path, secret),
            # The first characters of a passphrase would shorten the search for the rest.
            hint="*" * MASK_CHARACTERS if is_guessable(secret) else finding.secret.mask,
            state=verdict.state,
            reason=verdict.reason,
            owner=verdict.owner,
            expires=verdict.expires,
            ruleset=self._ruleset,
            was_gone=self._is_gone(path, secret),
        )

    def moved(self, finding: Finding, entry: BaselineEntry) -> BaselineEntry:
        """Return an entry at the place where its secret stands now."""
        path = finding.provenance.path
        return replace(
            entry,
            path=self._hide(path),
            place_hash=place_hash(self._hasher, path, finding.secret.value),
            was_gone=self._is_gone(path, finding.secret.value),
        )


def empty_baseline(path: str, *, key: str, scope: str) -> Baseline:
    """Return a baseline without entries under a fresh random salt."""
    hasher = Hasher(secrets.token_bytes(16), key=key)
    return Baseline(path, hasher.salt, Cost(), hasher.check(), scope)


def updated(
    baseline: Baseline, findings: Sequence[Finding], compared: Comparison, recorder: Recorder, verdict: Verdict
) -> tuple[BaselineEntry, ...]:
    """Return the entries of a baseline that knows all of `findings`: old ones as they are, moved ones moved.

    What the scan did not find stays, since the scan may have looked at less: pruning is a decision of its own.
    """
    new = [i for i in range(len(findings)) if i not in compared.known]
    recorder.warm(findings[i] for i in new)
    stay = {id(entry) for i, entry in compared.known.items() if i not in compared.moved}
    left = {id(compared.known[i]) for i in compared.moved} - stay
    entries = [entry for entry in baseline.entries if id(entry) not in left]
    entries += [recorder.moved(findings[i], compared.known[i]) for i in sorted(compared.moved)]
    entries += [recorder.entry(findings[i], verdict) for i in new]
    return tuple({(e.rule_id, e.secret_hash, e.place_hash): e for e in entries}.values())


def finished(
    before: Baseline,
    entries: Sequence[BaselineEntry],
    findings: Sequence[Finding],
    hasher: Hasher,
    families: Mapping[str, str],
    *,
    rules: frozenset[str],
) -> Baseline:
    """Return the baseline with these entries and rules, and with new seals where its entries are others now."""
    after = replace(before, entries=tuple(entries), rules=rules, seals=None)
    groups = unsealed_groups(before, after)
    secrets_of = {}
    for finding in findings if groups else ():
        family, secret = families[finding.rule_id], finding.secret.value
        place = place_hash(hasher, finding.provenance.path, secret)
        if seal_group(place) in groups and is_guessable(secret):
            secrets_of[hasher.slow(family, secret), place] = family, secret
    return replace(after, seals=seals_of(before, after, hasher, secrets_of))


def codes_of(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the codes of rules, as a baseline keeps them."""
    return frozenset(map(rule_code, rules))
