"""A digest of what a repository holds right now: as long as it is the same, nothing new can be read."""

from __future__ import annotations

import hashlib
import os

from scanner.sources import git


def state_of(repository: git.Repository) -> str:
    """Return the digest of all refs, HEAD, and the names of all packs and loose objects, alternates included.

    Costs one `for-each-ref` and the listing of the object folders; object names tell contents, so no content is read.
    """
    digest = hashlib.sha256()
    digest.update(git.run(repository, "for-each-ref", "--format=%(objectname) %(refname)"))
    for name in ("HEAD", "shallow", "objects/info/alternates", "logs/HEAD", "logs/refs/stash", "index"):
        digest.update(_content(repository, name))
    for folder in _object_folders(os.path.join(repository.common_dir, "objects")):
        for name in _names(folder):
            digest.update(b"\0" + os.fsencode(name))
    return digest.hexdigest()


def _content(repository: git.Repository, name: str) -> bytes:
    """Return size and time of a file, or its content if that is short."""
    base = repository.git_dir if name in ("HEAD", "index") else repository.common_dir
    try:
        with open(os.path.join(base, name), "rb") as stream:
            content = stream.read(1 << 16)
            status = os.fstat(stream.fileno())
    except OSError:
        return b"\0absent"
    return content if len(content) < 1 << 16 else f"{status.st_size} {status.st_mtime_ns}".encode()


def _object_folders(folder: str) -> list[str]:
    """Return the folders of packs and of loose objects."""
    names = [name for name in _names(folder) if name == "pack" or len(name) == 2]
    return [os.path.join(folder, name) for name in names]


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return ["\0unlisted"]
