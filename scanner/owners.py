"""CODEOWNERS -> who sees to a path: the last line that fits it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

MAX_LINES = 5_000
MAX_OWNERS = 20
_OWNER = re.compile(r"@{1,2}[A-Za-z0-9._/-]{1,200}|[^@\s]{1,100}@[A-Za-z0-9.-]{1,200}")
_SECTION = re.compile(r"\^?\[[^\]]*\](?:\[\d+\])?\s*(?P<owners>.*)")
_ANY_DEPTH = "**"


class _Line(NamedTuple):
    segments: tuple[str, ...]
    owners: tuple[str, ...]


class Owners:
    """Who owns which paths. GitLab's sections are read too: a line without owners has those of its section."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        """Keep the lines, the last one first, by the folder at which they begin where they name one."""
        self._lines = tuple(reversed(lines))
        self._anywhere: list[int] = []
        self._by_folder: dict[str, list[int]] = {}
        for number, line in enumerate(self._lines):
            is_plain = not set(line.segments[0]) & {"*", "?"}
            (self._by_folder.setdefault(line.segments[0], []) if is_plain else self._anywhere).append(number)

    @classmethod
    def parse(cls, text: str) -> Owners:
        """Return what a CODEOWNERS file says; what is no line of it is left out, as GitHub does."""
        lines: list[_Line] = []
        inherited: tuple[str, ...] = ()
        for raw in text.splitlines()[:MAX_LINES]:
            line = raw.strip()
            section = _SECTION.fullmatch(line)
            if section:
                inherited = _owners(section["owners"])
            elif line and not line.startswith(("#", "!")):
                pattern, rest = _split(line)
                lines.append(_Line(_segments(pattern), _owners(rest) or inherited))
        return cls(lines)

    def of(self, path: str) -> tuple[str, ...]:
        """Return the owners of a path; none if no line fits, or the last that fits names nobody."""
        parts = path.split("/")
        numbers = sorted([*self._anywhere, *self._by_folder.get(parts[0], ())])
        return next((self._lines[n].owners for n in numbers if _fits(self._lines[n].segments, parts)), ())


def _split(line: str) -> tuple[str, str]:
    """Return pattern and owners; a backslash keeps a space in the pattern."""
    match = re.match(r"((?:\\.|[^\\\s])+)\s*(.*)", line)
    return (match[1].replace("\\ ", " "), match[2]) if match else (line, "")


def _owners(text: str) -> tuple[str, ...]:
    words = text.partition(" #")[0].split()
    return tuple(word for word in words if _OWNER.fullmatch(word))[:MAX_OWNERS]


def _segments(pattern: str) -> tuple[str, ...]:
    """Return a pattern of .gitignore's kind as globs, one a folder; `**` stands for any number of folders."""
    parts = [part for part in pattern.split("/") if part]
    if not parts:
        return (_ANY_DEPTH,)
    start = () if "/" in pattern.rstrip("/") else (_ANY_DEPTH,)
    if pattern.endswith("/"):
        return (*start, *parts, "*", _ANY_DEPTH)
    is_one_level = parts[-1] == "*" and len(parts) > 1
    return (*start, *parts) if is_one_level else (*start, *parts, _ANY_DEPTH)


def _fits(segments: Sequence[str], parts: Sequence[str]) -> bool:
    return _matches(segments, parts, _ANY_DEPTH, _fits_one)


@lru_cache(maxsize=4096)
def _fits_one(glob: str, name: str) -> bool:
    return glob == name or (not set(glob).isdisjoint("*?") and _matches(glob, name, "*", _same))


def _same(one: str, character: str) -> bool:
    return one in ("?", character)


def _matches(pattern: Sequence[str], items: Sequence[str], star: str, same: Callable[[str, str], bool]) -> bool:
    """Return whether `pattern`, in which `star` stands for any number of items, fits all `items`.

    Going back to the last star only is enough, so that the time is bounded by the product of the lengths.
    """
    at = number = 0
    last_star, resume = -1, 0
    while number < len(items):
        if at < len(pattern) and pattern[at] == star:
            last_star, resume = at, number
            at += 1
        elif at < len(pattern) and same(pattern[at], items[number]):
            at, number = at + 1, number + 1
        elif last_star >= 0:
            resume += 1
            at, number = last_star + 1, resume
        else:
            return False
    return all(one == star for one in pattern[at:])
