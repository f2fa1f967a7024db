"""What every match of a pattern is sure to contain: cheap things to look for before the pattern runs.

A pattern is parsed, flattened into sequences of character sets, and each sequence is asked for the cheapest
anchor it guarantees (docs/rules.md, "Anchors"). All work is done on lower case, which only widens a set.
A pattern that cannot be understood gets no anchor, and so is run everywhere: slow, never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

MIN_RUN = 20
"""Length from which a run of token characters is looked at: 770 MB/s in C, against 540 at 16 (measured)."""

MAX_REACH = 256
"""How far before the end of a run its context keyword may begin, in bytes."""

KEY_LENGTH = 3
"""Length of the dictionary keys by which runs are dispatched."""

MIN_LITERAL = 3
_MAX_SEQUENCES = 256
_MAX_EXPANSIONS = 128
_INFINITE = 1 << 30

_OTHER = 128
"""Stands for every code point that is not ASCII."""

_ALL = frozenset(range(_OTHER + 1))
_DIGITS = frozenset(b"0123456789")
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_")
_TOKEN = _WORD | frozenset(b"-")
_CATEGORIES = {
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_WORD": _WORD | frozenset(range(65, 91)),
    "CATEGORY_SPACE": frozenset(b" \t\n\r\f\v"),
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """Texts of which one stands in every match, by the way they are looked for; all in lower case.

    `run_prefixes` start a long token run, `run_lefts` end just before one, `contexts` stand before one that
    holds a digit, `literals` stand anywhere. With `is_everywhere` the pattern runs on every line.
    `spans_lines` tells that a match may hold a line end.
    """

    run_prefixes: tuple[str, ...] = ()
    run_lefts: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    literals: tuple[str, ...] = ()
    is_everywhere: bool = False
    spans_lines: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the names of the kinds in use, as docs/rules.md has them."""
        named = (
            ("run-prefix", self.run_prefixes),
            ("run-left", self.run_lefts),
            ("run-context", self.contexts),
            ("literal", self.literals),
            ("none", self.is_everywhere),
        )
        return tuple(name for name, used in named if used)

    def to_json(self) -> list[Any]:
        """Return the fields as a list that `from_json` takes."""
        texts = [self.run_prefixes, self.run_lefts, self.contexts, self.literals]
        return [*map(list, texts), self.is_everywhere, self.spans_lines]

    @staticmethod
    def from_json(fields: list[Any]) -> Anchor:
        """Return the anchor that `to_json` wrote."""
        *texts, is_everywhere, spans_lines = fields
        prefixes, lefts, contexts, literals = map(tuple, texts)
        return Anchor(prefixes, lefts, contexts, literals, is_everywhere, spans_lines)


class _Item(NamedTuple):
    """`low` to `high` characters of a set; or, with `role`, a condition that takes no characters."""

    characters: frozenset[int]
    low: int = 1
    high: int = 1
    role: str = ""


_Sequence = tuple[_Item, ...]


def derive_anchor(pattern: str, keywords: Iterable[str] = ()) -> Anchor:
    """Return the anchor of `pattern`; declared `keywords` serve where the pattern itself gives only literals."""
    if is_head(pattern):
        return Anchor(spans_lines=True)
    sequences = sequences_of(pattern)
    declared = tuple(word.lower() for word in keywords)
    if sequences is None:
        return Anchor(literals=declared, is_everywhere=not declared, spans_lines=True)
    spans_lines = any(10 in item.characters and not item.role for items in sequences for item in items)
    found: dict[str, set[str]] = {
        "run_prefixes": set(),
        "run_lefts": set(),
        "contexts": set(),
        "literals": set(),
    }
    for items in sequences:
        kind, words = _best_anchor(items, runs_allowed=not spans_lines)
        if kind == "literals" and declared:
            words = declared
        if not kind:
            return Anchor(literals=declared, is_everywhere=not declared, spans_lines=spans_lines)
        found[kind].update(words)
    texts = {kind: tuple(sorted(words)) for kind, words in found.items()}
    return Anchor(
        texts["run_prefixes"], texts["run_lefts"], texts["contexts"], texts["literals"], spans_lines=spans_lines
    )


def is_head(pattern: str) -> bool:
    """Return whether the pattern looks at the beginning of binary content only, and so needs no anchor."""
    return pattern.startswith(r"\A")


def sequences_of(pattern: str) -> list[_Sequence] | None:
    """Return flat sequences of which every match follows one, or None if the pattern is not understood."""
    from re import _parser  # type: ignore[attr-defined]

    try:
        # `regex` lets a group name stand in several alternatives, the parser of `re` does not.
        return _flatten(_parser.parse(pattern.replace("(?P<secret>", "(?:"), re.ASCII | re.MULTILINE))
    except (re.error, RecursionError, OverflowError, NotImplementedError):
        return None


