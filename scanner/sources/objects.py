"""Git objects by id, in bulk, through one `git cat-file --batch`."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Collection, Iterable, Iterator
from types import TracebackType
from typing import NamedTuple

from scanner.model import BlobKind, Skip, SkipReason
from scanner.sources import git

_CHECK = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
KINDS = {b"blob": BlobKind.FILE, b"commit": BlobKind.COMMIT, b"tag": BlobKind.TAG}


class ObjectEntry(NamedTuple):
    """An object to read: its id, what it is, its size in bytes, and its path where the source knows it."""

    oid: str
    kind: BlobKind
    size: int
    path: str | None = None


def all_objects(repository: git.Repository) -> Iterator[ObjectEntry | Skip]:
    """Yield every blob, commit and annotated tag of the database, reachable or not, in the order of the packs."""
    arguments = ("cat-file", "--batch-all-objects", "--unordered", "--buffer", _CHECK)
    return _entries(git.lines(repository, *arguments))


def objects_of(repository: git.Repository, oids: Iterable[str]) -> Iterator[ObjectEntry | Skip]:
    """Yield an entry for each blob, commit and annotated tag among `oids`, and a skip for what is missing."""
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    printed = git.run(repository, "cat-file", "--buffer", _CHECK, stdin=asked) if asked else b""
    return _entries(printed.splitlines())


def _entries(lines: Iterable[bytes]) -> Iterator[ObjectEntry | Skip]:
    for line in lines:
        oid, kind, *size = line.split(b" ")
        if kind == b"missing":
            yield Skip(SkipReason.MISSING_OBJECT, oid.decode())
        elif kind in KINDS:
            yield ObjectEntry(oid.decode(), KINDS[kind], int(size[0]))


class ObjectReader:
    """Reads objects in full; a context manager, since a git process stands behind it."""

    def __init__(self, repository: git.Repository, *, unreadable: Collection[str] = ()) -> None:
        """Keep the repository; git is not asked for the objects that are known to be `unreadable`."""
        self._repository = repository
        self._unreadable = unreadable
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
        if oid in self._unreadable:
            return Skip(SkipReason.CORRUPT_OBJECT, oid)
        if self._process is None:
            self._process = git.start(self._repository, "cat-file", "--batch")
        requests, answers = git.pipe(self._process.stdin), git.pipe(self._process.stdout)
        try:
            requests.write(oid.encode() + b"\n")
            requests.flush()
            header = answers.readline()
            fields = header.split()
            if fields[1:] == [b"missing"]:
                return Skip(SkipReason.MISSING_OBJECT, oid)
            size = int(fields[2])
            data = answers.read(size + 1)
        except (OSError, IndexError, ValueError):
            data, size = b"", 0
        if len(data) != size + 1:
            # Git ends at a corrupt object; the next read starts another one.
            self.close()
            return Skip(SkipReason.CORRUPT_OBJECT, oid)
        data = data[:-1]
        if not self._is_own(fields[0].decode(), fields[1], data):
            return Skip(SkipReason.CORRUPT_OBJECT, oid, "its content does not belong to its id")
        return data

    def _is_own(self, oid: str, kind: bytes, data: bytes) -> bool:
        """Return whether `oid` names this content: git does not look, and an index may point anywhere."""
        digest = hashlib.new(self._repository.object_format, b"%s %d\0" % (kind, len(data)), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest() == oid
