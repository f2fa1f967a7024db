"""Where a pattern could match: found in C-level passes whose cost does not grow with the number of rules.

Almost every credential holds a long unbroken run of token characters. One translation to a two-letter
alphabet and a search for 20 of one letter find all such runs; a dictionary on a run's first characters, on
the characters before it, or on the words of its line names the rules that can apply. What has no long run
stands behind a hub (`hubs`), such as an assignment of a quoted value, and the words before it name the rules.
The little that is left is found by a literal search for each text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

from scanner.engine.anchors import (
    KEY_LENGTH,
    LONG_RUN,
    MAX_REACH,
    MIN_RUN,
    MIN_WIDE_RUN,
    PLAIN_LONG_RUN,
    PLAIN_RUN,
    RUN,
    WIDE,
    WIDE_LONG_RUN,
    Anchor,
    Keyword,
    Prefix,
)
from scanner.engine.hubs import HUBS, hub_pattern
from scanner.engine.sequences import OTHER, TOKEN

Candidate = tuple[int, int]
"""A byte offset near which a rule can match, and the index of the rule."""

_Heads = dict[bytes, list[tuple[bytes, int, bool, int]]]
"""By first characters: a text, the length of its run, whether case does not count, and a rule."""

_MAX_REMEMBERED = 4_096


def _class_table(members: Iterable[int]) -> bytes:
    inside = {code for code in members if code != OTHER}
    return bytes(97 if byte in inside else 32 for byte in range(256))


_TO_TOKEN, _TO_WIDE = _class_table(TOKEN), _class_table(WIDE)
_RUN, _WIDE_RUN = b"a" * MIN_RUN, b"a" * MIN_WIDE_RUN
_KEYED = re.compile(rb"[A-Za-z_-]*[0-9]|[0-9A-Fa-f-]{%d}" % MIN_RUN)
_AFTER_DASH = re.compile(rb"-(?=[A-Za-z0-9_])")
_AFTER_JOINT = re.compile(rb"[-+/.](?=[A-Za-z0-9_])")


class Dispatcher:
    """The anchors of a rule set as dictionaries; `find` is sound: it misses no line on which a rule matches."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self._prefixes = _heads((a.run_prefixes, a.is_folded, i) for i, a in enumerate(anchors))
        lefts = (([Prefix(text, 0) for text in a.run_lefts], a.is_folded, i) for i, a in enumerate(anchors))
        self._lefts = _heads(lefts)
        self._left_ends = frozenset(key[-1] for key in self._lefts)
        self._wides = _heads((a.wide_prefixes, a.is_folded, i) for i, a in enumerate(anchors))
        by_place: dict[str, list[tuple[Keyword, int]]] = {}
        for i, anchor in enumerate(anchors):
            for keyword in anchor.keywords:
                by_place.setdefault(keyword.place, []).append((keyword, i))
        self._run_words = _Words(by_place.pop(RUN, ()))
        self._plain_words = _Words(by_place.pop(PLAIN_RUN, ()))
        self._long_words = _Words(by_place.pop(PLAIN_LONG_RUN, ()))
        self._wide_words = _Words(by_place.pop(WIDE_LONG_RUN, ()))
        self._hubs = [(hub_pattern(HUBS[place]), _Words(words)) for place, words in sorted(by_place.items())]
        self._literals = _literals(anchors, lambda anchor: not anchor.is_folded)
        self._folded_literals = _literals(anchors, lambda anchor: anchor.is_folded)
        self._block_literals = _literals(anchors, lambda anchor: anchor.spans_lines and not anchor.is_folded)
        self._folded_block_literals = _literals(anchors, lambda anchor: anchor.spans_lines and anchor.is_folded)

    def find(self, data: bytes, runs: list[tuple[int, int]]) -> list[Candidate]:
        """Return the candidates of `data`, in no order; the same one may come twice.

        The half-open spans of the runs of MIN_RUN token characters or more are added to `runs`, in order.
        """
        out: list[Candidate] = []
        self._find_in_runs(data, out, runs)
        if self._wides or self._wide_words:
            self._find_in_wide_runs(data, out)
        for pattern, words in self._hubs:
            for found in pattern.finditer(data):
                at = found.start()
                out.extend((at, rule) for rule in words.before(data, at, at))
        _find_literals(data, self._literals, out)
        if self._folded_literals:
            _find_literals(data.lower(), self._folded_literals, out)
        return out

    def find_blocks(self, data: bytes) -> list[Candidate]:
        """Return the candidates of the rules that look across lines only."""
        out: list[Candidate] = []
        _find_literals(data, self._block_literals, out)
        if self._folded_block_literals:
            _find_literals(data.lower(), self._folded_block_literals, out)
        return out

    def _find_in_runs(self, data: bytes, out: list[Candidate], runs: list[tuple[int, int]]) -> None:
        prefixes, left_ends, words, plain = self._prefixes, self._left_ends, self._run_words, self._plain_words
        classes = data.translate(_TO_TOKEN)
        find_class, find, is_keyed = classes.find, data.find, _KEYED.match
        size = len(data)
        start = find_class(_RUN)
        while start >= 0:
            end = find_class(b" ", start + MIN_RUN)
            if end < 0:
                end = size
            runs.append((start, end))
            key = data[start : start + KEY_LENGTH]
            if key in prefixes:
                _take(prefixes[key], data, start, end, out)
            if find(b"-", start, end - MIN_RUN) >= 0:
                _find_inside(_AFTER_DASH, data, start, end, prefixes, out)
            if start and data[start - 1] in left_ends:
                _take_left(self._lefts, data, start, out)
            if is_keyed(data, start, end):
                out.extend([(start, rule) for rule in words.before(data, start, end)])
            if plain:
                out.extend([(start, rule) for rule in plain.before(data, start, end)])
            if end - start >= LONG_RUN and self._long_words:
                out.extend([(start, rule) for rule in self._long_words.before(data, start, end)])
            start = find_class(_RUN, end)

    def _find_in_wide_runs(self, data: bytes, out: list[Candidate]) -> None:
        """A credential with joints in it may begin where the run does, or behind any joint inside."""
        prefixes, words = self._wides, self._wide_words
        find = data.translate(_TO_WIDE).find
        start = find(_WIDE_RUN)
        while start >= 0:
            end = find(b" ", start + MIN_WIDE_RUN)
            if end < 0:
                end = len(data)
            if (key := data[start : start + KEY_LENGTH]) in prefixes:
                _take(prefixes[key], data, start, end, out)
            _find_inside(_AFTER_JOINT, data, start, end, prefixes, out)
            if end - start >= LONG_RUN:
                out.extend([(start, rule) for rule in words.before(data, start, end)])
            start = find(_WIDE_RUN, end)


