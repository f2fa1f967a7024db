"""Repositories and trees that every tool can read to the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from collections.abc import Iterable
from pathlib import Path


def complete_copy(repository: Path, folder: Path) -> Path:
    """Return a bare copy of a repository in which no object is missing, made below `folder` at the first call.

    Tools that read `git log -p` stop without a word at the first blob that a partial clone lacks. Under the id of
    each missing blob lies a small loose object of other content, which git hands out without checking.
    """
    source = Path(_git(repository, "rev-parse", "--absolute-git-dir").decode().strip())
    copy = folder / (source.parent.name if source.name in (".git", "repo") else source.stem)
    if copy.exists():
        return copy
    building = copy.with_name(copy.name + ".tmp")
    shutil.rmtree(building, ignore_errors=True)
    shutil.copytree(source, building, copy_function=_link, ignore=shutil.ignore_patterns("*.promisor", "hooks"))
    (building / "config").unlink(missing_ok=True)
    (building / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
    _write_stand_ins(building, missing_blobs(building))
    building.rename(copy)
    return copy


def missing_blobs(repository: Path) -> list[str]:
    """Return the ids of the objects that refs reach and the repository does not hold."""
    printed = _git(repository, "rev-list", "--objects", "--all", "--missing=print")
    return [line[1:].decode() for line in printed.splitlines() if line.startswith(b"?")]


def _write_stand_ins(repository: Path, oids: Iterable[str]) -> None:
    content = b"a stand-in for a large object that is not here\n"
    data = zlib.compress(b"blob %d\0" % len(content) + content)
    for oid in oids:
        path = repository / "objects" / oid[:2] / oid[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _git(repository: Path, *arguments: str) -> bytes:
    env = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-c", "safe.directory=*", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, env=env).stdout
