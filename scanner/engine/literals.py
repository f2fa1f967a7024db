"""Fixed texts anywhere in a content, found by what is rare in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from scanner.engine.anchors import KEY_LENGTH
from scanner.engine.surroundings import Check, Surroundings, check_of

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
"""Parts that are frequent in sources."""

_MUCH_BYTES = 256 << 10
"""From so many bytes on, patterns for letters are worth their compilation."""

_NONE: Mapping[int, float] = {}
_SHARES = (
    *(8.8, 10.5, 10.9, 7.2, 7.2, 6.3, 6.1, 5.9, 5.7, 5.0, 4.7, 4.5, 4.4, 4.0, 3.8, 3.4, 3.3, 1.9),
    *(1.9, 1.9, 1.7, 1.6, 1.5, 1.5, 1.3, 1.1, 0.9, 0.8, 0.8, 0.7, 0.5, 0.2, 0.2, 0.1, 0.1),
)
_LETTERS = dict(zip(b"yb\"-=vwk>'x/*<:;\\{j#z]q[}&+|%$!@?^~", _SHARES, strict=True))
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
    """Return a pattern that takes the letter only: one text may begin inside another."""
    ways = []
    for text in texts:
        before, _, behind = text.partition(letter)
        ways.append((b"(?<=" + re.escape(before + letter) + b")" if before else b"") + re.escape(behind))
    return re.compile(re.escape(letter) + b"(?=" + b"|".join(ways) + b")")


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
