"""Fixed texts: keywords in the stretch before a place, and literals anywhere in a content."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from scanner.engine.anchors import KEY_LENGTH, MAX_REACH, Keyword
from scanner.engine.surroundings import Check, Surroundings, check_of

_MAX_REMEMBERED = 100_000
"""Tokens that hold no keyword and are remembered."""

_PACKED = 32
"""How long what stands between blanks is on average in packed code, at least, in bytes."""

_MAX_GRAM = 8
_FREQUENT = (
    b"key",
    b"ass",
    b"ken",
    b"ing",
    b"use",
    b"cre",
    b"ser",
    b"sec",
    b"ret",
    b"the",
    b"ent",
    b"ion",
    b"ter",
    b"ine",
    b"ati",
    b"ed ",
    b"ted ",
    b" in",
    b"$(",
    b"${",
)


_MUCH_BYTES = 256 << 10
"""From so many bytes on, patterns for letters are worth their compilation."""

_NONE: Mapping[int, float] = {}
_LETTERS = dict(
    zip(
        b"-=vwk>'x/*<:;\\j#zq&+|%$!@?^~{}[]",
        (
            *(7.2, 7.2, 6.3, 6.1, 5.9, 5.7, 5.0, 4.7, 4.5, 4.4, 4.0, 3.8, 3.4, 3.3, 1.9, 1.9, 1.7, 1.5, 1.1, 0.9),
            *(0.8, 0.8, 0.7, 0.5, 0.2, 0.2, 0.1, 0.1, 1.9, 1.3, 1.5, 1.6),
        ),
        strict=True,
    )
) | {ord("b"): 10.5, ord("y"): 8.8, ord('"'): 10.9}
"""Characters that are rare in lower-case sources, and their shares in thousandths (measured on C, Python and JSON)."""


class Literals:
    """Texts in lower case, the rules they stand for, and what each rule asks of what stands around the text.

    Texts that share a part are found by one search for it; once there is much to search, those that share a rare letter
    by one for that.
    """

    def __init__(self, texts: Iterable[tuple[str, int, Surroundings]]) -> None:
        self._rules: dict[bytes, list[tuple[int, Surroundings]]] = {}
        for text, rule, asked in texts:
            self._rules.setdefault(text.encode(), []).append((rule, asked))
        self._groups = list(_grouped(self._rules))
        self._members: list[_Members | None] = [None] * len(self._groups)
        self._letters: list[_Letter] = []
        self._bytes = 0

    @property
    def parts(self) -> tuple[str, ...]:
        """Return what is searched for: each a part that several texts share, or a whole text."""
        return tuple(gram.decode() for gram, _ in self._groups)

    def find(self, data: bytes, out: list[tuple[int, int]]) -> None:
        """Add (offset, rule) to `out` for each place of each text in `data`, upper or lower case."""
        low = data.lower() if self._groups else b""
        self._bytes += len(low)
        if self._bytes > _MUCH_BYTES and not self._letters:
            self._use_letters()
        for letter in self._letters:
            for found in letter.pattern.finditer(low):
                _take_members(low, found.start(), 1, letter.members, out)
        for number, (gram, _) in enumerate(self._groups):
            size, find = len(gram), low.find
            at = find(gram)
            if at >= 0:
                members = self._members[number] or self._ready(number)
            while at >= 0:
                _take_members(low, at, size, members, out)
                at = find(gram, at + 1)

    def _use_letters(self) -> None:
        groups = list(_grouped(self._rules, letters=_LETTERS))
        self._letters = [
            _Letter(_around_letter(gram, texts), self._checked(gram, texts)) for gram, texts in groups if len(gram) == 1
        ]
        self._groups = [group for group in groups if len(group[0]) > 1]
        self._members = [None] * len(self._groups)

    def _ready(self, number: int) -> _Members:
        """Return the texts of a group, made at its first place: most groups have none in a small content."""
        members = self._members[number] = self._checked(*self._groups[number])
        return members

    def _checked(self, gram: bytes, texts: list[bytes]) -> _Members:
        rules = {text: [(rule, check_of(asked)) for rule, asked in self._rules[text]] for text in texts}
        return _members(gram, rules)


_Asked = tuple[int, Check | None]
_Texts = list[tuple[bytes, int, list[_Asked]]]
"""A text, the offset of the shared part in it, and its rules with their checks."""

_Members = tuple[dict[bytes, _Texts], _Texts]
"""The texts by the byte behind the shared part, and those that end with that part: they come with any byte."""


class _Letter(NamedTuple):
    """A pattern for where one letter stands as in one of its texts, and these."""

    pattern: re.Pattern[bytes]
    members: _Members


def _around_letter(letter: bytes, texts: Iterable[bytes]) -> re.Pattern[bytes]:
    ways = []
    for text in texts:
        before, _, behind = text.partition(letter)
        ways.append((b"(?<=" + re.escape(before + letter) + b")" if before else b"") + re.escape(behind))
    return re.compile(re.escape(letter) + b"(?:" + b"|".join(ways) + b")")


def _take_members(low: bytes, at: int, size: int, members: _Members, out: list[tuple[int, int]]) -> None:
    """Add the texts of which the shared part, `size` bytes long, stands at `at`."""
    by_next, last = members
    for text, offset, rules in by_next.get(low[at + size : at + size + 1], last):
        if low.startswith(text, at - offset) and at >= offset:
            _take(low, at - offset, len(text), rules, out)


def _take(low: bytes, at: int, length: int, rules: list[_Asked], out: list[tuple[int, int]]) -> None:
    for rule, check in rules:
        if check is not None:
            follow, left, reach = check
            if follow is not None and follow(low, at + length) is None:
                continue
            if left is not None and left(low, at - reach if at > reach else 0, at) is None:
                continue
        out.append((at, rule))


def _members(gram: bytes, rules: dict[bytes, list[_Asked]]) -> _Members:
    by_next: dict[bytes, _Texts] = {}
    last: _Texts = []
    for text in rules:
        offset = text.index(gram)
        behind = text[offset + len(gram) : offset + len(gram) + 1]
        (by_next.setdefault(behind, []) if behind else last).append((text, offset, rules[text]))
    return {behind: found + last for behind, found in by_next.items()}, last


def _grouped(texts: Iterable[bytes], *, letters: Mapping[int, float] = _NONE) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield groups of the texts, each with a part that all of its texts hold, so that few and quick searches do.

    A part may be one of the `letters`, which have their share of all bytes in thousandths.
    """
    grams = {text: _grams(text) | {bytes([c]) for c in text if c in letters} for text in sorted(texts)}
    shared = Counter(gram for its in grams.values() for gram in its)
    costs = {gram: _cost(gram, letters) for gram in shared}
    while grams:
        _, best = max((count / costs[gram], gram) for gram, count in shared.items())
        group = [text for text, its in grams.items() if best in its]
        yield best, group
        for text in group:
            for gram in grams.pop(text):
                shared[gram] -= 1
                if not shared[gram]:
                    del shared[gram]


