"""What comes out of a container."""

from __future__ import annotations

from typing import NamedTuple

from scanner.model import SkipReason


class Item(NamedTuple):
    """A member: its path inside the container, empty for the content of a plain compressed stream."""

    name: str
    data: bytes


class Trouble(NamedTuple):
    """A member, or with an empty name the container itself, that could not be read, or not to its end."""

    name: str
    reason: SkipReason
    detail: str
