"""The files of one revision or of the index, and what commits changed: paths and object ids, no contents."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scanner.errors import GitError
from scanner.sources import git

_LINK, _SUBMODULE = b"120000", b"160000"


class Change(NamedTuple):
    """What a commit did to a path; an empty id where there was nothing before, or is nothing after."""

    commit: str
    before: str
    after: str
    path: str


def files_at(repository: git.Repository, revision: str) -> dict[str, str]:
    """Return the object id of every plain file of a commit's tree, by POSIX path. Raises GitError."""
    found = {}
    for record in git.run(repository, "ls-tree", "-r", "-z", "--full-tree", revision).split(b"\0"):
        fields, _, path = record.partition(b"\t")
        if path and not fields.startswith((_LINK, _SUBMODULE)):
            found[os.fsdecode(path)] = fields.split(b" ")[2].decode()
    return found


def files_in_index(repository: git.Repository) -> dict[str, str]:
    """Return the object id of every plain file of the index, by POSIX path."""
    found = {}
    for record in git.run(repository, "ls-files", "-z", "--stage", "--full-name").split(b"\0"):
        fields, _, path = record.partition(b"\t")
        if path and not fields.startswith((_LINK, _SUBMODULE)):
            found[os.fsdecode(path)] = fields.split(b" ")[1].decode()
    return found


class Changes(NamedTuple):
    """What commits changed, as far as git came; what made it end early, or an empty text."""

    found: tuple[Change, ...]
    failure: str = ""


def changes_of(repository: git.Repository, commits: Sequence[str]) -> Changes:
    """Return what each commit changed against each of its parents, or against nothing."""
    arguments = ("diff-tree", "--stdin", "-r", "-z", "-m", "--root", "--no-renames", "--no-ext-diff", "--raw")
    asked = "".join(f"{commit}\n" for commit in commits).encode()
    try:
        return Changes(tuple(_changes(git.run(repository, *arguments, stdin=asked))))
    except GitError as error:
        # Git ends at the first tree that is missing: what the other commits changed is still to be had.
        each = [_changes_of_one(repository, arguments, commit) for commit in commits[:_MAX_ALONE]]
        return Changes(tuple(change for changes in each for change in changes), str(error))


_MAX_ALONE = 100
"""Commits that are asked for one by one where git could not read a tree of some."""


def _changes_of_one(repository: git.Repository, arguments: Sequence[str], commit: str) -> Iterator[Change]:
    try:
        return _changes(git.run(repository, *arguments, stdin=f"{commit}\n".encode()))
    except GitError:
        return iter(())


def _changes(printed: bytes) -> Iterator[Change]:
    fields = iter(printed.split(b"\0"))
    commit = ""
    for field in fields:
        if field.startswith(b":"):
            old_mode, mode, before, after, _ = field.split(b" ")
            yield Change(commit, _known(old_mode, before), _known(mode, after), os.fsdecode(next(fields)))
        elif field:
            commit = field.strip().decode()


def _known(mode: bytes, oid: bytes) -> str:
    return oid.decode() if oid.strip(b"0") and not mode.endswith(_SUBMODULE) else ""
