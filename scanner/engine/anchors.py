"""What every match of a pattern is sure to contain: cheap things to look for before the pattern runs.

A pattern is flattened into sequences of character sets (`sequences`), and each sequence is asked for the
cheapest anchor it guarantees (docs/rules.md, "Anchors"). A pattern that cannot be understood gets no anchor,
and so is run everywhere: slow, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from itertools import product
from typing import Any, NamedTuple

from scanner.engine.hubs import hubs_of
from scanner.engine.required import COMMON, MIN_LITERAL, required_texts
from scanner.engine.sequences import (
    DIGITS,
    LOWER,
    OTHER,
    TOKEN,
    UPPER,
    WORD,
    Item,
    Sequence,
    ahead_of,
    literal_runs,
    sequences_of,
    width_of,
)
from scanner.engine.surroundings import Surroundings, surroundings_of

MIN_RUN = 20
"""Length from which a run of token characters is looked at: 770 MB/s in C, against 540 at 16 (measured)."""

MAX_REACH = 512
"""How far before a run's needed part, or before a hub, its keyword may begin, in bytes."""

KEY_LENGTH = 3
"""Length of the dictionary keys by which runs and keywords are dispatched."""

WIDE = TOKEN | frozenset(b"+/.%~")
MIN_WIDE_RUN = 32
MAX_WIDTH = 1 << 15
"""What a match may measure at most to be found for sure on a line longer than a window, in bytes."""

_MAX_EXPANSIONS = 128
_HEX_DASH = frozenset(b"0123456789abcdefABCDEF-")

LONG_RUN = 32
RUN, PLAIN_LONG_RUN, WIDE_LONG_RUN = "run", "long-run", "wide-run"
"""Places near which a keyword counts, beside the hubs: a run with a digit in it, any run of LONG_RUN characters, any
run of LONG_RUN characters of `WIDE`. A keyword may also stand in the run."""


class Keyword(NamedTuple):
    """A text in lower case that stands before a place; `place` names a hub or a kind of run.

    With `is_guarded` no letter can stand directly before it. An empty text asks for the place alone.
    """

    place: str
    text: str
    is_guarded: bool


