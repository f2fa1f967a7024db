"""Where a pattern could match: found in C-level passes whose cost does not grow with the number of rules.

Almost every credential holds a long unbroken run of token characters. One translation to a two-letter
alphabet and a search for 20 of one letter find all such runs; a dictionary on a run's first characters, on
the characters before it, or on the words of its line names the rules that can apply. What has no long run
stands behind a hub (`hubs`), such as an assignment of a quoted value, and the words before it name the rules.
The little that is left is found by a literal search for each text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain, product, repeat

from scanner.engine.anchors import (
    KEY_LENGTH,
    LONG_RUN,
    MAX_REACH,
    MIN_RUN,
    MIN_WIDE_RUN,
    PLAIN_LONG_RUN,
    RUN,
    WIDE,
    WIDE_LONG_RUN,
    Anchor,
    Keyword,
    Prefix,
)
from scanner.engine.hubs import assignments, url_pattern
from scanner.engine.literals import Literals
from scanner.engine.sequences import OTHER, TOKEN
from scanner.engine.surroundings import Surroundings
from scanner.engine.windows import Candidate
from scanner.engine.words import Words

_RARE = frozenset("$~^@!?")
"""Characters so rare that a keyword with one of them is looked for by itself: no run near it need be found first."""

_Heads = dict[bytes, list[tuple[bytes, int, bool, int]]]
"""By first characters: a text, the length of its run, whether case does not count, and a rule."""


def _class_table(members: Iterable[int]) -> bytes:
    inside = {code for code in members if code != OTHER}
    return bytes(97 if byte in inside else 32 for byte in range(256))


_TO_TOKEN, _TO_WIDE = _class_table(TOKEN), _class_table(WIDE)
_RUN, _WIDE_RUN = b"a" * MIN_RUN, b"a" * MIN_WIDE_RUN
_KEYED = re.compile(rb"[A-Za-z_-]*[0-9]|[0-9A-Fa-f-]{%d}" % MIN_RUN)
_AFTER_DASH = re.compile(rb"-(?=[A-Za-z0-9_])")
_JOINT = rb"[-+/.%~]"
_AFTER_JOINT = re.compile(_JOINT + rb"(?=[A-Za-z0-9_])")


def long_runs(data: bytes) -> list[tuple[int, int]]:
    """Return the half-open spans of the runs of MIN_RUN token characters or more, in order."""
    return _runs(data.translate(_TO_TOKEN), _RUN)


def _runs(classes: bytes, least: bytes) -> list[tuple[int, int]]:
    """Return the half-open spans in which no blank is, and that are as long as `least` or longer."""
    find, size, length = classes.find, len(classes), len(least)
    runs: list[tuple[int, int]] = []
    start = find(least)
    while start >= 0:
        end = find(b" ", start + length)
        end = size if end < 0 else end
        runs.append((start, end))
        start = find(least, end)
    return runs


class Dispatcher:
    """The anchors of a rule set as dictionaries; `find` is sound: it misses no line on which a rule matches."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        self._prefixes = _heads((a.run_prefixes, a.is_folded, i) for i, a in enumerate(anchors))
        lefts = (([Prefix(text, 0) for text in a.run_lefts], a.is_folded, i) for i, a in enumerate(anchors))
        self._lefts = _heads(lefts)
        self._left_ends = frozenset(key[-1] for key in self._lefts)
        self._wides = _heads((a.wide_prefixes, a.is_folded, i) for i, a in enumerate(anchors))
        self._wide_inside = re.compile(_JOINT + b"(?:" + b"|".join(map(re.escape, sorted(self._wides))) + b")")
        by_place: dict[str, list[tuple[Keyword, int]]] = {}
        for i, anchor in enumerate(anchors):
            for keyword in anchor.keywords:
                by_place.setdefault(keyword.place, []).append((keyword, i))
        self._run_words = Words(by_place.pop(RUN, ()))
        self._long_words = Words(by_place.pop(PLAIN_LONG_RUN, ()))
        wide = by_place.pop(WIDE_LONG_RUN, [])
        self._wide_words = Words([one for one in wide if _RARE.isdisjoint(one[0].text)])
        rare = [(word.text, rule, Surroundings()) for word, rule in wide if not _RARE.isdisjoint(word.text)]
        self._url_words = Words(by_place.pop("url", ()))
        self._url = url_pattern()
        table, groups = assignments(by_place)
        self._to_assignment = table
        self._assignments = [(names, pattern, Words(_of_group(by_place, names))) for names, pattern in groups]
        literals = (
            (text, i, asked)
            for i, anchor in enumerate(anchors)
            for text, asked in zip(anchor.literals, anchor.around or repeat(Surroundings()), strict=False)
        )
        self._literals = Literals(chain(literals, rare))

    @property
    def passes(self) -> tuple[str, ...]:
        """Return the names of the searches that run over every content; their number is what a search costs."""
        named = (("wide runs", bool(self._wides or self._wide_words)), ("URLs", bool(self._url_words)))
        names = ["runs", *(name for name, is_used in named if is_used)]
        names += [f"assignment {operators}" for operators, _, _ in self._assignments]
        return (*names, *(f"literal {part}" for part in self._literals.parts))

    def find(self, data: bytes, runs: list[tuple[int, int]]) -> list[Candidate]:
        """Return the candidates of `data`, in no order; the same one may come twice.

        The half-open spans of the runs of MIN_RUN token characters or more are added to `runs`, in order.
        """
        out: list[Candidate] = []
        self._find_in_runs(data, out, runs)
        if self._wides or self._wide_words:
            self._find_in_wide_runs(data, out)
        if self._assignments:
            classes = data.translate(self._to_assignment)
            for _, pattern, words in self._assignments:
                words.find(data, _by_line([found.start() for found in pattern.finditer(classes)], data), out)
        if self._url_words:
            places = _by_line([found.start() for found in self._url.finditer(data)], data)
            self._url_words.find(data, places, out)
        self._literals.find(data, out)
        return out

    def _find_in_runs(self, data: bytes, out: list[Candidate], runs: list[tuple[int, int]]) -> None:
        own = long_runs(data)
        runs += own
        prefixes = self._prefixes
        for (start, end), key in zip(own, [data[start : start + KEY_LENGTH] for start, _ in own], strict=True):
            if key in prefixes:
                _take(prefixes[key], data, start, end, out)
        find = data.find
        for start, end in [run for run in own if find(b"-", run[0], run[1] - MIN_RUN) >= 0]:
            _find_inside(_AFTER_DASH, data, start, end, prefixes, out)
        for start in [start for start, _ in own if data[start - 1] in self._left_ends]:
            _take_left(self._lefts, data, start, out)
        is_keyed = _KEYED.match
        _find_along(self._run_words, data, [run for run in own if is_keyed(data, *run)], out)
        if self._long_words:
            _find_along(self._long_words, data, [run for run in own if run[1] - run[0] >= LONG_RUN], out)

    def _find_in_wide_runs(self, data: bytes, out: list[Candidate]) -> None:
        """A credential with joints in it may begin where the run does, or behind any joint inside."""
        prefixes = self._wides
        wide = _runs(data.translate(_TO_WIDE), _WIDE_RUN)
        for (start, end), key in zip(wide, [data[start : start + KEY_LENGTH] for start, _ in wide], strict=True):
            if key in prefixes:
                _take(prefixes[key], data, start, end, out)
        inside = self._wide_inside.search
        for start, end in [run for run in wide if inside(data, *run)]:
            _find_inside(_AFTER_JOINT, data, start, end, prefixes, out)
        if self._wide_words:
            _find_along(self._wide_words, data, [run for run in wide if run[1] - run[0] >= LONG_RUN], out)


def _find_along(words: Words, data: bytes, runs: list[tuple[int, int]], out: list[Candidate]) -> None:
    """Add the rules of keywords before or in runs; a match may stand anywhere in a run, so along the whole of it."""
    found: list[Candidate] = []
    words.find(data, runs, found)
    out += found
    ends = {start: end for start, end in runs if end - start > MAX_REACH}
    for start, rule in found if ends else ():
        if start in ends:
            out += [(at, rule) for at in range(start + MAX_REACH, ends[start], MAX_REACH)]


def _of_group(by_place: dict[str, list[tuple[Keyword, int]]], operators: str) -> list[tuple[Keyword, int]]:
    return [one for place, keywords in by_place.items() if place[-1] in operators for one in keywords]


def _by_line(places: list[int], data: bytes) -> list[tuple[int, int]]:
    """Return the first and the last of the places that are near to each other on one line, as a span."""
    out: list[tuple[int, int]] = []
    i, count = 0, len(places)
    while i < count:
        first = last = places[i]
        line_end = data.find(b"\n", first)
        limit = first + MAX_REACH if line_end < 0 else min(line_end, first + MAX_REACH)
        i += 1
        while i < count and places[i] < limit:
            last = places[i]
            i += 1
        out.append((first, last))
    return out


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
