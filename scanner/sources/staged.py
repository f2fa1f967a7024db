"""What the index would commit, read from the index's own blobs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from scanner.errors import GitError
from scanner.model import Skip, SkipReason
from scanner.sources import git

_LINK_TO_COMMIT = b"160000"
_EMPTY_TREE = {
    "sha1": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "sha256": "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""The id of the tree without entries, which git knows without storing it (git's object-file.c)."""


class StagedFile(NamedTuple):
    """A file that a commit would add or change: its blob in the index, and the one in HEAD or an empty text."""

    oid: str
    path: str
    before: str


def staged_files(repository: git.Repository) -> Iterator[StagedFile | Skip]:
    """Yield each file of the index that differs from HEAD; in a repository without commits, every file.

    The index is not refreshed, so nothing is written and no monitor is asked. Raises GitError.
    """
    arguments = ("diff-index", "--cached", "-r", "-z", "--no-renames", "--no-ext-diff", "--raw")
    try:
        printed = git.run(repository, *arguments, "HEAD", "--")
    except GitError:
        if git.run(repository, "rev-parse", "--verify", "--quiet", "HEAD", allowed=(0, 1)):
            raise
        printed = git.run(repository, *arguments, _EMPTY_TREE[repository.object_format], "--")
    fields = iter(printed.split(b"\0"))
    for field in fields:
        if not field.startswith(b":"):
            continue
        _, mode, old, new, _ = field.split(b" ")
        path = os.fsdecode(next(fields))
        if mode == _LINK_TO_COMMIT:
            yield Skip(SkipReason.SUBMODULE, path)
        elif new.strip(b"0"):
            yield StagedFile(new.decode(), path, old.decode() if old.strip(b"0") else "")


def index_files(repository: git.Repository) -> Iterator[StagedFile | Skip]:
    """Yield every file of the index, as if nothing were committed."""
    for record in git.run(repository, "ls-files", "-z", "--stage").split(b"\0"):
        fields, _, name = record.partition(b"\t")
        if not name:
            continue
        mode, oid, _ = fields.split(b" ")
        path = os.fsdecode(name)
        yield Skip(SkipReason.SUBMODULE, path) if mode == _LINK_TO_COMMIT else StagedFile(oid.decode(), path, "")
