"""The object database of a repository: the packs and loose objects of its object folders, alternates included."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from scanner.model import Skip, SkipReason
from scanner.sources import git
from scanner.sources.pack_index import PackError

MAX_ALTERNATES = 64
_HEX = frozenset("0123456789abcdef")
_MAX_HEADER_BYTES = 32


class LooseObject(NamedTuple):
    """A file that holds one object. `size` is the length of the file."""

    path: str
    oid: str
    size: int


class Database(NamedTuple):
    """What the object folders hold: paths of packs, loose objects, and what of it will not be read."""

    packs: tuple[str, ...]
    loose: tuple[LooseObject, ...]
    skipped: tuple[Skip, ...]


def open_database(repository: git.Repository) -> Database:
    """Return what the repository's object folders hold. Alternates outside of its own folders are refused."""
    own = os.path.join(repository.common_dir, "objects")
    inside = [os.path.realpath(folder) for folder in (repository.common_dir, repository.work_tree) if folder]
    folders, skipped = _object_folders(own, inside)
    packs: list[str] = []
    loose: list[LooseObject] = []
    digits = len(repository.zero_oid)
    for folder in folders:
        for found in (_packs(folder), _loose_objects(folder, digits)):
            for one in found:
                if isinstance(one, Skip):
                    skipped.append(one)
                elif isinstance(one, LooseObject):
                    loose.append(one)
                else:
                    packs.append(one)
    return Database(tuple(packs), tuple(loose), tuple(skipped))


def _object_folders(own: str, inside: list[str]) -> tuple[list[str], list[Skip]]:
    """Return the object folders, the repository's own first, and a skip for each that is refused."""
    folders, skipped, at = [os.path.realpath(own)], [], 0
    while at < len(folders):
        for line in _alternates(folders[at]):
            path = os.path.realpath(os.path.join(folders[at], line))
            if path in folders:
                continue
            if not any(os.path.commonpath((path, folder)) == folder for folder in inside):
                skipped.append(Skip(SkipReason.OUTSIDE, path, "alternate object folder"))
            elif len(folders) > MAX_ALTERNATES:
                skipped.append(Skip(SkipReason.UNREADABLE, path, "too many alternate object folders"))
            elif not os.path.isdir(path):
                skipped.append(Skip(SkipReason.UNREADABLE, path, "alternate object folder"))
            else:
                folders.append(path)
        at += 1
    return folders, skipped


def _alternates(folder: str) -> list[str]:
    try:
        with open(os.path.join(folder, "info", "alternates"), "rb") as stream:
            lines = stream.read(1 << 20).split(b"\n")
    except OSError:
        return []
    return [os.fsdecode(line) for line in lines if line and not line.startswith(b"#") and b"\0" not in line]


def _packs(folder: str) -> Iterator[str | Skip]:
    """Yield the packs with an index; a pack without one is a skip: git does not see it either."""
    try:
        names = sorted(os.listdir(os.path.join(folder, "pack")))
    except FileNotFoundError:
        return
    except OSError as error:
        yield Skip(SkipReason.UNREADABLE, os.path.join(folder, "pack"), error.strerror or "")
        return
    known = frozenset(names)
    for name in names:
        stem, dot, ending = name.rpartition(".")
        if not dot or not stem.startswith("pack-"):
            continue
        path = os.path.join(folder, "pack", name)
        if ending == "pack" and stem + ".idx" in known:
            yield path
        elif (ending == "pack" and stem + ".idx" not in known) or (ending == "idx" and stem + ".pack" not in known):
            yield Skip(SkipReason.UNREADABLE, path, "pack and index are not both there")


def _loose_objects(folder: str, digits: int) -> Iterator[LooseObject | Skip]:
    firsts, skip = _listed(folder)
    if skip is not None:
        yield skip
    for first in firsts:
        if len(first) != 2 or not _HEX.issuperset(first):
            continue
        rests, skip = _listed(os.path.join(folder, first))
        if skip is not None:
            yield skip
        for rest in rests:
            if len(rest) == digits - 2 and _HEX.issuperset(rest):
                path = os.path.join(folder, first, rest)
                yield LooseObject(path, first + rest, _size(path))


def _listed(folder: str) -> tuple[list[str], Skip | None]:
    try:
        return sorted(os.listdir(folder)), None
    except OSError as error:
        return [], Skip(SkipReason.UNREADABLE, folder, error.strerror or "")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def read_loose(path: str, *, max_bytes: int) -> tuple[bytes, bytes]:
    """Return kind and content of a loose object of at most `max_bytes`; raises PackError."""
    try:
        with open(path, "rb") as stream:
            packed = stream.read(max_bytes + (1 << 20))
        inflater = zlib.decompressobj()
        head = inflater.decompress(packed, _MAX_HEADER_BYTES)
        header, end, _ = head.partition(b"\0")
        kind, _, digits = header.partition(b" ")
        size = int(digits)
        if not end or not 0 <= size <= max_bytes:
            raise PackError("a loose object is too large, or its header is damaged")
        data = head[len(header) + 1 :] + inflater.decompress(inflater.unconsumed_tail, size + 1)
        if not inflater.eof:
            data += inflater.decompress(inflater.unconsumed_tail, 1)
    except (OSError, ValueError, zlib.error) as error:
        raise PackError("a loose object cannot be read") from error
    if len(data) != size or not inflater.eof:
        raise PackError("a loose object has another size than its header says")
    return kind, data
