"""A digest of what a repository holds right now: as long as it is the same, nothing new can be read or told."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

_MAX_ALTERNATES = 64
_MAX_DEPTH = 64
_PLAIN = ("HEAD", "packed-refs", "config", "shallow", "index", "logs/HEAD", "logs/refs/stash")
_FOLDERS = ("refs", "reftable", "worktrees")
_NEVER_READ = ("logs", "modules")


def common_folder(folder: str) -> str | None:
    """Return the folder of a bare repository, or the `.git` of a work tree; None where only git can tell it."""
    for place in (os.path.join(folder, ".git"), folder):
        if os.path.isdir(os.path.join(place, "objects")) and os.path.isfile(os.path.join(place, "HEAD")):
            return None if os.path.lexists(os.path.join(place, "commondir")) else place
    return None


def state_of(common_dir: str) -> str:
    """Return the digest of all refs, HEAD, settings, and the names of all packs and loose objects, alternates included.

    No git is run and no object is opened, so that a sweep over thousands of unchanged repositories costs little: the
    names of objects, packs and reftables tell their contents. `common_dir` is what linked work trees share.
    """
    digest = hashlib.sha256()
    for name in _PLAIN:
        _add_file(digest, os.path.join(common_dir, name), name)
    for name in _FOLDERS:
        for path in _files_below(os.path.join(common_dir, name)):
            _add_file(digest, path, path[len(common_dir) :])
    for folder in _object_folders(os.path.join(common_dir, "objects")):
        digest.update(b"\2%s" % folder.removeprefix(common_dir).encode("utf-8", "surrogateescape"))
        for name in _names(folder):
            if name == "pack" or len(name) == 2:
                digest.update(b"\1%s" % name.encode("utf-8", "surrogateescape"))
                digest.update("\0".join(_names(os.path.join(folder, name))).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _add_file(digest: hashlib._Hash, path: str, name: str) -> None:
    digest.update(b"\0%s\0" % name.encode("utf-8", "surrogateescape"))
    try:
        if os.path.islink(path):
            digest.update(os.fsencode(os.readlink(path)))
        elif os.path.isfile(path):
            with open(path, "rb") as stream:
                while piece := stream.read(1 << 20):
                    digest.update(piece)
    except OSError as error:
        digest.update(b"\0%d" % (error.errno or 0))


def _files_below(folder: str) -> Iterator[str]:
    """Yield all files below a folder in a fixed order: links are not followed, and the depth is bounded."""
    stack = [(folder, 0)]
    while stack:
        here, depth = stack.pop()
        for name in _names(here):
            path = os.path.join(here, name)
            if os.path.isdir(path) and not os.path.islink(path):
                if name not in _NEVER_READ and depth < _MAX_DEPTH:
                    stack.append((path, depth + 1))
            else:
                yield path


def _object_folders(own: str) -> list[str]:
    """Return the object folders: the repository's own, and those that it borrows from."""
    folders, at = [own], 0
    while at < len(folders) <= _MAX_ALTERNATES:
        try:
            with open(os.path.join(folders[at], "info", "alternates"), "rb") as stream:
                lines = [line for line in stream.read(1 << 20).split(b"\n") if line and b"\0" not in line]
        except OSError:
            lines = []
        borrowed = [os.path.join(folders[at], os.fsdecode(line)) for line in lines]
        folders += [folder for folder in borrowed if folder not in folders]
        at += 1
    return folders


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        return [f"\0{error.errno}"]
