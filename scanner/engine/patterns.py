"""Patterns, compiled at their first use, and the cores that tell more quickly where they cannot match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

MIN_CORE_BYTES = 32 << 10
"""From so many bytes on a core is worth its compilation, about 4 ms, since it takes 50 to 300 ns less for each."""

MAX_LEAD = 64
"""How far, in characters, a core may stand behind the start of its pattern."""

_CLASS = r"(?:\[\^?(?:[^\]\\]|\\.)+\]|\\w)"
_EDGE = rf"(?:\\b|\(\?<!{_CLASS}\))"
_OPTIONAL = rf"{_CLASS}\{{0,(?P<most>\d+)\}}[?+]?|\(\?:{_CLASS}\{{0,(?P<within>\d+)\}}{_CLASS}\)\?"
_LEAD = re.compile(
    rf"(?P<flags>(?:\(\?[a-z]+\))?){_EDGE}(?P<group>(?:\(\?P<name>|\(\?[a-z]*:)?)(?:{_OPTIONAL})(?![*+?{{])"
)
_ATOM = re.compile(r"\\.|\[\^?\]?|[\]()|]", re.DOTALL)


def core_of(pattern: str) -> str | None:
    """Return a pattern without the optional characters that it begins with, or None if it does not begin so.

    `(?<!\\w)[\\w.]{0,50}?key=` has the core `key=`. Wherever the pattern matches, its core matches the rest of that, no
    more than MAX_LEAD characters behind its start; and it is quick to search for, since it does not try each place
    from which the rest may be reached.
    """
    lead = _LEAD.match(pattern)
    if not lead or int(lead["most"] or lead["within"]) >= MAX_LEAD or _has_branches(pattern):
        return None
    rest = pattern[lead.end() :]
    if lead["group"] and _is_repeated(rest):
        return None
    return lead["flags"] + lead["group"] + rest


def begins_line(pattern: str) -> bool:
    """Return whether the pattern is sure to match at the beginning of a line only."""
    return pattern.startswith("^") and not _has_branches(pattern)


def _has_branches(pattern: str) -> bool:
    """Return whether the pattern has alternatives that stand in no group."""
    return any(atom[0] == "|" and not depth for atom, depth in _atoms(pattern))


def _is_repeated(rest: str) -> bool:
    """Return whether a group of which `rest` is the rest may match more than once."""
    end = next((atom.end() for atom, depth in _atoms(rest) if depth < 0), len(rest))
    return rest[end : end + 1] in ("*", "+", "?", "{")


def _atoms(pattern: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the brackets and bars of a pattern, those in classes left out, and how many groups are open after each."""
    depth, is_in_class = 0, False
    for atom in _ATOM.finditer(pattern):
        if is_in_class:
            is_in_class = not atom[0].endswith("]") or atom[0][0] == "\\"
        elif atom[0][0] == "[":
            is_in_class = True
        elif atom[0] in "(|)":
            depth += {"(": 1, ")": -1}.get(atom[0], 0)
            yield atom, depth


class Patterns:
    """The patterns of some rules, by their index."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._sources = sources
        self._compiled: dict[int, Any] = {}
        self._cores: dict[int, Any] = {}
        self._asked_bytes: dict[int, int] = {}

    def of(self, rule: int) -> Any:
        """Return the compiled pattern of a rule."""
        pattern = self._compiled.get(rule)
        if pattern is None:
            pattern = self._compiled[rule] = _compiled(self._sources[rule])
        return pattern

    def quickest(self, rule: int, size: int) -> Any:
        """Return what to look for in `size` bytes to know where the pattern can match: its core if that is worth it."""
        core = self._cores.get(rule)
        if core is None and rule not in self._cores:
            self._asked_bytes[rule] = self._asked_bytes.get(rule, 0) + size
            if self._asked_bytes[rule] >= MIN_CORE_BYTES:
                source = core_of(self._sources[rule])
                core = self._cores[rule] = _compiled(source) if source else None
        return core or self.of(rule)


def _compiled(source: str) -> Any:
    import regex

    return regex.compile(source, regex.ASCII | regex.MULTILINE)