def has_left_edge(pattern: str) -> bool | None:
    """Return whether every alternative begins with a boundary or a look-behind; None if not understood."""
    sequences = sequences_of(pattern)
    if sequences is None:
        return None
    return all(items and items[0].role in ("boundary", "not-behind", "behind", "begin") for items in sequences)


def literals_of(pattern: str) -> list[list[str]] | None:
    """Return, for each sequence of the pattern, the literals it is sure to contain."""
    sequences = sequences_of(pattern)
    return None if sequences is None else [[text for text, *_ in _literal_runs(items)] for items in sequences]


# --- from the parsed pattern to sequences of sets ----------------------------------------------------


def _flatten(parsed: Any) -> list[_Sequence]:
    sequences: list[_Sequence] = [()]
    for operation, argument in parsed:
        options = _options(str(operation), argument)
        if len(options) * len(sequences) > _MAX_SEQUENCES:
            options = [(_widened(options),)]
        sequences = [before + after for before, after in product(sequences, options)]
    return sequences


def _options(operation: str, argument: Any) -> list[_Sequence]:
    match operation:
        case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
            return [(_Item(_character_set(operation, argument)),)]
        case "SUBPATTERN":
            return _flatten(argument[3])
        case "ATOMIC_GROUP":
            return _flatten(argument)
        case "BRANCH":
            return [items for branch in argument[1] for items in _flatten(branch)]
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeated(*argument)
        case "AT":
            return [(_Item(frozenset(), 0, 0, _edge_role(str(argument))),)]
        case "ASSERT" | "ASSERT_NOT":
            return [_condition(operation, *argument)]
        case _:
            return [(_Item(_ALL, 0, _INFINITE),)]


def _edge_role(place: str) -> str:
    if place == "AT_BOUNDARY":
        return "boundary"
    return "begin" if place.startswith("AT_BEGINNING") else "edge"


def _condition(operation: str, direction: int, body: Any) -> _Sequence:
    sequences = _flatten(body)
    if direction < 0:
        role = "behind" if operation == "ASSERT" else "not-behind"
        single = [items[0] for items in sequences if len(items) == 1 and (items[0].low, items[0].high) == (1, 1)]
        union = frozenset().union(*(item.characters for item in single)) if single else frozenset()
        return (_Item(union, 0, 0, role),)
    if operation == "ASSERT" and all(_needs_digit_in_run(items) for items in sequences):
        return (_Item(frozenset(), 0, 0, "digit-ahead"),)
    return (_Item(frozenset(), 0, 0, "edge"),)


def _needs_digit_in_run(items: _Sequence) -> bool:
    """Return whether token characters, then a digit, must follow."""
    for item in items:
        if item.role:
            continue
        if item.low and item.characters <= _DIGITS:
            return True
        if not item.characters <= _TOKEN:
            return False
    return False


def _repeated(low: Any, high: Any, body: Any) -> list[_Sequence]:
    low, high = int(low), min(int(high), _INFINITE)
    options = _flatten(body)
    if len(options) == 1 and len(options[0]) == 1 and not options[0][0].role:
        only = options[0][0]
        return [(only._replace(low=only.low * low, high=min(only.high * high, _INFINITE)),)]
    widened = _widened(options)
    if (low, high) == (1, 1):
        return options
    if low == 0 or len(options) > 1:
        return [(widened._replace(low=widened.low * low, high=min(widened.high * high, _INFINITE)),)]
    copies = min(low, 4)
    rest = widened._replace(low=widened.low * (low - copies), high=min(widened.high * (high - copies), _INFINITE))
    return [options[0] * copies + (rest,)]


def _widened(options: list[_Sequence]) -> _Item:
    """Return one item that covers whatever any of the options can take."""
    taken = [[item for item in items if not item.role] for items in options]
    return _Item(
        characters=frozenset().union(*(item.characters for items in taken for item in items)),
        low=min(sum(item.low for item in items) for items in taken),
        high=min(max(sum(item.high for item in items) for items in taken), _INFINITE),
    )


def _character_set(operation: str, argument: Any) -> frozenset[int]:
    if operation == "LITERAL":
        members = frozenset([_code(argument)])
    elif operation == "NOT_LITERAL":
        members = _ALL - {_code(argument)} | {_OTHER}
    elif operation == "ANY":
        members = _ALL - {10}
    else:
        members = _class_members(argument)
    return frozenset(c + 32 if 65 <= c <= 90 else c for c in members)


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
                members.update([_OTHER] if high > 127 else [])
            case "CATEGORY":
                members |= _category(str(argument))
            case _:
                raise NotImplementedError(str(operation))
    return _ALL - (members - {_OTHER}) if is_negated else frozenset(members)


