"""The files of one revision or of the index, and what commits changed: paths and object ids, no contents."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

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


def changes_of(repository: git.Repository, commits: Sequence[str]) -> Iterator[Change]:
    """Yield what each commit changed against each of its parents, or against nothing."""
    arguments = ("diff-tree", "--stdin", "-r", "-z", "-m", "--root", "--no-renames", "--no-ext-diff", "--raw")
    printed = git.run(repository, *arguments, stdin="".join(f"{c}\n" for c in commits).encode(), allowed=(0, 128))
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
