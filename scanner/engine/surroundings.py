"""What must stand around a literal for a pattern to match there: told by its sequences, checked before it runs.

A common word such as `key` stands on many lines; what follows it, past the rest of the name, tells at once that most
are no assignment. Only necessary conditions are told, so a check never costs a match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Set
from typing import NamedTuple

from scanner.engine.sequences import ALL, OTHER, UPPER, WORD, Item, Sequence, literal_runs

_NAME = WORD | frozenset(b".")
_BLANK = frozenset(b" \t")
_MAX_LEFT_CHARACTERS = 4
_MAX_REACH = 128
_MAX_NAME = 128
_ANYTHING = ALL


class Surroundings(NamedTuple):
    """What to ask of the lower-case text around a literal; an empty text asks nothing.

    `follow` is the source of a pattern for what stands behind it. One of the characters that the class `left` matches
    stands at most `reach` bytes before it.
    """

    follow: str = ""
    left: str = ""
    reach: int = 0


class Check(NamedTuple):
    """The same as functions of the text in lower case, or None."""

    follow: Callable[[bytes, int], object] | None
    left: Callable[[bytes, int, int], object] | None
    reach: int


def surroundings_of(options: Iterable[Sequence], literals: Iterable[str]) -> tuple[Surroundings, ...]:
    """Return, for each literal, what every match has around it; nothing if a sequence holds none of the literals."""
    literals = tuple(literals)
    places: dict[str, list[tuple[Sequence, Sequence]]] = {text: [] for text in literals}
    for items in options:
        found = [(text, before, behind) for text in literals for before, behind in _around(items, text)]
        if not found:
            return tuple(Surroundings() for _ in literals)
        for text, before, behind in found:
            places[text].append((before, behind))
    return tuple(_of_places(places[text]) for text in literals)


def check_of(asked: Surroundings) -> Check | None:
    """Return the check, or None if there is nothing to ask."""
    if not asked.follow and not asked.left:
        return None
    follow = re.compile(asked.follow.encode("latin-1"), re.DOTALL).match if asked.follow else None
    left = re.compile(asked.left.encode("latin-1")).search if asked.left else None
    return Check(follow, left, asked.reach)


def _around(items: Sequence, text: str) -> Iterator[tuple[Sequence, Sequence]]:
    """Yield what stands before and behind each place of the text in the fixed texts of a sequence."""
    for run, start, end in literal_runs(items):
        low = run.lower()
        at = low.find(text)
        while at >= 0:
            before = (*items[:start], *(Item(frozenset([ord(c)])) for c in low[:at]))
            behind = (*(Item(frozenset([ord(c)])) for c in low[at + len(text) :]), *items[end:])
            yield before, behind
            at = low.find(text, at + 1)


def _of_places(places: list[tuple[Sequence, Sequence]]) -> Surroundings:
    if not places:
        return Surroundings()
    follow = _follow([tuple(map(_lowered, behind)) for _, behind in places])
    lefts = [_left(tuple(map(_lowered, before))) for before, _ in places]
    found = [left for left in lefts if left is not None]
    characters = frozenset().union(*(characters for characters, _ in found))
    if len(found) < len(lefts) or len(characters) > _MAX_LEFT_CHARACTERS:
        return Surroundings(follow)
    return Surroundings(follow, _class(characters), max(reach for _, reach in found))


def _lowered(item: Item) -> Item:
    return item._replace(characters=frozenset(c + 32 if c in UPPER else c for c in item.characters))


# --- behind ---------------------------------------------------------------------------------------------


def _follow(behinds: list[Sequence]) -> str:
    """Return a pattern: the rest of the name, what may come next, and behind blanks what may come after that."""
    second: dict[int, frozenset[int]] = {}
    for items in behinds:
        first = _next(items, 0, _NAME)
        if first is None:
            return ""
        for character, at in first:
            after = _next(items, at, _BLANK, begun=character)
            allowed = _ANYTHING if after is None else frozenset(c for c, _ in after)
            second[character] = second.get(character, frozenset()) | allowed
    groups: dict[frozenset[int], set[int]] = {}
    for character, allowed in second.items():
        groups.setdefault(allowed, set()).add(character)
    parts = sorted(_class(ones) + _behind_blanks(allowed) for allowed, ones in groups.items())
    # Where the name goes on and on, nothing is told: a run of words would else be gone through from each of them.
    return rf"[\w.]{{0,{_MAX_NAME}}}+(?:[\w.]|{'|'.join(parts)})"


def _behind_blanks(allowed: frozenset[int]) -> str:
    return "" if allowed >= _ANYTHING else rf"[ \t]*+{_class(allowed)}"


def _next(
    items: Sequence, at: int, skipped: frozenset[int], *, begun: int | None = None
) -> list[tuple[int, int]] | None:
    """Return the characters that can come behind all of those `skipped`, each with the item that takes it.

    None if nothing need come. Item `at` took the character `begun` already, if that is given.
    """
    found: list[tuple[int, int]] = []
    before = skipped if begun is None else skipped | {begun}
    for number in range(at, len(items)):
        item = items[number]
        if item.role == "behind" and item.characters and not item.characters & before:
            return found
        if item.role or not item.high:
            continue
        has_begun = begun is not None and number == at
        if not (has_begun and item.high == 1):
            found += [(character, number) for character in item.characters - skipped]
        if item.low and not has_begun and not item.characters & skipped:
            return found
    return None


# --- before ---------------------------------------------------------------------------------------------


def _left(before: Sequence) -> tuple[frozenset[int], int] | None:
    """Return the fewest characters of which one must stand before, and how far before, in bytes."""
    best: tuple[frozenset[int], int] | None = None
    reach = 0
    for item in reversed(before):
        if item.role:
            continue
        reach += item.high * (4 if OTHER in item.characters else 1)
        if reach > _MAX_REACH:
            break
        if item.low and item.high and (best is None or len(item.characters) < len(best[0])):
            best = item.characters, reach
    return best


def _class(characters: Set[int]) -> str:
    """Return a class of bytes; those of what is not ASCII are all bytes from 128 on."""
    is_negated = len(characters) > len(ALL) // 2
    listed = sorted((ALL - characters if is_negated else characters) - {OTHER})
    has_other = (OTHER in characters) != is_negated
    source = "".join(rf"\x{code:02x}" for code in listed) + (r"\x80-\xff" if has_other else "")
    if not source:
        return r"[\x00-\xff]" if is_negated else r"(?!)"
    return f"[{'^' * is_negated}{source}]"
