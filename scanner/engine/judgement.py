"""What the hits of one blob come to: of those that overlap the best, each with its place and its companions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from scanner.chunks import regions
from scanner.engine.hits import Found, Hit, Hits
from scanner.engine.pairs import Located, pair
from scanner.engine.preference import rank
from scanner.engine.snippets import masked_line
from scanner.model import Match, Rule, Secret

MAX_MATCHES_PER_RULE = 1_000
"""Hits of one rule that are kept from one blob, the first ones; content can be made to match at every byte."""


def judged(rules: Sequence[Rule], data: bytes, found: Hits) -> Found:
    """Return the matches among the hits of one blob: each place once, the best rule where several overlap.

    Of each rule, the first hits up to a cap are kept. `data` is the whole content, as it was searched.
    """
    if not found.hits:
        return _without_hits(rules, found)
    hits = _first_of_each_rule(found)
    kept, worse = _without_overlaps(rules, hits)
    dropped = found.dropped
    dropped["covered by a better match"] += len(worse)
    places = regions(data, {(hit.start, hit.end) for hit in kept})
    kept.sort(key=lambda hit: (hit.start, hit.end, rules[hit.rule].id, hit.secret, hit.decoding))
    lines = [places[hit.start, hit.end].start_line for hit in kept]
    paired = pair([Located(rules[h.rule], lines[i], h.secret, i) for i, h in enumerate(kept)])
    dropped["no companion near"] += paired.alone
    spans = sorted((hit.start, hit.end) for hit in hits)
    return Found(
        matches=tuple(
            Match(
                rule_id=rules[hit.rule].id,
                secret=Secret(hit.secret),
                start=hit.start,
                end=hit.end,
                region=places[hit.start, hit.end],
                snippet=masked_line(data, (hit.start, hit.end), spans),
                checksum_failed=hit.checksum_failed,
                decoding=hit.decoding,
                notes=paired.notes.get(key, ()),
                confidence=hit.confidence,
            )
            for key, hit in enumerate(kept)
            if key in paired.keys
        ),
        dropped=+dropped,
        timed_out=tuple(sorted({rules[rule].id for rule, _ in found.timed_out})),
        capped=tuple(sorted(rules[rule].id for rule in found.capped)),
    )


def _without_hits(rules: Sequence[Rule], found: Hits) -> Found:
    """Return what `judged` does where there is nothing to judge: most blobs."""
    timed_out = {rules[rule].id for rule, _ in found.timed_out}
    capped = {rules[rule].id for rule in found.capped}
    return Found((), found.dropped, tuple(sorted(timed_out)), tuple(sorted(capped)))


def _first_of_each_rule(found: Hits) -> list[Hit]:
    """Return the hits by place, each once and of each rule no more than the cap; note what the cap cut off."""
    taken: Counter[int] = Counter()
    kept = []
    for hit in sorted(set(found.hits), key=lambda hit: (hit.start, hit.end, hit.rule)):
        taken[hit.rule] += 1
        if taken[hit.rule] <= MAX_MATCHES_PER_RULE:
            kept.append(hit)
    found.capped.update(rule for rule, count in taken.items() if count > MAX_MATCHES_PER_RULE)
    return kept


def _without_overlaps(rules: Sequence[Rule], hits: list[Hit]) -> tuple[list[Hit], list[Hit]]:
    """Split hits into the best of each overlapping group and the rest; the same hit twice is one.

    Whether a rule for certain paths counts is not known before the path is, so it takes no other's place here.
    """
    kept = [hit for hit in hits if rules[hit.rule].path_pattern is not None]
    plain = [hit for hit in hits if rules[hit.rule].path_pattern is None]
    worse: list[Hit] = []
    for group in _overlapping(sorted(plain, key=lambda hit: (hit.start, hit.end))):
        taken: list[Hit] = []
        for hit in sorted(group, key=lambda hit: rank(rules[hit.rule], hit)):
            clashes = any(_clash(rules, hit, other) for other in taken)
            (worse if clashes else taken).append(hit)
        kept += taken
    return kept, worse


def _clash(rules: Sequence[Rule], hit: Hit, other: Hit) -> bool:
    """Return whether two hits speak of one secret: they overlap, in what was decoded if both come from there."""
    if hit.layer == other.layer and hit.layer:
        return hit.inner[0] < other.inner[1] and other.inner[0] < hit.inner[1]
    if hit.start >= other.end or other.start >= hit.end:
        return False
    rule, other_rule = rules[hit.rule], rules[other.rule]
    if hit.layer == other.layer or "generic" in rule.tags + other_rule.tags:
        return True
    return hit.secret == other.secret or rule.family == other_rule.family


def _overlapping(hits: list[Hit]) -> Iterator[list[Hit]]:
    """Yield groups of hits, which are sorted by place, whose spans overlap in a chain."""
    group: list[Hit] = []
    high = -1
    for hit in hits:
        if group and hit.start >= high:
            yield group
            group = []
        group.append(hit)
        high = max(high, hit.end) if len(group) > 1 else hit.end
    if group:
        yield group