def _find_inside(
    joint: re.Pattern[bytes], data: bytes, begin: int, end: int, prefixes: _Heads, out: list[Candidate]
) -> None:
    for found in joint.finditer(data, begin, end):
        start = found.end()
        if (key := data[start : start + KEY_LENGTH]) in prefixes:
            _take(prefixes[key], data, start, end, out)


def _take(heads: list[tuple[bytes, int, bool, int]], data: bytes, start: int, end: int, out: list[Candidate]) -> None:
    for text, length, is_folded, rule in heads:
        if start + length > end:
            continue
        if data.startswith(text, start) or (is_folded and data[start : start + len(text)].lower() == text):
            out.append((start, rule))


def _take_left(lefts: _Heads, data: bytes, start: int, out: list[Candidate]) -> None:
    if start >= KEY_LENGTH and (key := data[start - KEY_LENGTH : start]) in lefts:
        out.extend((start, rule) for *_, rule in lefts[key])


def _heads(prefixes: Iterable[tuple[Iterable[Prefix], bool, int]]) -> _Heads:
    table: _Heads = {}
    for heads, is_folded, rule in prefixes:
        for text, length in heads:
            for key in _spellings(text[:KEY_LENGTH]) if is_folded else (text[:KEY_LENGTH],):
                table.setdefault(key.encode(), []).append((text.encode(), length, is_folded, rule))
    return table


