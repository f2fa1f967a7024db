"""Marks in the text and lines of the ignore file -> Suppression: what a person decided beside the code."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import islice
from typing import NamedTuple

from scanner.errors import ConfigError
from scanner.globs import IgnorePattern, deciding, ignore_pattern
from scanner.model import Rule, Suppression

OWN_MARK = b"leaksweep:allow"
_SHOWN_LINE = 4_096
MAX_MARKS_PER_LINE = 50
MAX_BLOCK_MARKS = 1_000
"""Starts and ends of blocks in one text. What goes beyond a limit settles nothing: its secrets are reported."""

_MAX_REASON = 400
"""Characters behind a mark that may be its reason."""


class Reach(StrEnum):
    """Which lines a mark speaks for: its own, the next one, those beside it if it stands alone, or a block's."""

    LINE = "line"
    LINE_OR_NEXT = "line, or the next one if it stands alone"
    LINE_OR_BESIDE = "line, or those beside it if it stands alone"
    NEXT = "next line"
    START = "start of a block"
    END = "end of a block"


class Mark(NamedTuple):
    """A mark in a text: `line` from 1, `text` of that line, in which it stands from `start` to `end`."""

    word: str
    reach: Reach
    line: int
    text: str
    start: int
    end: int
    rules: tuple[str, ...] = ()
    reason: str = ""
    is_generic_only: bool = False


class _Kind(NamedTuple):
    word: str
    needle: bytes
    pattern: re.Pattern[str]
    reach: Reach
    is_generic_only: bool = False


def _kind(word: str, needle: str, pattern: str, reach: Reach, *, is_generic_only: bool = False) -> _Kind:
    return _Kind(word, needle.encode(), re.compile(pattern, re.IGNORECASE), reach, is_generic_only)


_NAMES = r"(?:\[(?P<rules>[^\]\n]{1,400})\])?"
_KINDS = (
    _kind("leaksweep:allow-next-line", "leaksweep:allow", rf"leaksweep:allow-next-?line\b{_NAMES}", Reach.NEXT),
    _kind("leaksweep:allow-start", "leaksweep:allow", rf"leaksweep:allow-start\b{_NAMES}", Reach.START),
    _kind("leaksweep:allow-end", "leaksweep:allow", r"leaksweep:allow-end\b", Reach.END),
    _kind("leaksweep:allow", "leaksweep:allow", rf"leaksweep:allow(?![\w-]){_NAMES}", Reach.LINE_OR_NEXT),
    _kind("gitleaks:allow", "gitleaks:allow", r"gitleaks:allow(?![\w-])", Reach.LINE),
    _kind("betterleaks:allow", "betterleaks:allow", r"betterleaks:allow(?![\w-])", Reach.LINE),
    _kind("trufflehog:ignore", "trufflehog:ignore", r"trufflehog:ignore(?![\w-])", Reach.LINE),
    _kind("kingfisher:ignore", "kingfisher:ignore", r"kingfisher:ignore(?![\w-])", Reach.LINE_OR_BESIDE),
    _kind("pragma", "list", r"pragma: ?(?:allow|white)list[ -]nextline[ -]secret\b", Reach.NEXT),
    _kind("pragma", "list", r"pragma: ?(?:allow|white)list[ -]secret\b", Reach.LINE),
    _kind("secretlint", "secretlint-", r"secretlint-disable-next-line(?P<rules>[^\n]{0,400})", Reach.NEXT),
    _kind("secretlint", "secretlint-", r"secretlint-disable-line(?P<rules>[^\n]{0,400})", Reach.LINE),
    _kind("secretlint", "secretlint-", r"secretlint-disable(?!-)(?P<rules>[^\n]{0,400})", Reach.START),
    _kind("secretlint", "secretlint-", r"secretlint-enable(?!-)", Reach.END),
    _kind("ggignore", "ggignore", r"\bggignore\b", Reach.LINE),
    _kind("checkov:skip", "checkov:skip", r"checkov:skip=CKV_SECRET_\d+", Reach.LINE_OR_BESIDE),
    _kind(
        "nosec",
        "nosec",
        r"\bnosec\b(?!:? *B\d)|\bnosec\b:? *(?:B\d+[, ]+)*B10[567]\b",
        Reach.LINE,
        is_generic_only=True,
    ),
    _kind("noqa", "noqa", r"\bnoqa: *(?:[A-Z]+\d+[, ]+)*S10[567]\b", Reach.LINE, is_generic_only=True),
)
"""The marks that are read: our own, and those of the tools that people come from, with the lines they speak for."""