class Prefix(NamedTuple):
    """A text with which a run of `length` characters or more begins, the text among them."""

    text: str
    length: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """Texts of which one stands in every match, by the way they are looked for.

    `run_prefixes` start a long token run, `run_lefts` end just before one, `wide_prefixes` start one of
    `WIDE`, `keywords` stand before a run or a hub, `literals` stand anywhere, and `around` says for each of them what
    stands around it. Keywords and literals are in lower case, the other texts if `is_folded`. With `is_everywhere` the
    pattern runs on every line. `spans_lines` tells that a match may hold a line end. `required` are sets of texts in
    lower case, and every match holds one text of each. `width` is the most bytes a match can have, `ahead` the most
    that its conditions look at behind it, both at most MAX_WIDTH.
    """

    run_prefixes: tuple[Prefix, ...] = ()
    run_lefts: tuple[str, ...] = ()
    wide_prefixes: tuple[Prefix, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    literals: tuple[str, ...] = ()
    around: tuple[Surroundings, ...] = ()
    is_folded: bool = True
    is_everywhere: bool = False
    spans_lines: bool = False
    required: tuple[tuple[str, ...], ...] = ()
    width: int = field(default=MAX_WIDTH)
    ahead: int = field(default=MAX_WIDTH)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the names of the kinds in use, as docs/rules.md has them."""
        named = (
            ("run-prefix", self.run_prefixes),
            ("run-left", self.run_lefts),
            ("wide-prefix", self.wide_prefixes),
            ("literal", self.literals),
            ("none", self.is_everywhere),
        )
        places = {"run-context" if k.place == RUN else k.place.rstrip("=:,(>") for k in self.keywords}
        return (*(name for name, used in named if used), *sorted(places))

    @property
    def texts(self) -> tuple[str, ...]:
        """Return every text that is looked for, whatever its kind."""
        words = tuple(keyword.text for keyword in self.keywords)
        prefixes = tuple(prefix.text for prefix in self.run_prefixes + self.wide_prefixes)
        return prefixes + self.run_lefts + words + self.literals

    def to_json(self) -> list[Any]:
        """Return the fields as a list that `from_json` takes."""
        return [getattr(self, one.name) for one in fields(self)]

    @staticmethod
    def from_json(values: list[Any]) -> Anchor:
        """Return the anchor that `to_json` wrote."""
        prefixes, lefts, wides, keywords, literals, around, is_folded, is_everywhere, spans_lines, *rest = values
        words = tuple(Keyword(*keyword) for keyword in keywords)
        runs, wide_runs = (tuple(Prefix(*prefix) for prefix in some) for some in (prefixes, wides))
        asked = tuple(Surroundings(*one) for one in around)
        flags = is_folded, is_everywhere, spans_lines
        return Anchor(
            runs, tuple(lefts), wide_runs, words, tuple(literals), asked, *flags, tuple(map(tuple, rest[0])), *rest[1:]
        )


class _Found(NamedTuple):
    kind: str
    texts: tuple[Any, ...]


def derive_anchor(pattern: str, keywords: Iterable[str] = ()) -> Anchor:
    """Return the anchor of `pattern`; declared `keywords` serve where the pattern itself gives only literals."""
    if is_head(pattern):
        return Anchor(spans_lines=True)
    declared = tuple(word.lower() for word in keywords)
    sequences = sequences_of(pattern)
    if sequences is None:
        return Anchor(literals=declared, is_everywhere=not declared, spans_lines=True)
    spans_lines = any(10 in item.characters and not item.role for items in sequences.options for item in items)
    width, ahead = (_most_bytes(sequences.options, measure) for measure in (width_of, ahead_of))
    found: dict[str, set[Any]] = {}
    for items in sequences.options:
        kind, texts = _best_anchor(items, runs_allowed=not spans_lines)
        if not kind:
            return Anchor(
                literals=declared, is_everywhere=not declared, spans_lines=spans_lines, width=width, ahead=ahead
            )
        found.setdefault(kind, set()).update(texts)
    if declared and len(declared) < len(found.get("literals", ())):
        found["literals"] = set(declared)
    texts_by_kind: dict[str, Any] = {kind: tuple(sorted(texts)) for kind, texts in found.items()}
    return Anchor(
        **texts_by_kind,
        around=surroundings_of(sequences.options, texts_by_kind.get("literals", ())),
        is_folded=sequences.is_folded,
        spans_lines=spans_lines,
        required=required_texts(sequences.options),
        width=width,
        ahead=ahead,
    )


def _most_bytes(options: Iterable[Sequence], measure: Callable[[Sequence], int]) -> int:
    return min(max(map(measure, options), default=0) * 4, MAX_WIDTH)


def is_head(pattern: str) -> bool:
    """Return whether the pattern looks at the beginning of binary content only, and so needs no anchor."""
    return pattern.startswith(r"\A")


def has_left_edge(pattern: str) -> bool | None:
    """Return whether every alternative begins with a boundary or a look-behind; None if not understood."""
    sequences = sequences_of(pattern)
    if sequences is None:
        return None
    edges = ("boundary", "not-behind", "behind", "begin")
    return all(items and items[0].role in edges for items in sequences.options)


def literals_of(pattern: str) -> list[list[str]] | None:
    """Return, for each sequence of the pattern, the literals it is sure to contain, in lower case."""
    sequences = sequences_of(pattern)
    if sequences is None:
        return None
    return [[text.lower() for text, *_ in literal_runs(items)] for items in sequences.options]


def _best_anchor(items: Sequence, *, runs_allowed: bool) -> _Found:
    if runs_allowed:
        for kind, find in (
            ("run_prefixes", _run_prefixes),
            ("run_lefts", _run_lefts),
            ("keywords", _run_keywords),
            ("wide_prefixes", _wide_prefixes),
            ("keywords", _hub_keywords),
            ("keywords", _plain_keywords),
        ):
            if texts := find(items):
                return _Found(kind, texts)
    literals = [text.lower() for text, *_ in literal_runs(items) if len(text) >= MIN_LITERAL]
    return _Found("literals", (max(literals, key=len),)) if literals else _Found("", ())


def _run_length(items: Iterable[Item], alphabet: frozenset[int] = TOKEN) -> int:
    """Return how many characters of `alphabet` are sure to follow unbroken."""
    length = 0
    for item in items:
        if item.role:
            continue
        if not item.characters <= alphabet:
            break
        length += item.low
    return length


def _run_prefixes(items: Sequence) -> tuple[Prefix, ...]:
    return _prefixes(items, TOKEN, MIN_RUN)


def _wide_prefixes(items: Sequence) -> tuple[Prefix, ...]:
    return _prefixes(items, WIDE, MIN_WIDE_RUN)


def _prefixes(items: Sequence, alphabet: frozenset[int], length: int) -> tuple[Prefix, ...]:
    """Return the texts that begin a long enough run at any place where no word character can stand before it."""
    for at in range(len(items)):
        if _is_guarded(items, at) and (found := _run_length(items[at:], alphabet)) >= length:
            return tuple(Prefix(text, found) for text in _expanded(i for i in items[at:] if not i.role))
    return ()


def _is_guarded(items: Sequence, at: int) -> bool:
    """Return whether item `at` is a guard: no word character can stand before the first character after it."""
    guard = items[at]
    if guard.role == "not-behind":
        return guard.characters >= WORD
    if guard.role != "boundary":
        return False
    first = next((item for item in items[at:] if not item.role), None)
    return first is not None and first.low > 0 and first.characters <= WORD


def _expanded(items: Iterable[Item]) -> tuple[str, ...]:
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


def _run_lefts(items: Sequence) -> tuple[str, ...]:
    """Return fixed texts that stand directly before a run, the last character no token character."""
    for i in range(KEY_LENGTH, len(items)):
        left = [item for item in items[:i] if not item.role][-KEY_LENGTH:]
        if items[i].role or len(left) < KEY_LENGTH or any((item.low, item.high) != (1, 1) for item in left):
            continue
        if left[-1].characters & TOKEN or _run_length(items[i:]) < MIN_RUN:
            continue
        if 0 < len(left[0].characters) * len(left[1].characters) * len(left[2].characters) <= 16:
            return tuple("".join(map(chr, text)) for text in product(*(sorted(i.characters) for i in left)))
    return ()


def _run_keywords(items: Sequence) -> tuple[Keyword, ...]:
    """Return a keyword that stands before a run that begins with hex digits or has a digit in it."""
    for end, item in enumerate(items):
        has_digit = item.role == "digit-ahead" and item.characters <= TOKEN
        is_run = (has_digit and _run_length(items[end:]) >= MIN_RUN) or _starts_in_hex(items, end)
        if is_run and (found := _before(items, *_run_span(items, end, TOKEN), RUN)):
            return (found,)
    return ()


def _starts_in_hex(items: Sequence, at: int) -> bool:
    """Return whether a run must begin at the item, and its first MIN_RUN characters be hex digits or dashes.

    Or the first one a digit, as in `0x`.
    """
    begins_with_digit = items[at].low > 0 and items[at].characters <= DIGITS
    if items[at].role or _run_length(items[at:], TOKEN if begins_with_digit else _HEX_DASH) < MIN_RUN:
        return False
    for item in reversed(items[:at]):
        if item.characters & TOKEN and not item.role:
            return False
        if item.low:
            return True
    return False


def _plain_keywords(items: Sequence) -> tuple[Keyword, ...]:
    """Return a keyword that stands before any run or in it; of the runs, the one that is the least common."""
    for place, alphabet, length in (
        (PLAIN_LONG_RUN, TOKEN, LONG_RUN),
        (WIDE_LONG_RUN, WIDE, LONG_RUN),
    ):
        for end, item in enumerate(items):
            if item.role or _run_length(items[end:], alphabet) < length:
                continue
            if found := _before(items, *_run_span(items, end, alphabet), place):
                return (found,)
    return ()


def _run_span(items: Sequence, start: int, alphabet: frozenset[int]) -> tuple[int, int]:
    """Return the items up to which a keyword may stand (the end of the run) and up to which reach counts."""
    end = start
    while end < len(items) and (items[end].role or items[end].characters <= alphabet):
        end += 1
    return end, start


def _hub_keywords(items: Sequence) -> tuple[Keyword, ...]:
    """Return a keyword before the hub that the sequence holds, once for each form of the hub."""
    for at, places in hubs_of(items):
        if found := _before(items, at, at, ""):
            return tuple(found._replace(place=place) for place in places)
        if places == ("url",):
            return (Keyword("url", "", is_guarded=False),)
    return ()


def _before(items: Sequence, end: int, reach_end: int, place: str) -> Keyword | None:
    """Return the most telling keyword that ends at or before item `end`, and begins near enough to item `reach_end`."""
    best: Keyword | None = None
    for text, start, _ in literal_runs(items[:end]):
        if len(text) >= MIN_LITERAL and _reach(items[start:reach_end]) <= MAX_REACH:
            word = Keyword(place, text.lower(), _has_no_letter_before(items, start, text))
            best = word if best is None or _worth(word) > _worth(best) else best
    return best


def _worth(word: Keyword) -> tuple[bool, bool, int]:
    """Return how much a keyword tells: one that begins a word is the quickest to find, a common one tells least."""
    return word.is_guarded, word.text.strip("_-") not in COMMON, len(word.text)


def _has_no_letter_before(items: Sequence, start: int, text: str) -> bool:
    """Return whether the text at item `start` begins with letters, and no letter can stand before it."""
    guard = items[start - 1] if start else Item(frozenset())
    is_guarded = guard.role == "boundary" or (guard.role == "not-behind" and guard.characters >= LOWER | UPPER)
    return is_guarded and text[:KEY_LENGTH].isalpha()


def _reach(items: Iterable[Item]) -> int:
    """Return how many bytes the items can take, where each may have MAX_REACH characters over its least."""
    return sum(
        min(item.high, item.low + MAX_REACH) * (4 if OTHER in item.characters else 1) for item in items if not item.role
    )
