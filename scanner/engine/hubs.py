"""Places that are cheap to find and near which a secret without a long run of its own stands.

A hub is one character that `re` finds at the speed of `memchr` (0.5 to 1 ms per MB, measured), and what must
follow it. The same items make the regular expression and prove that a pattern cannot match without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as Many
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


class Hub(NamedTuple):
    """A character, and what must follow; `has_digit` asks for a digit within 64 characters of the last item."""

    name: str
    start: str
    follow: Sequence
    has_digit: bool = False


def _assignments() -> list[Hub]:
    quoted = (_SECOND, _BLANK, _ESCAPE, Item(QUOTES), _QUOTED_VALUE)
    lead = (_SECOND, _BLANK, _ESCAPE, Item(QUOTES, 0))
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


def hubs_of(items: Sequence) -> list[tuple[int, tuple[str, ...]]]:
    """Return where in the sequence hubs stand: the index of an item, and the names of which one must be there."""
    found = []
    for i, item in enumerate(items):
        if item.role or item.low != 1 or item.high != 1:
            continue
        names = _one_for_each(items, i, [hub for hub in HUBS.values() if len(hub.start) == 1])
        if not names and _stands_at(HUBS["url"].start, items, i):
            names = ("url",) if is_followed(items[i + 3 :], HUBS["url"]) else ()
        if names:
            found.append((i, names))
    return found


def _one_for_each(items: Sequence, at: int, hubs: Many[Hub]) -> tuple[str, ...]:
    """Return a hub for each character that the item can be, quoted ones first; none if one has no hub."""
    names = []
    for character in items[at].characters:
        fitting = [hub for hub in hubs if ord(hub.start) == character and is_followed(items[at + 1 :], hub)]
        if not fitting:
            return ()
        names.append(fitting[0].name)
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


def hub_pattern(hub: Hub) -> re.Pattern[bytes]:
    """Return the pattern that finds the hub; it takes the first character only, so that none hides in another."""
    ahead = b"".join(_source(item) for item in hub.follow[:-1])
    last = hub.follow[-1]
    if hub.has_digit:
        before = last._replace(characters=last.characters - DIGITS, low=0, high=_DIGIT_WITHIN)
        ahead += b"(?=" + _source(before) + b"[0-9])"
    ahead += _source(last._replace(high=last.low))
    return re.compile(re.escape(hub.start.encode()) + b"(?=" + ahead + b")")


def _source(item: Item) -> bytes:
    absent = ALL - item.characters
    is_negated = len(absent) < len(item.characters)
    members = sorted(absent if is_negated else item.characters)
    listed = b"".join(re.escape(bytes([c])) for c in members if c != OTHER)
    other = b"\x80-\xff" if (OTHER in absent) == is_negated else b""
    return b"[%s%s%s]{%d,%d}" % (b"^" * is_negated, listed, other, item.low, item.high)