_OPENER = re.compile(
    r"""(?:^|[\s;,(){}\[\]"'`>])(?:\#|//|/\*|<!--|--|;|%|\{\#|\{\{!|\(\*|'|<\#)|^\s*(?:\*|!|\.\.|::|"|(?:REM|rem|dnl)\b)"""
)
"""What opens a comment in some language; it stands at the start of a line, or after white space or punctuation."""

_ALONE = re.compile(r"""[\s#/*;%\-<!{('.:"]*+(?:(?:REM|rem|dnl)\s*+)?""")
_CLOSER = re.compile(r"\s*(?:\*/|-->|--\}\}|#\}|\*\)|%>|#>)\s*$")


def marks_in(data: bytes) -> tuple[Mark, ...]:
    """Return the marks of a text, in order; most texts have none and cost a few literal searches."""
    low = data.lower()
    lines = {start for needle in {kind.needle for kind in _KINDS} for start in _line_starts(data, low, needle)}
    found: list[Mark] = []
    number, last = 1, 0
    for start in sorted(lines):
        number += data.count(b"\n", last, start)
        last = start
        end = data.find(b"\n", start)
        line = data[start : len(data) if end < 0 else end]
        if len(line) <= _SHOWN_LINE * 16:
            found += _marks_on(line.decode("utf-8", "surrogateescape"), number)
    beyond = set(map(id, _block_marks(found)[MAX_BLOCK_MARKS:]))
    return tuple(mark for mark in found if id(mark) not in beyond)


def _line_starts(data: bytes, low: bytes, needle: bytes) -> Iterable[int]:
    at = low.find(needle)
    while at >= 0:
        yield data.rfind(b"\n", 0, at) + 1
        end = low.find(b"\n", at)
        at = low.find(needle, end) if end >= 0 else -1


def _marks_on(text: str, number: int) -> list[Mark]:
    low = text.lower()
    marks: list[Mark] = []
    for kind in _KINDS:
        if kind.needle.decode() not in low:
            continue
        for found in islice(kind.pattern.finditer(text), MAX_MARKS_PER_LINE):
            if not any(mark.start <= found.start() < mark.end for mark in marks):
                marks.append(_mark(kind, text, number, found))
    return marks


def _mark(kind: _Kind, text: str, number: int, found: re.Match[str]) -> Mark:
    named = found.groupdict().get("rules") or ""
    if kind.word == "secretlint":
        named, _, reason = named.partition("--")
    else:
        reason = text[found.end() : found.end() + _MAX_REASON] if kind.word.startswith("leaksweep") else ""
    rules = tuple(word for word in re.split(r"[\s,]+", _CLOSER.sub("", named)) if word)
    return Mark(
        word=kind.word,
        reach=kind.reach,
        line=number,
        text=text,
        start=found.start(),
        end=found.start() + len(found[0].rstrip()),
        rules=rules,
        reason=_CLOSER.sub("", reason).strip(" \t\r:"),
        is_generic_only=kind.is_generic_only,
    )


# --- which mark speaks for a secret ------------------------------------------------------------------


def marks_for(marks: Sequence[Mark], first_line: int, last_line: int, secret: str, rule: Rule) -> list[Mark]:
    """Return the marks that settle a secret on these lines under this rule; a block gives its start."""
    begin = bisect_left(marks, first_line - 1, key=_line)
    end = bisect_right(marks, last_line + 1, key=_line)
    near = [mark for mark in marks[begin:end] if _reaches(mark, first_line, last_line)]
    found = [mark for mark in near if _names(mark, rule) and _is_comment(mark, secret)]
    return [*found, *_blocks(marks, first_line, last_line, secret, rule)]


def _line(mark: Mark) -> int:
    return mark.line


