"""Match -> Finding: one finding per secret, rule and path, with an identity that outlives moved lines."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from scanner.engine.entropy import shannon_entropy
from scanner.engine.preference import rank
from scanner.engine.strength import is_wordy
from scanner.environments import TEST, environment, is_filled_in, source_of, template_of
from scanner.model import CONFIDENCES, SEVERITIES, BlobMatches, Finding, Match, Occurrence, Provenance, Rule, Story

_KEY = b"leaksweep fingerprint v1"
_WEAK_BITS = 64
"""A secret estimated below that many bits is stretched, so that a published fingerprint is no quick oracle."""


class Seen(NamedTuple):
    """A match, where its blob was seen, and the order of that commit.

    `home` is the path that names the finding, where it is another one: a renamed file is one finding.
    """

    match: Match
    provenance: Provenance
    order: int
    blob_oid: str | None
    home: str = ""

    @property
    def key(self) -> Key:
        """Return what makes a finding: the rule, the secret, the path that names it."""
        return self.match.rule_id, self.match.secret.value, self.home or self.provenance.path


Key = tuple[str, str, str]


def without_shadowed(seen: Iterable[Seen], rules: Mapping[str, Rule]) -> list[Seen]:
    """Return those that no better rule covers at the same place, in their order.

    The engine cannot weigh a rule for certain paths, so where one counts, it is weighed here.
    """
    seen = list(seen)
    if not any(rules[one.match.rule_id].path_pattern for one in seen):
        return seen
    by_place: dict[tuple[str | None, Provenance, str], list[Seen]] = {}
    for one in seen:
        by_place.setdefault((one.blob_oid, one.provenance, one.match.member), []).append(one)
    shadowed = {id(one) for group in by_place.values() for one in _shadowed(group, rules)}
    return [one for one in seen if id(one) not in shadowed]


def _shadowed(group: Sequence[Seen], rules: Mapping[str, Rule]) -> Iterator[Seen]:
    taken: list[Match] = []
    for one in sorted(group, key=lambda one: rank(rules[one.match.rule_id], one.match)):
        if any(_clash(one.match, other) for other in taken):
            yield one
        else:
            taken.append(one.match)


def _clash(match: Match, other: Match) -> bool:
    """Return whether two matches speak of one secret; a decoded one stands at the place of all that was encoded."""
    if match.start >= other.end or other.start >= match.end:
        return False
    secret, other_secret = match.secret.value, other.secret.value
    if not (match.decoding or other.decoding) or secret in other_secret or other_secret in secret:
        return True
    return _says(other_secret, secret) if len(match.decoding) > len(other.decoding) else _says(secret, other_secret)


def _says(encoded: str, secret: str) -> bool:
    """Return whether `encoded` is base64 of a secret, or of a login with it and nothing else."""
    try:
        text = binascii.a2b_base64(encoded.encode()).decode().strip()
    except ValueError:
        return False
    return text.endswith(secret) and text[: -len(secret)].count(":") == (text != secret)


def build_findings(
    seen: Iterable[Seen], rules: Mapping[str, Rule], stories: Mapping[Key, Story] = MappingProxyType({})
) -> tuple[Finding, ...]:
    """Return one finding per (rule, secret, home), sorted by path and place; the oldest occurrence there is its own."""
    groups: dict[Key, list[Seen]] = {}
    for one in seen:
        groups.setdefault(one.key, []).append(one)
    samples = _samples(groups)
    findings = [
        _finding(sorted(group, key=_age), rules[key[0]], key[2], stories.get(key), _copied_from(key, groups, samples))
        for key, group in groups.items()
    ]
    return tuple(sorted(findings, key=_place))


def _samples(keys: Iterable[Key]) -> dict[str, list[str]]:
    """Return, by secret, the paths for which a template holds it: `a/.env` where it stands in `a/.env.example`."""
    samples: dict[str, list[str]] = {}
    for _, secret, path in keys:
        stands_for = template_of(path)
        if stands_for is not None:
            samples.setdefault(secret, []).append(stands_for)
    return samples


def _age(one: Seen) -> tuple[int, str, str, int]:
    return one.order, one.provenance.commit or "", one.blob_oid or "", one.match.start


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    region = finding.region
    return (
        finding.provenance.path,
        region.start_line,
        region.start_column,
        finding.rule_id,
        finding.fingerprint,
    )


def _copied_from(key: Key, groups: Container[Key], samples: Mapping[str, Sequence[str]]) -> str:
    """Return what beside the path of a finding tells of the same secret already: `template`, `source`, or nothing."""
    rule_id, secret, path = key
    if any(is_filled_in(path, filled) for filled in samples.get(secret, ())):
        return "template"
    source = source_of(path)
    return "source" if source and (rule_id, secret, source) in groups else ""


def _finding(group: Sequence[Seen], rule: Rule, home: str, story: Story | None, copied_from: str = "") -> Finding:
    first = next((one for one in group if one.provenance.path == home), group[0])
    failed = all(one.match.checksum_failed for one in group)
    confidence = _one_lower(_confidence(group, rule)) if failed else _confidence(group, rule)
    notes = ("the checksum does not fit: probably an example",) if failed else ()
    if confidence == "medium" and _is_made_up(first.match.secret.value, rule, home):
        confidence, notes = "low", (*notes, "in tests or documentation, and not random: probably made up")
    elif rule.checksum is None and copied_from:
        confidence, notes = _one_lower(confidence), (*notes, f"the {copied_from} beside it has the same value")
    return Finding(
        rule_id=rule.id,
        severity="low" if failed else rule.severity,
        confidence=confidence,
        message=f"{rule.name}. {rule.description}",
        secret=first.match.secret,
        region=first.match.region,
        provenance=first.provenance,
        fingerprint=fingerprint(rule.family, first.match.secret.value, home),
        snippet=first.match.snippet,
        occurrences=tuple(Occurrence(one.provenance, one.match.region, one.blob_oid) for one in group),
        notes=(*notes, *first.match.notes),
        story=story,
        decoding=first.match.decoding,
    )


def _is_made_up(secret: str, rule: Rule, path: str) -> bool:
    """Return whether a test or a page of documentation made the secret up: words, or a hash, and of no proven form."""
    if rule.checksum is not None or environment(path) != TEST:
        return False
    return is_wordy(secret) or "password-hash" in rule.tags


def _one_lower(confidence: str) -> str:
    return CONFIDENCES[min(CONFIDENCES.index(confidence) + 1, len(CONFIDENCES) - 1)]


def _confidence(group: Sequence[Seen], rule: Rule) -> str:
    """Return the best confidence that a match of the group earned, or the rule's own."""
    return min((one.match.confidence or rule.confidence for one in group), key=CONFIDENCES.index)


