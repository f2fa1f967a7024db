"""What attribution tells, apart from how: most scans need no more of it than these words."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from scanner.findings import Key, Seen
from scanner.model import Story

Accept = Callable[[str, str], bool]
"""Tells whether a rule, by id, reports at a path."""


class Attribution(NamedTuple):
    """Every place of every match, and the story of each finding."""

    seen: list[Seen]
    stories: dict[Key, Story]
