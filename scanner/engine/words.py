"""Keywords in the stretch before a place, told by the tokens that stand there."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import accumulate, compress, count

from scanner.engine.anchors import KEY_LENGTH, MAX_REACH, Keyword

_MAX_REMEMBERED = 100_000
"""Tokens that hold no keyword and are remembered."""

_DENSE = 8
"""So many places in a row, each near to the next on one line, are looked at together."""

_PACKED = 32
"""How long what stands between blanks is on average in packed code, at least, in bytes."""


class Words:
    """Keywords that stand before one kind of place.

    One with other characters than a token has is told by its longest part, and then looked for as a whole.
    """

    def __init__(self, keywords: Iterable[tuple[Keyword, int]]) -> None:
        self._always = tuple(dict.fromkeys(rule for word, rule in keywords if not word.text))
        self._guarded: dict[bytes, list[_Named]] = {}
        self._free: dict[bytes, list[_Named]] = {}
        self._plain: list[tuple[bytes, int]] = []
        for word, rule in keywords:
            if word.text:
                self._add(word.text.encode(), rule, is_guarded=word.is_guarded)
        self._is_empty = not (self._guarded or self._free or self._plain)
        self._pattern: re.Pattern[bytes] | None = None
        self._named: dict[frozenset[tuple[bytes, bool]], tuple[_Named, ...]] = {}
        self._dull: set[bytes] = set()
        self._telling: set[bytes] = set()
        self._signs: dict[bytes, tuple[_Named, ...]] = {}

    def _add(self, text: bytes, rule: int, *, is_guarded: bool) -> None:
        part = max(text.translate(_TO_TOKENS).split(), key=len, default=b"")
        if len(part) < KEY_LENGTH:
            self._plain.append((text, rule))
        else:
            words = self._guarded if is_guarded and part == text else self._free
            words.setdefault(part, []).append((rule, b"" if part == text else text))

    def __bool__(self) -> bool:
        return bool(self._always) or not self._is_empty

    def find(self, data: bytes, places: list[tuple[int, int]], out: list[tuple[int, int]]) -> None:
        """Add (place, rule) to `out` for the rules of all keywords before each place, on its line.

        A place is a half-open span of `data`; a keyword stands between MAX_REACH before its start, and its end. Which
        tokens between blanks hold one is told from memory: most hold none, and come again.
        """
        for rule in self._always:
            out.extend([(start, rule) for start, _ in places])
        if self._is_empty or not places:
            return
        begins = [_line_start(data, start) for start, _ in places]
        lone: list[_Place] = []
        for group in _by_overlap(places, begins):
            if len(group) < _DENSE:
                lone += group
            else:
                self._find_in_group(data, group, out)
        self._find_before(data, lone, out)

    def _find_before(self, data: bytes, places: list[_Place], out: list[tuple[int, int]]) -> None:
        """Look at the stretch of each place by itself."""
        parts = [data[begin:end].lower() for begin, _, end in places]
        for text, rule in self._plain:
            out.extend([(one[1], rule) for one, part in zip(places, parts, strict=True) if text in part])
        if self._guarded or self._free:
            self._find_by_tokens(places, parts, out)

    def _find_in_group(self, data: bytes, places: list[_Place], out: list[tuple[int, int]]) -> None:
        """Look once at what the stretches of the places have in common: on a long line they are dense."""
        base = places[0][0]
        low = data[base : places[-1][2]].lower()
        begins, ends = [place[0] - base for place in places], [place[2] - base for place in places]
        for text, rule in self._plain:
            for at in _all_places(low, text):
                inside = places[bisect_left(ends, at + len(text)) : bisect_right(begins, at)]
                out.extend([(start, rule) for _, start, _ in inside])
        if not (self._guarded or self._free):
            return
        tokens = low.translate(_TO_TOKENS).split(b" ")
        self._learn(set(tokens) - self._dull)
        telling = list(compress(count(), map(self._telling.__contains__, tokens)))
        if telling:
            offsets = list(accumulate(map(len, tokens), initial=0))
            heads = [offsets[number] + number for number in telling]
            words = [tokens[number] for number in telling]
            tails = [head + len(word) for head, word in zip(heads, words, strict=True)]
            for place, begin, end in zip(places, begins, ends, strict=True):
                if near := words[bisect_right(tails, begin) : bisect_left(heads, end)]:
                    self._take(near, place[1], low[begin:end], out)

    def _take(self, tokens: Collection[bytes], start: int, part: bytes, out: list[tuple[int, int]]) -> None:
        """Add the rules of the keywords in the tokens, of those that stand in the part of the line as a whole."""
        named = {one for token in tokens for one in self._signs[token]}
        out.extend([(start, rule) for rule, text in named if text in part])

    def _find_by_tokens(self, places: list[_Place], parts: list[bytes], out: list[tuple[int, int]]) -> None:
        tokens = [_tokens(part) for part in parts]
        self._learn(set().union(*tokens) - self._dull)
        telling = self._telling
        for (_, start, _), part, its in zip(places, parts, tokens, strict=True):
            if not telling.isdisjoint(its):
                self._take(telling.intersection(its), start, part, out)

    def _learn(self, tokens: set[bytes]) -> None:
        """Remember which of the tokens, which hold no blanks, hold keywords, and the rules of these."""
        if len(self._dull) > _MAX_REMEMBERED:
            self._dull = set()
        tokens -= self._telling
        ordered = list(tokens)
        text = b" ".join(ordered)
        starts = list(accumulate((len(token) + 1 for token in ordered), initial=0))
        found: dict[bytes, set[tuple[bytes, bool]]] = {}
        for word in self._words()(text):
            at = word.start()
            token = ordered[bisect_right(starts, at) - 1]
            found.setdefault(token, set()).add((word[1], not at or not text[at - 1 : at].isalpha()))
        told = {token: self._rules_of(frozenset(words)) for token, words in found.items()}
        told = {token: rules for token, rules in told.items() if rules}
        self._signs.update(told)
        self._telling.update(told)
        self._dull |= tokens.difference(told)

    def _words(self) -> Callable[[bytes], Iterator[re.Match[bytes]]]:
        if self._pattern is None:
            self._pattern = _trie_pattern({**self._guarded, **self._free})
        return self._pattern.finditer

    def _rules_of(self, words: frozenset[tuple[bytes, bool]]) -> tuple[_Named, ...]:
        """Return the rules of all keywords with which these begin; each says whether no letter stands before it."""
        rules = self._named.get(words)
        if rules is None:
            heads = {(word[:length], is_free) for word, is_free in words for length in range(1, len(word) + 1)}
            free = {one for word, _ in heads for one in self._free.get(word, ())}
            guarded = {one for word, is_free in heads if is_free for one in self._guarded.get(word, ())}
            rules = self._named[words] = tuple(sorted(free | guarded))
        return rules


_Named = tuple[int, bytes]
"""A rule, and its keyword where that holds more than what stands in a token."""

_Place = tuple[int, int, int]
"""Where what stands before a place begins, and the half-open span of the place itself."""

_TO_TOKENS = bytes(byte if byte in b"abcdefghijklmnopqrstuvwxyz0123456789_-" else 32 for byte in range(256))


def _tokens(part: bytes) -> list[bytes]:
    """Return what may hold keywords in a part of a line: what stands between blanks; in packed code, between any marks.

    Packed code has few blanks, and what stands between two hardly comes again.
    """
    tokens = part.split()
    return tokens if len(part) < _PACKED * len(tokens) else part.translate(_TO_TOKENS).split()


def _by_overlap(places: list[tuple[int, int]], begins: list[int]) -> Iterator[list[_Place]]:
    """Yield the sorted places in groups: what stands before one overlaps the place before it in its group."""
    group: list[_Place] = []
    last = -1
    for begin, (start, end) in zip(begins, places, strict=True):
        if begin >= last and group:
            yield group
            group = []
        group.append((begin, start, end))
        last = end
    if group:
        yield group


def _all_places(text: bytes, part: bytes) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _line_start(data: bytes, at: int) -> int:
    """Return where the line of `at` begins, or MAX_REACH before it."""
    begin = at - MAX_REACH if at > MAX_REACH else 0
    line = data.rfind(b"\n", begin, at)
    return line + 1 if line >= 0 else begin


def _trie_pattern(words: Iterable[bytes]) -> re.Pattern[bytes]:
    """Return a pattern that matches nothing at each place at which one of `words` begins; its group is the longest.

    One word can begin inside another, so no character is taken.
    """
    trie: dict[int, dict] = {}  # type: ignore[type-arg]
    for word in words:
        node = trie
        for byte in word:
            node = node.setdefault(byte, {})
        node[-1] = {}
    return re.compile(rb"(?=(" + _trie_source(trie) + rb"))")


def _trie_source(node: dict) -> bytes:  # type: ignore[type-arg]
    ends = -1 in node
    branches = [re.escape(bytes([byte])) + _trie_source(child) for byte, child in sorted(node.items()) if byte >= 0]
    if not branches:
        return b""
    source = branches[0] if len(branches) == 1 and not ends else b"(?:" + b"|".join(branches) + b")"
    return source + b"?" if ends else source