def _spellings(text: str) -> list[str]:
    return ["".join(letters) for letters in product(*({c, c.upper()} for c in text))]


def _literals(anchors: Sequence[Anchor], is_wanted: Callable[[Anchor], bool]) -> dict[bytes, list[int]]:
    table: dict[bytes, list[int]] = {}
    for i, anchor in enumerate(anchors):
        for text in anchor.literals if is_wanted(anchor) else ():
            table.setdefault(text.encode(), []).append(i)
    return table


def _find_literals(data: bytes, literals: dict[bytes, list[int]], out: list[Candidate]) -> None:
    for literal, rules in literals.items():
        at = data.find(literal)
        while at >= 0:
            out.extend([(at, rule) for rule in rules])
            at = data.find(literal, at + 1)


class _Words:
    """Keywords that stand before one kind of place. Which rules a stretch of text names is remembered."""

    def __init__(self, keywords: Iterable[tuple[Keyword, int]]) -> None:
        self._always: tuple[int, ...] = tuple(rule for word, rule in keywords if not word.text)
        self._guarded: dict[bytes, list[tuple[bytes, int]]] = {}
        self._free: dict[bytes, list[int]] = {}
        for word, rule in keywords:
            text = word.text.encode()
            if word.is_guarded:
                self._guarded.setdefault(text[:KEY_LENGTH], []).append((text, rule))
            elif text:
                self._free.setdefault(text, []).append(rule)
        self._is_empty = not (self._guarded or self._free)
        self._pattern: re.Pattern[bytes] | None = None
        self._remembered: dict[bytes, tuple[int, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._always) or not self._is_empty

    def before(self, data: bytes, start: int, end: int) -> tuple[int, ...]:
        """Return the rules of the keywords between MAX_REACH before `start`, on its line, and `end`."""
        if self._is_empty:
            return self._always
        begin = start - MAX_REACH if start > MAX_REACH else 0
        line = data.rfind(b"\n", begin, start)
        text = data[line + 1 if line >= 0 else begin : end]
        rules = self._remembered.get(text)
        if rules is None:
            rules = self._named_by(text.lower())
            if len(self._remembered) >= _MAX_REMEMBERED:
                self._remembered.clear()
            if len(text) <= 2 * MAX_REACH:
                self._remembered[text] = rules
        return rules

    def _named_by(self, text: bytes) -> tuple[int, ...]:
        rules = set(self._always)
        table = self._guarded
        for key in _WORD_STARTS.findall(text):
            if key in table:
                rules.update([rule for word, rule in table[key] if word in text])
        if self._free:
            rules.update(self._free_in(text))
        return tuple(rules)

    def _free_in(self, text: bytes) -> Iterator[int]:
        if self._pattern is None:
            self._pattern = _trie_pattern(self._free)
        found = self._pattern.search(text)
        while found:
            for length in range(1, len(found[0]) + 1):
                yield from self._free.get(found[0][:length], ())
            # One word can begin inside another, so go on one byte later, not behind the word.
            found = self._pattern.search(text, found.start() + 1)


_WORD_STARTS = re.compile(rb"([a-z]{%d})[a-z]*" % KEY_LENGTH)


def _trie_pattern(words: Iterable[bytes]) -> re.Pattern[bytes]:
    """Return a pattern that finds, at the place where it is tried, the longest of `words`."""
    trie: dict[int, dict] = {}  # type: ignore[type-arg]
    for word in words:
        node = trie
        for byte in word:
            node = node.setdefault(byte, {})
        node[-1] = {}
    return re.compile(_trie_source(trie))


def _trie_source(node: dict) -> bytes:  # type: ignore[type-arg]
    ends = -1 in node
    branches = [re.escape(bytes([byte])) + _trie_source(child) for byte, child in sorted(node.items()) if byte >= 0]
    if not branches:
        return b""
    source = branches[0] if len(branches) == 1 and not ends else b"(?:" + b"|".join(branches) + b")"
    return source + b"?" if ends else source