def fingerprint(family: str, secret: str, path: str) -> str:
    """Return the identity of a finding: a keyed hash of rule family and secret, and one of the path.

    32 and 16 hex digits, joined by a colon; no line number and no commit goes in.
    """
    place = hmac.new(_KEY, b"path\0" + _encoded(path), hashlib.sha256).hexdigest()
    return f"{_secret_hash(family, secret)}:{place[:16]}"


@lru_cache(maxsize=4096)
def _secret_hash(family: str, secret: str) -> str:
    data = b"secret\0" + family.encode() + b"\0" + _encoded(secret)
    if shannon_entropy(secret) * len(secret) < _WEAK_BITS:
        # N=1024, r=8 is about 1 MiB and a few milliseconds (RFC 7914, section 2).
        data = hashlib.scrypt(data, salt=_KEY, n=1 << 10, r=8, p=1, dklen=32)
    return hmac.new(_KEY, data, hashlib.sha256).hexdigest()[:32]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def split_by_threshold(
    findings: Iterable[Finding], *, min_severity: str, min_confidence: str
) -> tuple[tuple[Finding, ...], int]:
    """Return the findings at or above both thresholds, and how many are below."""
    severity, confidence = SEVERITIES.index(min_severity), CONFIDENCES.index(min_confidence)
    findings = tuple(findings)
    kept = tuple(
        finding
        for finding in findings
        if SEVERITIES.index(finding.severity) <= severity and CONFIDENCES.index(finding.confidence) <= confidence
    )
    return kept, len(findings) - len(kept)


def seen_in(blob: BlobMatches, places: Iterable[tuple[Provenance, int]]) -> list[Seen]:
    """Return every match of a blob at every place of the blob."""
    return [Seen(match, _inside(source, match), order, blob.oid) for source, order in places for match in blob.matches]


def _inside(source: Provenance, match: Match) -> Provenance:
    """Return the provenance of a match: that of its blob, or of the member of a container, `outer.zip!inner/path`."""
    return replace(source, path=f"{source.path}!{match.member}") if match.member else source
