"""Matches that belong together: a rule that counts only beside another, a key id that is part of its secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from scanner.model import Companion, Rule, Secret


class Located(NamedTuple):
    """A match by the rule that made it, the line it begins on, and a key that names it."""

    rule: Rule
    line: int
    secret: str
    key: int


class Paired(NamedTuple):
    """The keys of the matches that stand, notes for some of them by key, and how many lacked a companion."""

    keys: frozenset[int]
    notes: Mapping[int, tuple[str, ...]]
    alone: int


def pair(matches: Sequence[Located]) -> Paired:
    """Return what stands of the matches of one blob.

    A rule with `companions` needs a match of one of them near; a rule with `part_of` is told in a note of such a
    match, the nearest, and is then no finding of its own.
    """
    if not any(one.rule.companions or one.rule.part_of for one in matches):
        return Paired(frozenset(one.key for one in matches), {}, 0)
    by_rule: dict[str, list[Located]] = {}
    for one in matches:
        by_rule.setdefault(one.rule.id, []).append(one)
    kept = [one for one in matches if not one.rule.companions or _nearest(one, one.rule.companions, by_rule)]
    whole = {
        one: owner for one in kept if (owner := _nearest(one, one.rule.part_of, by_rule)) is not None and owner in kept
    }
    notes: dict[int, tuple[str, ...]] = {}
    for part, owner in whole.items():
        notes[owner.key] = (*notes.get(owner.key, ()), _note(part))
    stand = frozenset(one.key for one in kept if one not in whole)
    return Paired(stand, notes, len(matches) - len(kept))


def _nearest(one: Located, companions: Iterable[Companion], by_rule: Mapping[str, Sequence[Located]]) -> Located | None:
    near = [
        other
        for companion in companions
        for other in by_rule.get(companion.rule_id, ())
        if abs(other.line - one.line) <= companion.within_lines
    ]
    return min(near, key=lambda other: (abs(other.line - one.line), other.line, other.key), default=None)


def _note(part: Located) -> str:
    return f"{part.rule.name} {Secret(part.secret)} belongs to it, on line {part.line}"