def _reaches(mark: Mark, first: int, last: int) -> bool:
    match mark.reach:
        case Reach.LINE:
            return first <= mark.line <= last
        case Reach.NEXT:
            return mark.line == first - 1
        case Reach.LINE_OR_NEXT:
            return first <= mark.line <= last or (mark.line == first - 1 and _stands_alone(mark))
        case Reach.LINE_OR_BESIDE:
            return first <= mark.line <= last or (mark.line in (first - 1, last + 1) and _stands_alone(mark))
    return False


def _stands_alone(mark: Mark) -> bool:
    return _ALONE.fullmatch(mark.text, 0, mark.start) is not None


def _names(mark: Mark, rule: Rule) -> bool:
    if mark.is_generic_only:
        return "generic" in rule.tags
    if mark.word == "secretlint":
        return not mark.rules or any(rule.family in name for name in mark.rules)
    return not mark.rules or any(is_named(rule, name) for name in mark.rules)


def is_named(rule: Rule, name: str) -> bool:
    """Return whether `name` is the rule's id, its family, or a pattern with `*` that holds its id."""
    return name in (rule.id, rule.family) or fnmatchcase(rule.id, name)


def _is_comment(mark: Mark, secret: str) -> bool:
    """Return whether a mark stands in a comment of its line, and neither it nor the comment's start in the secret."""
    text = mark.text
    for part in filter(None, secret.splitlines()):
        text = text.replace(part, "x" * len(part))
    return (
        text[mark.start : mark.end] == mark.text[mark.start : mark.end]
        and _OPENER.search(text, 0, mark.start) is not None
    )


def _blocks(marks: Sequence[Mark], first: int, last: int, secret: str, rule: Rule) -> list[Mark]:
    """Return the starts of the blocks that hold all lines of a secret; ours must be closed, secretlint's need not."""
    blocks = _block_marks(marks)
    out = []
    for start in blocks:
        if start.reach is not Reach.START or start.line > first or not _names(start, rule):
            continue
        end = _end_of(start, blocks)
        is_inside = start.word == "secretlint" if end is None else last <= end.line
        if is_inside and _is_comment(start, secret):
            out.append(start)
    return out


def _block_marks(marks: Sequence[Mark]) -> list[Mark]:
    return [mark for mark in marks if mark.reach in (Reach.START, Reach.END)]


def _end_of(start: Mark, marks: Sequence[Mark]) -> Mark | None:
    """Return the next end of the same tool behind a start; `marks` are in order."""
    tool = start.word.partition("-")[0]
    ends = (m for m in marks if m.reach is Reach.END and m.word.partition("-")[0] == tool and m.line >= start.line)
    return next(ends, None)


def open_blocks(marks: Sequence[Mark]) -> list[Mark]:
    """Return our own starts of blocks that are never closed; they settle nothing."""
    blocks = _block_marks(marks)
    own = [mark for mark in blocks if mark.reach is Reach.START and mark.word.startswith("leaksweep")]
    return [mark for mark in own if _end_of(mark, blocks) is None]


def inline_suppression(mark: Mark) -> Suppression:
    """Return the suppression that a mark is."""
    return Suppression("inSource", mark.reason or "no reason given", f"{mark.word}, line {mark.line}")


# --- the ignore file ---------------------------------------------------------------------------------

IGNORE_FILE = ".leaksweep-ignore"
_SECTION = re.compile(r"\[([a-z0-9*?][a-z0-9*?-]*)\]")


_CONTENT_KINDS = ("secret", "word", "line", "grep", "path")
PATTERN_TIMEOUT_S = 0.2


class ContentPattern(NamedTuple):
    """A regular expression on what was found: the secret, its line, `path:number:line` (`grep`) or the path.

    A `word` is no expression: the secret contains it, in any case.
    """

    kind: str
    source: str


class IgnoreLine(NamedTuple):
    """A line of the ignore file: `names` is its section's rule, `*` for all; `reason` the comment above it."""

    number: int
    text: str
    names: str
    pattern: IgnorePattern | ContentPattern
    reason: str

    @property
    def is_negated(self) -> bool:
        """Return whether the line takes back what others settled."""
        return isinstance(self.pattern, IgnorePattern) and self.pattern.is_negated


