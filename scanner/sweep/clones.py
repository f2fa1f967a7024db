"""Bare mirrors of remote repositories in a cache folder: made whole or not at all, then brought up to date."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from typing import Any

from scanner.errors import GitError
from scanner.sources import git
from scanner.sweep.values import SweepTarget

TIMEOUT_S = 6 * 3_600.0


def ensure(target: SweepTarget, cache: str, *, protocols: Sequence[str]) -> str:
    """Return the folder of an up-to-date mirror of `target`; raises GitError with git's own last words.

    A clone that broke off leaves nothing: it is made under another name, and renamed when it is whole.
    """
    folder = folder_of(target, cache)
    url = target.location
    limits: dict[str, Any] = {"protocols": protocols, "timeout_s": TIMEOUT_S}
    if os.path.isdir(folder):
        git.network(
            ["--git-dir", folder, "fetch", *_FETCH, "--", url, "+refs/*:refs/*"],
            protocols=protocols,
            timeout_s=TIMEOUT_S,
        )
        return folder
    partial = f"{folder}.{os.getpid()}.partial"
    _make(cache)
    # One repository is cloned by one process at a time: what is there is of a process that was killed.
    for left in glob.glob(f"{glob.escape(folder)}.*.partial"):
        shutil.rmtree(left, ignore_errors=True)
    try:
        git.network(["clone", *_CLONE, "--", url, partial], **limits)
        os.rename(partial, folder)
    except OSError as error:
        raise GitError(f"{folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


_FETCH = ("--quiet", "--prune", "--no-recurse-submodules", "--no-auto-maintenance", "--no-write-fetch-head")
_CLONE = ("--quiet", "--mirror", "--template=", "--no-hardlinks", "--no-recurse-submodules")


def folder_of(target: SweepTarget, cache: str) -> str:
    """Return the folder of a clone: its name tells people which repository it is, and is different for each."""
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", target.id.partition("://")[2]).strip("-.")[-80:]
    name = f"{words or 'repository'}-{hashlib.sha256(target.id.encode()).hexdigest()[:12]}.git"
    return os.path.join(cache, name)


def remove_leftovers(cache: str) -> None:
    """Remove what clones that were killed have left; only the one sweep that holds the store calls this."""
    if os.path.isdir(cache):
        for name in os.listdir(cache):
            if name.endswith(".partial"):
                shutil.rmtree(os.path.join(cache, name), ignore_errors=True)


def _make(cache: str) -> None:
    try:
        os.makedirs(cache, mode=0o700, exist_ok=True)
    except OSError as error:
        raise GitError(f"{cache}: {error.strerror}") from error
