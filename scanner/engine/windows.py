"""Where patterns run: the lines that hold a candidate, and of a long line what is near to one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from scanner.chunks import line_bounds
from scanner.engine.anchors import MAX_REACH, MAX_WIDTH, Anchor
from scanner.engine.hit import FAR
from scanner.engine.patterns import MAX_LEAD, begins_line

SHORT_LINE = 2_048
"""Up to that length a line is looked at as a whole."""

LINE_BEFORE = 2_048
LINE_AFTER = 8_192
"""What a pattern without a bound sees of a longer line, before and after its candidate, in bytes."""

BLOCK_BEFORE = 4_096
BLOCK_AFTER = 32_768
"""The same for a pattern that looks across lines."""

_MAX_CHARACTER = 4
"""Bytes that a character takes at most in UTF-8."""

_AROUND = FAR * _MAX_CHARACTER
"""What filters and the judge see on either side of a match, in bytes."""

BEFORE_CORE = _AROUND + MAX_LEAD * _MAX_CHARACTER
"""What is seen before a match of the core of a pattern, in bytes."""

Candidate = tuple[int, int]
"""A byte offset near which a rule can match, and the index of the rule."""

Window = tuple[int, int]
"""Half-open byte offsets."""


class LineWindows(NamedTuple):
    """By rule, in order and disjoint: `lines` are whole lines, `parts` parts of long lines with room for a match."""

    lines: dict[int, list[Window]]
    parts: dict[int, list[Window]]


class Sight(NamedTuple):
    """What one rule asks of a line: bytes before and after a candidate in which all of a match stands, and sets of
    texts; a text of each set must be there.

    `after_match` are the bytes after a match that have a say in it. With `begins_line` the rule matches at the
    beginning of a line only.
    """

    before: int
    after: int
    after_match: int
    required: tuple[tuple[bytes, ...], ...]
    begins_line: bool


class Sights:
    """What each rule asks of lines, by its index; most lines are ASCII, and matches are shorter there, in bytes."""

    def __init__(self, anchors: Iterable[Anchor], patterns: Iterable[str]) -> None:
        both = [_sights_of(*rule) for rule in zip(anchors, patterns, strict=True)]
        self._of_any = [of_any for of_any, _ in both]
        self._of_ascii = [of_ascii for _, of_ascii in both]

    def __getitem__(self, rule: int) -> Sight:
        """Return what a rule asks of any line."""
        return self._of_any[rule]

    def of_line(self, line: bytes) -> Sequence[Sight]:
        """Return what the rules ask of one line."""
        return self._of_ascii if line.isascii() else self._of_any


def _sights_of(anchor: Anchor, pattern: str) -> tuple[Sight, Sight]:
    """Return what a rule asks of any line, and of one that is ASCII."""
    required = tuple(tuple(text.encode() for text in one) for one in anchor.required)
    before, after = _reach(anchor.width, anchor.ahead)
    of_any = Sight(before, after, anchor.ahead + _AROUND, required, begins_line(pattern))
    width, ahead = (most if most >= MAX_WIDTH else most // _MAX_CHARACTER for most in (anchor.width, anchor.ahead))
    before, after = _reach(width, ahead)
    return of_any, of_any._replace(before=before, after=after)


def _reach(width: int, ahead: int) -> tuple[int, int]:
    """Return how far before and after a candidate a match may stand, with what its conditions look at."""
    return (MAX_WIDTH, max(MAX_WIDTH, ahead)) if width >= MAX_WIDTH else (width, MAX_REACH + width + ahead)


def line_windows(data: bytes, candidates: Iterable[Candidate], sights: Sights) -> LineWindows:
    """Return where the rules can match near their candidates; nothing where a text that a match needs is absent.

    A line is found and put in lower case once, however many rules have a candidate on it.
    """
    lines: dict[int, list[Window]] = {}
    parts: dict[int, list[Window]] = {}
    for start, end, near in _by_line(data, candidates):
        if end - start > SHORT_LINE:
            for rule, windows in _parts_of_line(start, end, near, sights.of_line(data[start:end])).items():
                parts.setdefault(rule, []).extend(windows)
            continue
        window, low = (start, end), b""
        for rule in {rule for _, rule in near}:
            if required := sights[rule].required:
                low = low or data[start:end].lower()
                if not _has_all(low, required):
                    continue
            lines.setdefault(rule, []).append(window)
    return LineWindows(lines, {rule: _telling(data, parts[rule], sights[rule].required) for rule in parts})


def _parts_of_line(start: int, end: int, near: Iterable[Candidate], sights: Sequence[Sight]) -> dict[int, list[Window]]:
    """Return the windows of each rule on a long line, disjoint, for its sorted candidates: those are dense there."""
    parts: dict[int, list[list[int]]] = {}
    for offset, rule in near:
        before, after, _, _, begins_line = sights[rule]
        if begins_line and offset - before > start:
            continue
        windows = parts.get(rule)
        if windows and offset - before <= windows[-1][1]:
            windows[-1][1] = offset + after
        else:
            parts.setdefault(rule, []).append([offset - before, offset + after])
    return {rule: [(max(start, low), min(end, high)) for low, high in windows] for rule, windows in parts.items()}


def _by_line(data: bytes, candidates: Iterable[Candidate]) -> Iterator[tuple[int, int, list[Candidate]]]:
    """Yield the half-open bounds of each line that holds candidates, and these, both in order."""
    near: list[Candidate] = []
    start, end = 0, -1
    for candidate in sorted(set(candidates)):
        offset = candidate[0]
        if offset > end:
            if near:
                yield start, end, near
                near = []
            start = data.rfind(b"\n", end + 1, offset) + 1 or end + 1
            end = data.find(b"\n", offset)
            end = len(data) if end < 0 else end
        near.append(candidate)
    if near:
        yield start, end, near


def around_match(data: bytes, start: int, end: int, sight: Sight) -> Window:
    """Return what of its line has a say in a match of the core of a pattern, and in what becomes of that."""
    begin = line_bounds(data, start, before=BEFORE_CORE, after=0)[0]
    return begin, line_bounds(data, end, before=0, after=sight.after_match)[1]


def _telling(data: bytes, windows: list[Window], required: Sequence[Sequence[bytes]]) -> list[Window]:
    if not required:
        return windows
    return [(start, end) for start, end in windows if _has_all(data[start:end].lower(), required)]


def _has_all(low: bytes, required: Iterable[Iterable[bytes]]) -> bool:
    """Return whether a text of each set is in `low`."""
    for texts in required:
        for text in texts:
            if text in low:
                break
        else:
            return False
    return True


def add_window(windows: list[Window], window: Window) -> None:
    """Add a window that begins at or behind the last one; windows that touch are one."""
    if windows and window[0] <= windows[-1][1]:
        window = windows[-1][0], max(window[1], windows.pop()[1])
    windows.append(window)


def block_windows(data: bytes, offsets: Iterable[int]) -> list[Window]:
    """Return the disjoint windows around candidates of a rule that looks across lines, in order."""
    windows: list[Window] = []
    for offset in sorted(offsets):
        start = line_bounds(data, max(0, offset - BLOCK_BEFORE), before=LINE_BEFORE, after=0)[0]
        end = line_bounds(data, min(len(data), offset + BLOCK_AFTER), before=0, after=LINE_AFTER)[1]
        add_window(windows, (start, end))
    return windows
