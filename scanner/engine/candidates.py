"""Where a pattern could match: found in C-level passes whose cost does not grow with the number of rules.

Almost every credential holds a long unbroken run of token characters. One translation to a two-letter
alphabet and a search for 20 of one letter find all such runs; a dictionary on a run's first characters, on
the characters before it, or on the words of its line names the rules that can apply. What has no long run
is found by a few literal searches.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence

from scanner.engine.anchors import KEY_LENGTH, MAX_REACH, MIN_RUN, Anchor

_TOKEN_BYTES = (string.ascii_letters + string.digits + "_-").encode()
_TO_CLASS = bytes(97 if byte in _TOKEN_BYTES else 32 for byte in range(256))
_RUN = b"a" * MIN_RUN
_DIGIT = re.compile(rb"[0-9]")

Candidate = tuple[int, int]
"""A byte offset near which a rule can match, and the index of the rule."""


class Dispatcher:
    """The anchors of a rule set as dictionaries; `find` is sound: it misses no line on which a rule matches."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self._prefixes = _by_key((p, i) for i, anchor in enumerate(anchors) for p in anchor.run_prefixes)
        self._lefts = _by_key((p, i) for i, anchor in enumerate(anchors) for p in anchor.run_lefts)
        contexts = _by_text((p, i) for i, anchor in enumerate(anchors) for p in anchor.contexts)
        self._contexts = {word: _closure(word, contexts) for word in contexts}
        self._context_words = _trie_pattern(contexts) if contexts else None
        self._literals = _by_text((p, i) for i, anchor in enumerate(anchors) for p in anchor.literals)
        self.everywhere = tuple(i for i, anchor in enumerate(anchors) if anchor.is_everywhere)

    def find(self, data: bytes, runs: list[tuple[int, int]]) -> list[Candidate]:
        """Return the candidates of `data`, in no order; the same one may come twice.

        The half-open spans of the runs of MIN_RUN token characters or more are added to `runs`, in order.
        """
        low = data.lower()
        out: list[Candidate] = []
        self._find_in_runs(data.translate(_TO_CLASS), low, out, runs)
        for literal, rules in self._literals.items():
            at = low.find(literal)
            while at >= 0:
                out.extend((at, rule) for rule in rules)
                at = low.find(literal, at + 1)
        return out

    def _find_in_runs(self, classes: bytes, low: bytes, out: list[Candidate], runs: list[tuple[int, int]]) -> None:
        prefixes, lefts, words = self._prefixes, self._lefts, self._context_words
        size = len(low)
        start = classes.find(_RUN)
        while start >= 0:
            end = classes.find(b" ", start + MIN_RUN)
            if end < 0:
                end = size
            runs.append((start, end))
            key = low[start : start + KEY_LENGTH]
            if key in prefixes:
                out.extend((start, rule) for text, rule in prefixes[key] if low.startswith(text, start))
            dash = low.find(b"-", start, end - MIN_RUN)
            if dash >= 0 and (key != b"---" or len(low[start:end].strip(b"-")) >= MIN_RUN):
                self._find_after_dashes(dash, end, low, out)
            left = low[start - KEY_LENGTH : start] if start >= KEY_LENGTH else b""
            if left in lefts:
                out.extend((start, rule) for _, rule in lefts[left])
            if words is not None and _DIGIT.search(low, start, end):
                self._find_contexts(max(0, start - MAX_REACH), start, end, low, out)
            start = classes.find(_RUN, end)

    def _find_after_dashes(self, dash: int, end: int, low: bytes, out: list[Candidate]) -> None:
        """A pattern that begins at a word boundary may begin behind a dash inside the run."""
        prefixes = self._prefixes
        while dash >= 0:
            start = dash + 1
            for text, rule in prefixes.get(low[start : start + KEY_LENGTH], ()):
                if low.startswith(text, start):
                    out.append((start, rule))
            dash = low.find(b"-", start, end - MIN_RUN)

    def _find_contexts(self, begin: int, start: int, end: int, low: bytes, out: list[Candidate]) -> None:
        line = low.rfind(b"\n", begin, start)
        if self._context_words is None:
            return
        search = self._context_words.search
        found = search(low, line + 1 if line >= 0 else begin, end)
        while found:
            out.extend((found.start(), rule) for rule in self._contexts[found[0]])
            # One word can begin inside another, so go on one byte later, not behind the word.
            found = search(low, found.start() + 1, end)


def _by_text(pairs: Iterable[tuple[str, int]]) -> dict[bytes, list[int]]:
    table: dict[bytes, list[int]] = {}
    for text, rule in pairs:
        table.setdefault(text.encode(), []).append(rule)
    return table


def _by_key(pairs: Iterable[tuple[str, int]]) -> dict[bytes, list[tuple[bytes, int]]]:
    table: dict[bytes, list[tuple[bytes, int]]] = {}
    for text, rule in pairs:
        table.setdefault(text[:KEY_LENGTH].encode(), []).append((text.encode(), rule))
    return table


def _closure(word: bytes, table: dict[bytes, list[int]]) -> tuple[int, ...]:
    """Return the rules of every keyword that begins `word`: the pattern below finds the longest only."""
    return tuple(rule for other, rules in table.items() if word.startswith(other) for rule in rules)


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
