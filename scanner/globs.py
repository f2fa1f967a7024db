"""Path patterns as people know them from ignore files."""

from __future__ import annotations

import re
from collections.abc import Sequence


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
