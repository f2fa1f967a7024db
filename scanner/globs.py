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
        if self._pattern is None or len(path) > MAX_PATH:
            return False
        return self._pattern.fullmatch(path) is not None


MAX_PATH = 4_096
"""Characters of a path, and of a pattern, past which nothing fits; no file system has longer ones, but git may."""

_TOKEN = re.compile(r"(?:(?<=/)|\A)\*\*/|\*\*|\*|\?|\[!?\]?[^\]]{0,255}\]|.", re.DOTALL)
_ESCAPED_TOKEN = re.compile(r"\\.|" + _TOKEN.pattern, re.DOTALL)


def _source(glob: str) -> str:
    if len(glob) > MAX_PATH:
        return "(?!)"
    is_anchored = "/" in glob.rstrip("/")
    return f"(?s:{_body(_TOKEN.findall(glob.strip('/')), is_anchored=is_anchored)}(?:/.*)?)"


def _body(tokens: Sequence[str], *, is_anchored: bool) -> str:
    """Return an expression for a pattern's tokens that goes back over no more than the last star of either kind.

    What stands between two stars of one kind is best found where it comes first, so that this need not be tried
    again: a hostile pattern of many stars would else take forever. It goes to the end of the path in the last part.
    """
    parts: list[tuple[str, list[str]]] = [("" if is_anchored else "**/", [])]
    for token in tokens:
        if token in ("**", "**/"):
            parts.append((token, []))
        else:
            parts[-1][1].append(token)
    return "".join(_part(*part, is_last=part is parts[-1]) for part in parts)


def _part(start: str, tokens: Sequence[str], *, is_last: bool) -> str:
    """Return an expression for what stands behind a double star, up to the next one or the end."""
    chunks = [""]
    for piece in tokens:
        if piece == "*":
            chunks.append("")
        else:
            chunks[-1] += _one(piece)
    last = f"[^/]*{chunks.pop()}" if is_last and len(chunks) > 1 else ""
    body = chunks[0] + "".join(f"(?>[^/]*?{chunk})" for chunk in chunks[1:]) + last
    if is_last:
        return {"": "", "**": ".*", "**/": "(?:.*/)?"}[start] + body
    return {"": body, "**": f"(?>.*?{body})", "**/": f"(?>(?:.*?/)??{body})"}[start]


def _one(piece: str) -> str:
    """Return an expression for a token that stands for one character."""
    if piece == "?":
        return "[^/]"
    if len(piece) == 2 and piece[0] == "\\":
        return re.escape(piece[1])
    if len(piece) > 2 and piece[0] == "[":
        inner = piece[1:-1].replace("\\", r"\\").replace("[", r"\[")
        return f"[^/{inner[1:]}]" if inner.startswith("!") else f"(?!/)[{inner.replace('^', chr(92) + '^')}]"
    return re.escape(piece)


class IgnorePattern(NamedTuple):
    """One line of an ignore file, as gitignore(5) means it."""

    pattern: re.Pattern[str]
    is_negated: bool
    is_folder_only: bool


def ignore_pattern(line: str) -> IgnorePattern | None:
    """Return the pattern on a line of an ignore file; None for an empty line, a comment, or what is no pattern."""
    text = _without_blanks(line.rstrip("\r\n"))
    if not text or text.startswith("#"):
        return None
    is_negated = text.startswith("!")
    body = text[is_negated:]
    is_anchored, is_folder_only = "/" in body.rstrip("/"), body.endswith("/")
    body = body.strip("/")
    if not body or len(body) > MAX_PATH:
        return None
    source = _body(_ESCAPED_TOKEN.findall(body), is_anchored=is_anchored)
    try:
        compiled = re.compile(f"(?s:{source})")
    except re.error:
        return None
    return IgnorePattern(compiled, is_negated, is_folder_only)


def _without_blanks(text: str) -> str:
    """Return a line without the blanks at its end; a backslash keeps the first of them."""
    bare = text.rstrip(" \t")
    return text[: len(bare) + 1] if bare.endswith("\\") else bare


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
        if (is_folder or not one.is_folder_only) and len(path) <= MAX_PATH and one.pattern.fullmatch(path):
            return index
    return None
