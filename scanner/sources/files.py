"""A directory, a file, standard input: what lies on disk, never followed through a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from scanner.model import Blob, Skip, SkipReason
from scanner.sources import git

_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_LFS = b"version https://git-lfs.github.com/spec/"


class FileEntry(NamedTuple):
    """A file to read: its path on disk, and its POSIX path in reports."""

    location: str
    path: str
    size: int


def tree_entries(root: str, *, all_files: bool) -> Iterator[FileEntry | Skip]:
    """Yield the files below `root`: in a work tree the tracked and the not ignored ones, else every one.

    The order is that of the paths.
    """
    repository = None if all_files or not _has_git_above(root) else git.find_repository(root)
    if repository is None or repository.work_tree is None:
        yield from walk(root)
        return
    seen = set()
    for path in sorted(_listed(repository, root)):
        if isinstance(path, Skip):
            yield path
        elif path not in seen:
            seen.add(path)
            yield from _entry(os.path.join(root, path), path.rstrip("/"))


def _has_git_above(folder: str) -> bool:
    """Return whether a `.git` lies in `folder` or above; spares a git process where none does."""
    folder = os.path.realpath(folder)
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return True
        parent = os.path.dirname(folder)
        if parent == folder:
            return False
        folder = parent


def _listed(repository: git.Repository, root: str) -> Iterator[str | Skip]:
    """Yield paths relative to `root`, which may be a folder inside the work tree."""
    for record in git.run(root, "ls-files", "-z", "--stage").split(b"\0"):
        fields, _, path = record.partition(b"\t")
        if fields.startswith(b"160000"):
            yield Skip(SkipReason.SUBMODULE, os.fsdecode(path))
        elif path:
            yield os.fsdecode(path)
    for path in git.run(root, "ls-files", "-z", "--others", "--exclude-standard").split(b"\0"):
        if path:
            yield os.fsdecode(path)


def _entry(location: str, path: str) -> Iterator[FileEntry | Skip]:
    try:
        status = os.lstat(location)
    except FileNotFoundError:
        return
    except OSError as error:
        yield Skip(SkipReason.UNREADABLE, path, error.strerror or "")
        return
    if stat.S_ISDIR(status.st_mode):
        for entry in walk(location):
            yield entry._replace(path=f"{path}/{entry.path}") if isinstance(entry, FileEntry) else entry
    elif stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode):
        yield FileEntry(location, path, status.st_size)
    else:
        yield Skip(SkipReason.SPECIAL_FILE, path)


def walk(root: str) -> Iterator[FileEntry | Skip]:
    """Yield every file below the folder `root`, sorted within each folder, `.git` folders left out.

    A folder that cannot be listed is a skip. Depth is bounded by memory only, not by recursion.
    """
    stack = [""]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(os.path.join(root, folder)) as listing:
                children = sorted(listing, key=lambda child: child.name)
        except OSError as error:
            yield Skip(SkipReason.UNREADABLE, folder or root, error.strerror or "")
            continue
        below = []
        for child in children:
            path = f"{folder}/{child.name}" if folder else child.name
            if child.is_dir(follow_symlinks=False):
                if child.name != ".git":
                    below.append(path)
            else:
                yield from _entry(child.path, path.replace(os.sep, "/"))
        stack.extend(reversed(below))


def read_file(entry: FileEntry, *, max_bytes: int) -> Blob | Skip:
    """Return the content of a file, or the target's name of a link, or why it was not read."""
    try:
        descriptor = os.open(entry.location, _FLAGS)
    except OSError as error:
        if os.path.islink(entry.location):
            return _read_link(entry)
        return Skip(SkipReason.UNREADABLE, entry.path, error.strerror or "")
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Skip(SkipReason.SPECIAL_FILE, entry.path)
        if status.st_size > max_bytes:
            return Skip(SkipReason.TOO_LARGE, entry.path, f"{status.st_size} bytes")
        data = _read_all(descriptor, status.st_size, max_bytes)
    except OSError as error:
        return Skip(SkipReason.UNREADABLE, entry.path, error.strerror or "")
    finally:
        os.close(descriptor)
    if len(data) > max_bytes:
        return Skip(SkipReason.TOO_LARGE, entry.path, "grew while it was read")
    if len(data) < status.st_size:
        return Skip(SkipReason.CHANGED_WHILE_READ, entry.path)
    return Blob(data, path=entry.path)


def _read_all(descriptor: int, size: int, max_bytes: int) -> bytes:
    """Return the whole content: a file may grow after its size was asked for, and a read may come short."""
    first = os.read(descriptor, size + 1)
    if len(first) == size:
        return first
    parts, total = [first], len(first)
    while total <= max_bytes and (part := os.read(descriptor, 1 << 20)):
        parts.append(part)
        total += len(part)
    return b"".join(parts)


def _read_link(entry: FileEntry) -> Blob | Skip:
    try:
        return Blob(os.fsencode(os.readlink(entry.location)), path=entry.path)
    except OSError as error:
        return Skip(SkipReason.UNREADABLE, entry.path, error.strerror or "")


def lfs_skip(blob: Blob) -> Skip | None:
    """Return a skip if the blob only points to content kept elsewhere by Git LFS."""
    if len(blob.data) < 1024 and blob.data.startswith(_LFS):
        return Skip(SkipReason.LFS_POINTER, blob.path or blob.oid or "")
    return None