class Spot(NamedTuple):
    """Where a secret stands: the number of its first line, and that line's text."""

    number: int
    text: str


class IgnoreFile:
    """Paths that are settled, for all rules or for those of a section; the last line that fits decides."""

    def __init__(self, path: str, lines: Sequence[IgnoreLine] = ()) -> None:
        self.path, self.lines = path, tuple(lines)
        self._slow: set[str] = set()
        """Patterns that ran out of time once: tried again with each finding, they could hang the scan."""

    @classmethod
    def parse(cls, text: str, *, path: str) -> IgnoreFile:
        """Return the lines of a file: patterns as in .gitignore, `[rule]` opens a section. Raises ConfigError."""
        lines = []
        section, reason = "*", ""
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if stripped.startswith("#"):
                reason = stripped.lstrip("#").strip()
            elif stripped.startswith("[") and stripped.endswith("]"):
                section, reason = _section(stripped, f"{path}:{number}"), ""
            elif not stripped:
                reason = ""
            else:
                pattern = _content_pattern(stripped, f"{path}:{number}") or ignore_pattern(line)
                if pattern is None:
                    raise ConfigError(f"{path}:{number}: {line!r} is no pattern for a path")
                lines.append(IgnoreLine(number, stripped, section, pattern, reason))
        return cls(path, lines)

    def line_for(self, rule: Rule, path: str, secret: str = "", spots: Sequence[Spot] = ()) -> IgnoreLine | None:
        """Return the line that settles a secret of `rule` at `path`, or None; it must fit all `spots`."""
        here = [line for line in self.lines if line.names == "*" or is_named(rule, line.names)]
        paths = [(line, line.pattern) for line in here if isinstance(line.pattern, IgnorePattern)]
        index = deciding([pattern for _, pattern in paths], path)
        if index is not None:
            return paths[index][0]
        contents = ((line, line.pattern) for line in here if isinstance(line.pattern, ContentPattern))
        return next((line for line, pattern in contents if self._fits(pattern, path, secret, spots)), None)

    def _fits(self, pattern: ContentPattern, path: str, secret: str, spots: Sequence[Spot]) -> bool:
        match pattern.kind:
            case "word":
                return pattern.source.lower() in secret.lower()
            case "secret":
                return self._is_found(pattern.source, [secret])
            case "path":
                return self._is_found(pattern.source, [path])
            case "line":
                return self._is_found(pattern.source, [spot.text for spot in spots])
        return self._is_found(pattern.source, [f"{path}:{spot.number}:{spot.text}" for spot in spots])

    def _is_found(self, source: str, texts: Sequence[str]) -> bool:
        """Return whether a pattern is found in all of `texts`, and in one at least; one that takes too long is not."""
        import regex

        if source in self._slow:
            return False
        try:
            return bool(texts) and all(regex.search(source, text, timeout=PATTERN_TIMEOUT_S) for text in texts)
        except TimeoutError:
            self._slow.add(source)
            return False

    @property
    def reads_lines(self) -> bool:
        """Return whether some pattern looks at the lines of secrets."""
        return any(isinstance(o.pattern, ContentPattern) and o.pattern.kind in ("line", "grep") for o in self.lines)

    def suppression(self, line: IgnoreLine) -> Suppression:
        """Return the suppression that a line is."""
        return Suppression("external", line.reason or f"ignored by {line.text}", f"{self.path}:{line.number}")


def _content_pattern(text: str, where: str) -> ContentPattern | None:
    kind, colon, source = text.partition(":")
    if not colon or kind not in _CONTENT_KINDS:
        return None
    source = source.strip()
    if kind != "word":
        import regex

        try:
            regex.compile(source)
        except regex.error as error:
            raise ConfigError(f"{where}: {kind}: {error}") from error
    if not source:
        raise ConfigError(f"{where}: {kind}: an empty pattern would fit everything")
    return ContentPattern(kind, source)


def _section(text: str, where: str) -> str:
    found = _SECTION.fullmatch(text)
    if found is None:
        raise ConfigError(f"{where}: a section is [RULE] with a rule's id, a family or a pattern, not {text!r}")
    return found[1]
