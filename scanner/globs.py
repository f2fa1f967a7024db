"""Path patterns as people know them from ignore files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class PathGlobs:
    """Patterns of which one may hold a path.

    `*` and `?` stop at a slash, `**` does not; a pattern without a slash holds at any depth; a folder holds
    all below it.
    """

    def __init__(self, globs: Sequence[str]) -> None:
        self._pattern = re.compile("|".join(map(_source, globs))) if globs else None

    def is_match(self, path: str) -> bool:
        """Return whether one of the patterns holds `path`, a POSIX path without a leading slash."""
        return self._pattern is not None and self._pattern.fullmatch(path) is not None


_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|.", re.DOTALL)


def _source(glob: str) -> str:
    is_anchored = "/" in glob.rstrip("/")
    body = "".join(_translated(token) for token in _TOKEN.findall(glob.strip("/")))
    return f"(?s:{'' if is_anchored else '(?:.*/)?'}{body}(?:/.*)?)"


def _translated(token: str) -> str:
    match token:
        case "**/":
            return "(?:.*/)?"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
    if len(token) > 2 and token[0] == "[":
        inner = token[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[^/{inner[1:]}]" if inner.startswith("!") else f"[{inner.replace('^', chr(92) + '^')}]"
    return re.escape(token)


class IgnorePattern(NamedTuple):
    """One line of an ignore file, as gitignore(5) means it."""

    pattern: re.Pattern[str]
    is_negated: bool
    is_folder_only: bool


_ESCAPED_TOKEN = re.compile(r"\\.|" + _TOKEN.pattern, re.DOTALL)


def ignore_pattern(line: str) -> IgnorePattern | None:
    """Return the pattern on a line of an ignore file; None for an empty line, a comment, or what is no pattern."""
    text = re.sub(r"(?<!\\)[ \t]+$", "", line.rstrip("\r\n"))
    if not text or text.startswith("#"):
        return None
    is_negated = text.startswith("!")
    body = text[is_negated:]
    is_anchored, is_folder_only = "/" in body.rstrip("/"), body.endswith("/")
    body = body.strip("/")
    if not body:
        return None
    source = "".join(
        re.escape(token[1]) if token[0] == "\\" and len(token) > 1 else _translated(token)
        for token in _ESCAPED_TOKEN.findall(body)
    )
    try:
        compiled = re.compile(f"(?s:{'' if is_anchored else '(?:.*/)?'}{source})")
    except re.error:
        return None
    return IgnorePattern(compiled, is_negated, is_folder_only)


def deciding(patterns: Sequence[IgnorePattern], path: str) -> int | None:
    """Return the index of the pattern that ignores `path`, or None if none does.

    The last one that fits decides; what lies in an ignored folder cannot be taken back (gitignore(5)).
    """
    for part, is_folder in _parts(path):
        index = _last_fit(patterns, part, is_folder=is_folder)
        if index is not None and not patterns[index].is_negated:
            return index
    return None


def _parts(path: str) -> Iterator[tuple[str, bool]]:
    at = path.find("/")
    while at >= 0:
        yield path[:at], True
        at = path.find("/", at + 1)
    yield path, False


def _last_fit(patterns: Sequence[IgnorePattern], path: str, *, is_folder: bool) -> int | None:
    for index in range(len(patterns) - 1, -1, -1):
        one = patterns[index]
        if (is_folder or not one.is_folder_only) and one.pattern.fullmatch(path):
            return index
    return None
