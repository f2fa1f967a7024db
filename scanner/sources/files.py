"""A directory, a file, standard input: what lies on disk, never followed through a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import IO, NamedTuple

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

    Paths in reports begin at the root of the work tree, or at `root` where there is none.
    """
    repository = git.find_repository(root) if has_git_above(root) else None
    prefix = repository.prefix if repository else ""
    is_listed = not all_files and repository is not None and repository.work_tree is not None
    entries = _listed_entries(root) if is_listed else walk(root)
    for entry in entries:
        if isinstance(entry, FileEntry):
            yield entry._replace(path=prefix + entry.path)
        else:
            yield entry._replace(what=prefix + entry.what)


def _listed_entries(root: str) -> Iterator[FileEntry | Skip]:
    seen = set()
    for path in _listed(root):
        if isinstance(path, Skip):
            yield path
        elif path not in seen:
            seen.add(path)
            yield from _entry(os.path.join(root, path), path.rstrip("/"))


def file_entry(location: str) -> Iterator[FileEntry | Skip]:
    """Yield the one file at `location`, its path as in its work tree, or as given where there is none."""
    folder, name = os.path.split(os.path.abspath(location))
    repository = git.find_repository(folder) if has_git_above(folder) else None
    path = repository.prefix + name if repository and repository.work_tree else location.replace(os.sep, "/")
    yield from _entry(location, path)


def read_stdin(stream: IO[bytes], *, path: str, max_bytes: int) -> Blob | Skip:
    """Return all of a stream as a blob, or a skip if it is longer than `max_bytes`."""
    data = stream.read(max_bytes + 1)
    return Skip(SkipReason.TOO_LARGE, path) if len(data) > max_bytes else Blob(data, path=path)


def has_git_above(folder: str) -> bool:
    """Return whether a `.git` lies in `folder` or above; spares a git process where none does."""
    folder = os.path.realpath(folder)
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return True
        parent = os.path.dirname(folder)
        if parent == folder:
            return False
        folder = parent


def _listed(root: str) -> Iterator[str | Skip]:
    """Yield paths relative to `root`, which may be a folder inside the work tree."""
    for record in git.run(root, "ls-files", "-z", "--stage").split(b"\0"):
        fields, _, path = record.partition(b"\t")
        if fields.startswith(b"160000"):
            yield Skip(SkipReason.SUBMODULE, os.fsdecode(path))
        elif fields.startswith(b"040000"):
            continue
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
