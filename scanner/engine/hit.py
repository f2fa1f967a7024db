"""A secret in its window, and what stands around it on its line: all that a filter or the judge may look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

BEFORE = 160
AFTER = 80
"""How much of the line around a secret is looked at, in characters; the same in every window that holds it."""

FAR = 400
"""How far a line end is looked for on either side, in characters, to tell a long line; nothing looks farther."""

QUOTES = frozenset("'\"`")


class Hit(NamedTuple):
    """A secret in its window, `text[start:end]`, and the name that it was given, `text[name_start:name_end]`."""

    text: str
    start: int
    end: int
    name_start: int = 0
    name_end: int = 0

    @property
    def secret(self) -> str:
        """Return the part that must stay private."""
        return self.text[self.start : self.end]

    @property
    def name(self) -> str:
        """Return the name that the secret was given; empty where the rule looks at no name."""
        return self.text[self.name_start : self.name_end]

    @property
    def between(self) -> str:
        """Return what stands between the name and the secret: the operator and the opening quote."""
        return self.text[self.name_end : self.start] if self.name_end else self.before[-12:]

    @property
    def before(self) -> str:
        """Return what stands before the secret on its line, at most 160 characters."""
        return self.text[max(0, self.start - BEFORE) : self.start].rpartition("\n")[2]

    @property
    def after(self) -> str:
        """Return what stands behind the secret on its line, at most 80 characters."""
        return self.text[self.end : self.end + AFTER].partition("\n")[0]

    @property
    def is_quoted(self) -> bool:
        """Return whether a quote stands on both sides."""
        right = self.text[self.end : self.end + 2].lstrip("\\")[:1]
        return self.text[self.start - 1 : self.start] in QUOTES and right in QUOTES


def hit_of(text: str, matched: Any) -> Hit:
    """Return the secret of a pattern's match in a window, with the name that it was given."""
    named = matched.span("name") if "name" in matched.re.groupindex else (0, 0)
    return Hit(text, *matched.span("secret"), *named)


Filter = Callable[[Hit], str | None]
"""A reason to drop a match, or None."""
