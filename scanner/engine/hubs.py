"""Places that are cheap to find and near which a secret without a long run of its own stands.

A hub is one character, which `re` finds in half a millisecond per MB (measured), and what must follow it. The
same items make the regular expression and prove that a pattern cannot match without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from scanner.engine.sequences import ALL, DIGITS, OTHER, QUOTES, SPACE, Item, Sequence

_BLANK = Item(frozenset(b" \t"), 0, 32)
_SECOND = Item(frozenset(b"=:>"), 0, 1)
_ESCAPE = Item(frozenset(b"\\"), 0, 3)
_QUOTED_VALUE = Item(ALL - SPACE - frozenset(b"\"'"), 4)
_BARE_VALUE = Item(ALL - QUOTES - SPACE - frozenset(b"(){}[]<>,;$*&|\\"), 8)
_LONG_VALUE = _BARE_VALUE._replace(low=20)
_USER = Item(ALL - SPACE - frozenset(b":/@"), 0, 1024)
_PASSWORD = Item(ALL - SPACE - frozenset(b"@"), 1, 1024)
_DIGIT_WITHIN = 64
_LEAD = (_SECOND, _BLANK, _ESCAPE)
"""What may stand between an operator and the quote or the value behind it."""


_OPERATORS = ("=:", ",(", ">")
"""Operators that are searched for together; each group is one class, so that `re` looks for one character."""


class Hub(NamedTuple):
    """A character, and what must follow; `has_digit` asks for a digit within 64 characters of the last item."""

    name: str
    start: str
    follow: Sequence
    has_digit: bool = False


def _assignments() -> list[Hub]:
    quoted = (*_LEAD, Item(QUOTES), _QUOTED_VALUE)
    lead = (*_LEAD, Item(QUOTES, 0))
    return [
        hub
        for operator in "=:,(>"
        for hub in (
            Hub(f"quoted{operator}", operator, quoted),
            Hub(f"bare{operator}", operator, (*lead, _BARE_VALUE), has_digit=True),
            Hub(f"long{operator}", operator, (*lead, _LONG_VALUE)),
        )
    ]


HUBS = {
    hub.name: hub
    for hub in (*_assignments(), Hub("url", "://", (_USER, Item(frozenset(b":")), _PASSWORD, Item(frozenset(b"@")))))
}


_BY_OPERATOR = {
    ord(operator): [hub for hub in HUBS.values() if hub.start == operator] for operator in "".join(_OPERATORS)
}
_ALL_OPERATORS = frozenset(_BY_OPERATOR)


def hubs_of(items: Sequence) -> list[tuple[int, tuple[str, ...]]]:
    """Return where in the sequence hubs stand: the index of an item, and the names of which one must be there."""
    found = []
    for i, item in enumerate(items):
        if item.role or item.low != 1 or item.high != 1 or not item.characters <= _ALL_OPERATORS:
            continue
        names = _one_for_each(items, i)
        if not names and _stands_at(HUBS["url"].start, items, i):
            names = ("url",) if is_followed(items[i + 3 :], HUBS["url"]) else ()
        if names:
            found.append((i, names))
    return found


def _one_for_each(items: Sequence, at: int) -> tuple[str, ...]:
    """Return a hub for each operator that the item can be, quoted ones first; none if one has no hub."""
    names = []
    for character in items[at].characters:
        fitting = (hub for hub in _BY_OPERATOR[character] if is_followed(items[at + 1 :], hub))
        hub = next(fitting, None)
        if hub is None:
            return ()
        names.append(hub.name)
    return tuple(sorted(names))


def _stands_at(text: str, items: Sequence, at: int) -> bool:
    return all(item[:3] == (frozenset([ord(c)]), 1, 1) for item, c in zip(items[at:], text, strict=False))


def is_followed(items: Sequence, hub: Hub) -> bool:
    """Return whether whatever the items match begins with what the hub asks for; False if in doubt."""
    stage = low = high = 0
    last = hub.follow[-1]
    has_digit = not hub.has_digit
    for item in items:
        is_last = stage + 1 == len(hub.follow)
        if item.role == "digit-ahead" and item.characters <= last.characters:
            has_digit = has_digit or item.high + (high if is_last else 0) <= _DIGIT_WITHIN
        if item.role or not item.high:
            continue
        while not item.characters <= hub.follow[stage].characters:
            if low < hub.follow[stage].low or stage + 1 == len(hub.follow):
                return False
            stage, low, high = stage + 1, 0, 0
        low, high = low + item.low, high + item.high * (4 if OTHER in item.characters else 1)
        if stage + 1 == len(hub.follow) and low >= last.low:
            return has_digit
        if high > hub.follow[stage].high and stage + 1 < len(hub.follow):
            return False
    return False


class Assignments(NamedTuple):
    """The hubs of all operators as one search: `table` maps bytes to classes, and each pattern runs over those.

    A pattern takes the operator only, so that none hides in the value of another. `groups` has the operators and
    the pattern that finds them; what it finds is a hub of one of them, whatever its form.
    """

    table: bytes
    groups: tuple[tuple[str, re.Pattern[bytes]], ...]


def assignments(places: Iterable[str]) -> Assignments:
    """Return the search for those hubs of assignments, made of the same items that prove a pattern needs them."""
    hubs = [HUBS[place] for place in sorted(set(places)) if len(HUBS[place].start) == 1]
    table = _class_table({item.characters for hub in hubs for item in hub.follow})
    behind = frozenset[int]().union(*(_first(hub.follow[len(_LEAD) :]) for hub in hubs))
    lead = _source(_LEAD, behind, table)
    groups = []
    for operators in _OPERATORS:
        own = [hub for hub in hubs if hub.start in operators]
        forms = {(hub.follow[len(_LEAD) :], hub.has_digit): None for hub in own}
        ahead = lead + b"(?:" + b"|".join(_values(forms, table)) + b")"
        operator = _classes(Item(frozenset(map(ord, operators))), table)
        groups += [(operators, re.compile(operator + b"(?=" + ahead + b")"))] if own else []
    return Assignments(table, tuple(groups))


def _values(forms: Iterable[tuple[Sequence, bool]], table: bytes) -> Iterator[bytes]:
    """Yield the source for the forms that begin in one way: first the least that all have, which most places lack."""
    together: dict[tuple[Sequence, frozenset[int]], list[tuple[int, bool]]] = {}
    for follow, has_digit in forms:
        together.setdefault((follow[:-1], follow[-1].characters), []).append((follow[-1].low, has_digit))
    for (before, characters), asked in together.items():
        least = min(low for low, _ in asked)
        ways = []
        for low, has_digit in asked:
            longer = _ahead_of(Item(characters, low, low), table) if low > least else b""
            ways.append(longer + (_to_digit(characters, table) if has_digit else b""))
        yield (
            _source(before, characters, table)
            + _ahead_of(Item(characters, least, least), table)
            + b"(?:"
            + b"|".join(sorted(ways))
            + b")"
        )


def _to_digit(characters: frozenset[int], table: bytes) -> bytes:
    before = Item(characters - DIGITS, 0, _DIGIT_WITHIN)
    return _source((before,), DIGITS, table) + _classes(Item(DIGITS), table)


def _ahead_of(item: Item, table: bytes) -> bytes:
    return b"(?=" + _classes(item, table) + b")"


def _source(items: Sequence, behind: frozenset[int], table: bytes) -> bytes:
    """Return the source for items before one of the characters `behind`.

    An item is possessive where what may come next holds none of its characters: there is nothing to try again then.
    """
    source = b""
    for item in reversed(items):
        again = b"+" if item.low != item.high and not item.characters & behind else b""
        source = _classes(item, table) + again + source
        behind = item.characters | (frozenset() if item.low else behind)
    return source


def _first(items: Sequence) -> frozenset[int]:
    """Return the characters with which the items can begin."""
    item, *rest = items
    return item.characters if item.low or not rest else item.characters | _first(tuple(rest))


def _class_table(sets: set[frozenset[int]]) -> bytes:
    """Return a translation of bytes to letters, one for all bytes that no set and no group of operators tells apart."""
    sets = sets | {DIGITS} | {frozenset(map(ord, operators)) for operators in _OPERATORS}
    ordered = sorted(sets, key=sorted)
    letters: dict[tuple[bool, ...], int] = {}
    code_points = [min(byte, OTHER) for byte in range(256)]
    return bytes(letters.setdefault(tuple(c in s for s in ordered), 97 + len(letters)) for c in code_points)


def url_pattern() -> re.Pattern[bytes]:
    """Return the pattern that finds the hub of a URL with a user and a password."""
    identity = bytes(range(256))
    hub = HUBS["url"]
    *before, last = hub.follow
    ahead = b"".join(_classes(item, identity) for item in (*before, last._replace(high=last.low)))
    return re.compile(re.escape(hub.start.encode()) + b"(?=" + ahead + b")")


def _classes(item: Item, table: bytes) -> bytes:
    """Return the source of a set of classes: those of the characters of the item, which must be whole classes."""
    members = {table[byte] for byte in range(256) if min(byte, OTHER) in item.characters}
    absent = set(table) - members
    is_negated = len(absent) < len(members)
    listed = b"".join(re.escape(bytes([c])) for c in sorted(absent if is_negated else members))
    source = b"[%s%s]" % (b"^" * is_negated, listed) if len(members) > 1 else re.escape(bytes(members))
    times = {(1, 1): b"", (0, 1): b"?"}.get((item.low, item.high), b"{%d,%d}" % (item.low, item.high))
    return source + times
