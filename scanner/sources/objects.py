"""Git objects by id, in bulk, through one `git cat-file --batch`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple

from scanner.model import BlobKind, Skip, SkipReason
from scanner.sources import git

KINDS = {b"blob": BlobKind.FILE, b"commit": BlobKind.COMMIT, b"tag": BlobKind.TAG}


class ObjectInfo(NamedTuple):
    """An object of the database: its id, its type in git's word, its size in bytes."""

    oid: str
    type: str
    size: int


def all_objects(repository: git.Repository) -> Iterator[ObjectInfo]:
    """Yield every object of the database, reachable or not, in order of id."""
    arguments = ("cat-file", "--batch-all-objects", "--batch-check=%(objectname) %(objecttype) %(objectsize)")
    for line in git.lines(repository, *arguments):
        oid, kind, size = line.decode().split(" ")
        yield ObjectInfo(oid, kind, int(size))


class ObjectReader:
    """Reads objects in full; a context manager, since a git process stands behind it."""

    def __init__(self, repository: git.Repository) -> None:
        self._repository = repository
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ObjectReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the git process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def read(self, oid: str) -> bytes | Skip:
        """Return the content of one object, or why it cannot be had."""
        if self._process is None:
            self._process = git.start(self._repository, "cat-file", "--batch")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(oid.encode() + b"\n")
            self._process.stdin.flush()
            header = self._process.stdout.readline()
            fields = header.split()
            if fields[1:] == [b"missing"]:
                return Skip(SkipReason.MISSING_OBJECT, oid)
            size = int(fields[2])
            data = self._process.stdout.read(size + 1)
        except (OSError, IndexError, ValueError):
            data, size = b"", 0
        if len(data) != size + 1:
            # Git ends at a corrupt object; the next read starts another one.
            self.close()
            return Skip(SkipReason.CORRUPT_OBJECT, oid)
        return data[:-1]
