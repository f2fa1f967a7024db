"""A pattern, flattened into sequences of character sets of which every match follows one.

The parser is that of `re`; what `regex` reads in another way counts as not understood. Sets hold ASCII code
points, and one stand-in for all the others. Flattening only widens: a sequence may allow more than the pattern.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

MAX_SEQUENCES = 512
INFINITE = 1 << 30

OTHER = 128
"""Stands for every code point that is not ASCII."""

ALL = frozenset(range(OTHER + 1))
DIGITS = frozenset(b"0123456789")
UPPER = frozenset(range(65, 91))
LOWER = frozenset(range(97, 123))
WORD = UPPER | LOWER | DIGITS | frozenset(b"_")
TOKEN = WORD | frozenset(b"-")
SPACE = frozenset(b" \t\n\r\f\v")
QUOTES = frozenset(b"\"'`")
_CATEGORIES = {"CATEGORY_DIGIT": DIGITS, "CATEGORY_WORD": WORD, "CATEGORY_SPACE": SPACE}

_READ_DIFFERENTLY = re.compile(r"\[:\^?[a-z]+:\]|(?<!\\)\{[0-9<= ]*[ides][0-9<=,:+}]|\(\?[a-zA-Z-]*[ufebprwVL]")
"""POSIX classes, fuzzy matching and flags, which only `regex` knows or takes in another sense."""


class Item(NamedTuple):
    """`low` to `high` characters of a set; or, with `role`, a condition that takes no characters.

    Roles: `begin`, `boundary`, `behind`, `not-behind` (of one of the characters), `digit-ahead` (up to `high`
    of the characters, then a digit), `edge` for any other, which looks at up to `high` characters ahead.
    """

    characters: frozenset[int]
    low: int = 1
    high: int = 1
    role: str = ""


Sequence = tuple[Item, ...]


class Sequences(NamedTuple):
    """The sequences of a pattern; in lower case if `is_folded`, since then case does not count somewhere."""

    options: list[Sequence]
    is_folded: bool


def sequences_of(pattern: str) -> Sequences | None:
    """Return the sequences of which every match follows one, or None if the pattern is not understood."""
    from re import _parser  # type: ignore[attr-defined]

    if _READ_DIFFERENTLY.search(pattern):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # `regex` lets a group name stand in several alternatives, the parser of `re` does not.
            parsed = _parser.parse(pattern.replace("(?P<secret>", "(?:"), re.ASCII | re.MULTILINE)
            options = _flatten(parsed)
    except (re.error, RecursionError, OverflowError, NotImplementedError, Warning):
        return None
    is_global = bool(parsed.state.flags & re.IGNORECASE)
    is_folded = is_global or re.search(r"\(\?[a-zA-Z]*i", pattern) is not None
    if is_folded:
        options = [tuple(_folded(item, is_global=is_global) for item in items) for items in options]
    options = list(dict.fromkeys(options))
    return Sequences(options, is_folded)


@lru_cache(maxsize=1024)
def _folded(item: Item, *, is_global: bool) -> Item:
    """Return the item in lower case; a look-behind that forbids characters must not grow by that."""
    if item.role == "not-behind":
        both = {other for c in item.characters for other in (c, _swapped(c))}
        return item._replace(characters=frozenset(both)) if is_global else item
    return item._replace(characters=frozenset(_lower(c) for c in item.characters))


def _lower(code: int) -> int:
    return code + 32 if code in UPPER else code


def _swapped(code: int) -> int:
    return code + 32 if code in UPPER else code - 32 if code in LOWER else code


def _flatten(parsed: Any) -> list[Sequence]:
    sequences: list[Sequence] = [()]
    for operation, argument in parsed:
        options = _options(str(operation), argument)
        if len(options) * len(sequences) > MAX_SEQUENCES:
            options = [(widened(options),)]
        sequences = [before + after for before, after in product(sequences, options)]
    return sequences


def _options(operation: str, argument: Any) -> list[Sequence]:
    match operation:
        case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
            return [(Item(_character_set(operation, argument)),)]
        case "SUBPATTERN":
            return _flatten(argument[3])
        case "ATOMIC_GROUP":
            return _flatten(argument)
        case "BRANCH":
            return [items for branch in argument[1] for items in _flatten(branch)]
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeated(*argument)
        case "AT":
            return [(Item(frozenset(), 0, 0, _edge_role(str(argument))),)]
        case "ASSERT" | "ASSERT_NOT":
            return [_condition(operation, *argument)]
        case _:
            return [(Item(ALL, 0, INFINITE),)]


def _edge_role(place: str) -> str:
    if place == "AT_BOUNDARY":
        return "boundary"
    return "begin" if place.startswith("AT_BEGINNING") else "edge"


def _condition(operation: str, direction: int, body: Any) -> Sequence:
    sequences = _flatten(body)
    if direction < 0:
        role = "behind" if operation == "ASSERT" else "not-behind"
        single = [items[0] for items in sequences if len(items) == 1 and (items[0].low, items[0].high) == (1, 1)]
        union = frozenset().union(*(item.characters for item in single)) if single else frozenset()
        return (Item(union, 0, 0, role),)
    if operation == "ASSERT" and (before := [_before_digit(items) for items in sequences]) and all(before):
        return (widened([(item,) for item in before if item])._replace(role="digit-ahead"),)
    return (Item(frozenset(), 0, max(map(sight_of, sequences), default=0), "edge"),)


def _before_digit(items: Sequence) -> Item | None:
    """Return what may stand before the first digit that must come, or None if none must."""
    taken = [item for item in items if not item.role]
    for i, item in enumerate(taken):
        if item.low and item.characters <= DIGITS:
            return widened([tuple(taken[:i])])
    return None


def _repeated(low: Any, high: Any, body: Any) -> list[Sequence]:
    low, high = int(low), min(int(high), INFINITE)
    options = _flatten(body)
    if len(options) == 1 and len(options[0]) == 1 and not options[0][0].role:
        only = options[0][0]
        if (low, high) == (0, 1) and only.characters <= QUOTES:
            return [(), (only,)]
        return [(only._replace(low=only.low * low, high=min(only.high * high, INFINITE)),)]
    whole = widened(options)
    if (low, high) == (1, 1):
        return options
    if low == 0 or len(options) > 1:
        return [(whole._replace(low=whole.low * low, high=min(whole.high * high, INFINITE)),)]
    copies = min(low, 4)
    rest = whole._replace(low=whole.low * (low - copies), high=min(whole.high * (high - copies), INFINITE))
    return [options[0] * copies + (rest,)]


def widened(options: Iterable[Sequence]) -> Item:
    """Return one item that covers whatever any of the options can take."""
    taken = [[item for item in items if not item.role] for items in options]
    return Item(
        characters=frozenset().union(*(item.characters for items in taken for item in items)),
        low=min(sum(item.low for item in items) for items in taken),
        high=min(max(sum(item.high for item in items) for items in taken), INFINITE),
    )


def _character_set(operation: str, argument: Any) -> frozenset[int]:
    if operation == "LITERAL":
        return frozenset([_code(argument)])
    if operation == "NOT_LITERAL":
        return ALL - {_code(argument)} | {OTHER}
    return ALL - {10} if operation == "ANY" else _class_members(argument)


def _class_members(parts: Any) -> frozenset[int]:
    members: set[int] = set()
    is_negated = False
    for operation, argument in parts:
        match str(operation):
            case "NEGATE":
                is_negated = True
            case "LITERAL":
                members.add(_code(argument))
            case "RANGE":
                low, high = argument
                members.update(range(low, min(high, 127) + 1))
                members.update([OTHER] if high > 127 else [])
            case "CATEGORY":
                members |= _category(str(argument))
            case _:
                raise NotImplementedError(str(operation))
    return ALL - (members - {OTHER}) if is_negated else frozenset(members)


def _category(name: str) -> frozenset[int]:
    if name in _CATEGORIES:
        return _CATEGORIES[name]
    return ALL - _CATEGORIES[name.replace("_NOT", "")]


def _code(code_point: int) -> int:
    return min(code_point, OTHER)


def literal_runs(items: Sequence) -> Iterator[tuple[str, int, int]]:
    """Yield each text of fixed single ASCII characters, with the half-open range of items it takes."""
    text, start = "", 0
    for i, item in enumerate(items):
        if item.role:
            continue
        is_fixed = item.low == item.high and len(item.characters) == 1 and OTHER not in item.characters
        if is_fixed and item.low:
            start = start if text else i
            text += chr(min(item.characters)) * min(item.low, 64)
            if item.low > 64:
                yield text, start, i + 1
                text = ""
        elif text and item.high:
            yield text, start, i
            text = ""
    if text:
        yield text, start, len(items)


def width_of(items: Sequence) -> int:
    """Return the most characters that a match can have; INFINITE if there is no bound."""
    return min(sum(item.high for item in items if not item.role), INFINITE)


def ahead_of(items: Sequence) -> int:
    """Return how many characters, at most, the conditions of a match may look at behind its end."""
    return max((item.high + (item.role == "digit-ahead") for item in items if item.role), default=0)


def sight_of(items: Sequence) -> int:
    """Return how many characters, at most, a match takes and looks at behind that; INFINITE if there is no bound."""
    return min(width_of(items) + ahead_of(items), INFINITE)
