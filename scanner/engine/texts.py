"""Fixed texts: keywords in the stretch before a place, and literals anywhere in a content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from scanner.engine.anchors import KEY_LENGTH, MAX_REACH, Keyword
from scanner.engine.surroundings import Check, Surroundings, check_of

_MAX_REMEMBERED = 4_096

_MAX_GRAM = 8
_FREQUENT = (
    b"key",
    b"ass",
    b"ken",
    b"ing",
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


class Literals:
    """Texts in lower case, the rules they stand for, and what each rule asks of what stands around the text.

    Texts that share a part are found by one search for it.
    """

    def __init__(self, texts: Iterable[tuple[str, int, Surroundings]]) -> None:
        rules: dict[bytes, list[_Asked]] = {}
        for text, rule, asked in texts:
            rules.setdefault(text.encode(), []).append((rule, check_of(asked)))
        self._groups = [(gram, _members(gram, texts, rules)) for gram, texts in _grouped(rules)]

    @property
    def parts(self) -> tuple[str, ...]:
        """Return what is searched for: each a part that several texts share, or a whole text."""
        return tuple(gram.decode() for gram, _ in self._groups)

    def find(self, data: bytes, out: list[tuple[int, int]]) -> None:
        """Add (offset, rule) to `out` for each place of each text in `data`, upper or lower case."""
        low = data.lower() if self._groups else b""
        for gram, members in self._groups:
            size, find = len(gram), low.find
            at = find(gram)
            while at >= 0:
                for text, offset, rules in members.get(low[at + size : at + size + 1], ()):
                    if low.startswith(text, at - offset) and at >= offset:
                        _take(low, at - offset, len(text), rules, out)
                at = find(gram, at + 1)


_Asked = tuple[int, Check | None]
_Members = dict[bytes, list[tuple[bytes, int, list[_Asked]]]]
"""By the byte behind the shared part: a text, the offset of the shared part in it, and its rules with their checks."""


def _take(low: bytes, at: int, length: int, rules: list[_Asked], out: list[tuple[int, int]]) -> None:
    for rule, check in rules:
        if check is not None:
            follow, left, reach = check
            if follow is not None and follow(low, at + length) is None:
                continue
            if left is not None and left(low, at - reach if at > reach else 0, at) is None:
                continue
        out.append((at, rule))


def _members(gram: bytes, texts: Iterable[bytes], rules: dict[bytes, list[_Asked]]) -> _Members:
    members: _Members = {}
    ends = [b""] + [bytes([byte]) for byte in range(256)]
    for text in texts:
        offset = text.index(gram)
        behind = text[offset + len(gram) : offset + len(gram) + 1]
        for key in [behind] if behind else ends:
            members.setdefault(key, []).append((text, offset, rules[text]))
    return members


def _grouped(texts: Iterable[bytes]) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield groups of the texts, each with a part that all of its texts hold, so that few and quick searches do."""
    left = sorted(texts)
    grams = {text: _grams(text) for text in left}
    while left:
        shared = Counter(gram for text in left for gram in grams[text])
        best = max(shared, key=lambda gram: (shared[gram] / _cost(gram), gram))
        yield best, [text for text in left if best in grams[text]]
        left = [text for text in left if best not in grams[text]]


def _grams(text: bytes) -> set[bytes]:
    grams = {text[i : i + n] for n in range(KEY_LENGTH, _MAX_GRAM + 1) for i in range(len(text) - n + 1)}
    # Two characters are enough where one of them is rare.
    pairs = {text[i : i + 2] for i in range(len(text) - 1) if 36 in text[i : i + 2]}
    return grams | pairs | ({text} if len(text) > _MAX_GRAM else set())


def _cost(gram: bytes) -> float:
    """Return about how long a search for the part takes, in ms per MB (measured on C and Python sources)."""
    return max(0.3, 0.8 - 0.06 * len(gram)) + (0.5 if gram in _FREQUENT else 0)


class Words:
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
        self._starts = frozenset(self._guarded)
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
        for key in self._starts.intersection(_WORD_STARTS.findall(text)):
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