def _grams(text: bytes) -> set[bytes]:
    grams = {text[i : i + n] for n in range(KEY_LENGTH, _MAX_GRAM + 1) for i in range(len(text) - n + 1)}
    # Two characters are enough where one of them is rare.
    pairs = {text[i : i + 2] for i in range(len(text) - 1) if 36 in text[i : i + 2]}
    return grams | pairs | ({text} if len(text) > _MAX_GRAM else set())


def _cost(gram: bytes, letters: Mapping[int, float]) -> float:
    """Return about how long a search for the part takes, in ms per MB (measured on C, Python and JSON)."""
    if len(gram) == 1:
        return 0.29 + 0.13 * letters[gram[0]]
    return max(0.25, 0.95 - 0.06 * len(gram)) + (0.5 if gram in _FREQUENT else 0)


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
        parts = [data[_line_start(data, start) : end].lower() for start, end in places]
        for text, rule in self._plain:
            out.extend([(start, rule) for (start, _), part in zip(places, parts, strict=True) if text in part])
        if self._guarded or self._free:
            self._find_by_tokens(places, parts, out)

    def _find_by_tokens(self, places: list[tuple[int, int]], parts: list[bytes], out: list[tuple[int, int]]) -> None:
        tokens = [_tokens(part) for part in parts]
        self._learn(set().union(*tokens) - self._dull)
        telling, signs = self._telling, self._signs
        for (start, _), part, its in zip(places, parts, tokens, strict=True):
            if not telling.isdisjoint(its):
                named = {one for token in telling.intersection(its) for one in signs[token]}
                out.extend([(start, rule) for rule, text in named if text in part])

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

_TO_TOKENS = bytes(byte if byte in b"abcdefghijklmnopqrstuvwxyz0123456789_-" else 32 for byte in range(256))


def _tokens(part: bytes) -> list[bytes]:
    """Return what may hold keywords in a part of a line: what stands between blanks; in packed code, between any marks.

    Packed code has few blanks, and what stands between two hardly comes again.
    """
    tokens = part.split()
    return tokens if len(part) < _PACKED * len(tokens) else part.translate(_TO_TOKENS).split()


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