def _category(name: str) -> frozenset[int]:
    if name in _CATEGORIES:
        return _CATEGORIES[name]
    return _ALL - _CATEGORIES[name.replace("_NOT", "")]


def _code(code_point: int) -> int:
    return min(code_point, _OTHER)


# --- from a sequence to its cheapest anchor ----------------------------------------------------------


def _best_anchor(items: _Sequence, *, runs_allowed: bool) -> tuple[str, tuple[str, ...]]:
    if runs_allowed:
        for kind, find in (
            ("run_prefixes", _run_prefixes),
            ("run_lefts", _run_lefts),
            ("contexts", _contexts),
        ):
            if words := find(items):
                return kind, words
    literals = [text for text, *_ in _literal_runs(items) if len(text) >= MIN_LITERAL]
    return ("literals", (max(literals, key=len),)) if literals else ("", ())


def _run_length(items: Iterable[_Item]) -> int:
    """Return how many token characters are sure to follow unbroken."""
    length = 0
    for item in items:
        if item.role:
            continue
        if not item.characters <= _TOKEN:
            break
        length += item.low
    return length


def _run_prefixes(items: _Sequence) -> tuple[str, ...]:
    if not items or not _is_guarded(items):
        return ()
    taken = [item for item in items if not item.role]
    if _run_length(taken) < MIN_RUN:
        return ()
    return _expanded(taken)


def _is_guarded(items: _Sequence) -> bool:
    """Return whether no word character can stand before the first character of the sequence."""
    guard = items[0]
    if guard.role == "not-behind":
        return guard.characters >= _WORD
    first = next((item for item in items if not item.role), None)
    return guard.role == "boundary" and first is not None and first.low > 0 and first.characters <= _WORD


def _expanded(items: Iterable[_Item]) -> tuple[str, ...]:
    """Return the texts with which the items can begin, each of KEY_LENGTH or more; empty if too many."""
    texts = [""]
    for item in items:
        for _ in range(item.low):
            if len(item.characters) > 1 and len(texts[0]) >= KEY_LENGTH:
                return tuple(texts)
            if len(texts) * len(item.characters) > _MAX_EXPANSIONS:
                return tuple(texts) if len(texts[0]) >= KEY_LENGTH else ()
            texts = [text + chr(c) for text in texts for c in sorted(item.characters)]
            if len(texts[0]) >= 12:
                return tuple(texts)
        if item.high > item.low:
            break
    return tuple(texts) if len(texts[0]) >= KEY_LENGTH else ()


def _run_lefts(items: _Sequence) -> tuple[str, ...]:
    """Return fixed texts that stand directly before a run, the last character no token character."""
    for i in range(KEY_LENGTH, len(items)):
        left = [item for item in items[:i] if not item.role][-KEY_LENGTH:]
        if items[i].role or len(left) < KEY_LENGTH or any((item.low, item.high) != (1, 1) for item in left):
            continue
        if left[-1].characters & _TOKEN or _run_length(items[i:]) < MIN_RUN:
            continue
        if 0 < len(left[0].characters) * len(left[1].characters) * len(left[2].characters) <= 16:
            return tuple("".join(map(chr, text)) for text in product(*(sorted(i.characters) for i in left)))
    return ()


def _contexts(items: _Sequence) -> tuple[str, ...]:
    """Return a literal that stands before a run with a digit, near and on the same line."""
    for end, item in enumerate(items):
        needs_digit = item.role == "digit-ahead" and _run_length(items[end:]) >= MIN_RUN
        if not needs_digit:
            continue
        run_end = end + _run_items(items[end:])
        words = [
            text
            for text, start, stop in _literal_runs(items)
            if len(text) >= MIN_LITERAL and stop <= end and _reach(items[start:run_end]) <= MAX_REACH
        ]
        if words:
            return (max(words, key=len),)
    return ()


def _run_items(items: _Sequence) -> int:
    """Return how many items it takes for MIN_RUN token characters; their surplus does not count as reach."""
    length = 0
    for count, item in enumerate(items, 1):
        length += 0 if item.role else item.low
        if length >= MIN_RUN:
            return count
    return len(items)


def _reach(items: Iterable[_Item]) -> int:
    return sum(min(item.high, item.low + MAX_REACH) for item in items if not item.role)


def _literal_runs(items: _Sequence) -> Iterator[tuple[str, int, int]]:
    """Yield each text of fixed single ASCII characters, with the half-open range of items it takes."""
    text, start = "", 0
    for i, item in enumerate(items):
        if item.role:
            continue
        is_fixed = item.low == item.high and len(item.characters) == 1 and not item.characters & {_OTHER}
        if is_fixed:
            start = start if text else i
            text += chr(min(item.characters)) * min(item.low, 64)
        elif text:
            yield text, start, i
            text = ""
    if text:
        yield text, start, len(items)
