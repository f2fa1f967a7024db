"""What the repository says about the commits and the blobs of interest: the input of every story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

ABSENT = -1
"""Stands for a parent that is not among the commits looked at: outside of a range, or not in the database."""

HEAD = "HEAD"


class Change(NamedTuple):
    """What a commit did to one path: the blob before and the blob after, empty where there was none."""

    path: str
    before: str
    after: str


class Hole(NamedTuple):
    """A folder (empty for the root) that could not be read in `commit`, or not in its first parent."""

    commit: int
    folder: str
    is_before: bool


class Ref(NamedTuple):
    """A name that keeps objects: its full name (or HEAD), the object it names, and the commit behind that.

    `tags` are the annotated tags on the way, `target` is the object at its end.
    """

    name: str
    oid: str
    commit: str | None
    target: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """The commits, parents before children, and what each changed of the blobs of interest.

    `parents` are numbers of commits, or ABSENT. `changes` compares a commit with its first parent, `sides` with
    each of its other parents that are ABSENT. `cut` are the commits whose parents the repository lacks.
    """

    commits: Sequence[str]
    parents: Sequence[tuple[int, ...]]
    changes: Mapping[int, Sequence[Change]]
    sides: Mapping[int, Sequence[Sequence[Change]]] = field(default_factory=dict)
    holes: Sequence[Hole] = ()
    cut: frozenset[int] = frozenset()
