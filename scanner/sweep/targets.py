"""What a sweep is asked to read: folders, folders full of repositories, URLs, lists of them. Each repository once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from scanner.errors import UsageError
from scanner.model import Skip, SkipReason
from scanner.sweep.values import SweepTarget

_SCHEMES = ("https", "ssh", "file")
_SCP = re.compile(r"(?:\w[\w.-]*@)?\w[\w.-]*:(?!//)[^\0:][^\0]*")
MAX_LINE = 4_096


def targets_of(words: Iterable[str]) -> Iterator[SweepTarget | Skip]:
    """Yield the repositories that `words` name, each once, however often and under whatever names it is listed.

    A folder that is no repository is searched for some. Raises UsageError for what is neither a folder nor a URL.
    """
    seen = set()
    for word in words:
        for target in _of_word(word):
            if isinstance(target, Skip) or target.id not in seen:
                yield target
            if isinstance(target, SweepTarget):
                seen.add(target.id)


def read_list(lines: Iterable[str]) -> Iterator[str]:
    """Yield the targets of a list: one a line, blank lines and lines that begin with `#` left out."""
    for number, line in enumerate(lines, 1):
        word = line.strip()
        if len(word) > MAX_LINE or "\0" in word:
            raise UsageError(f"line {number} of the list: not a target")
        if word and not word.startswith("#"):
            yield word


def _of_word(word: str) -> Iterator[SweepTarget | Skip]:
    if _is_url(word):
        yield _remote(word)
    elif os.path.isdir(word):
        yield from _below(word)
    elif os.path.lexists(word):
        raise UsageError(f"{word}: not a folder")
    elif _SCP.fullmatch(word):
        yield _remote(_from_scp(word))
    else:
        raise UsageError(f"{word}: no such folder")


def _is_url(word: str) -> bool:
    return re.match(r"[a-z][a-z0-9+.-]*://", word) is not None


def _from_scp(word: str) -> str:
    place, _, path = word.partition(":")
    return f"ssh://{place}/{path.lstrip('/')}"


def _remote(url: str) -> SweepTarget:
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise UsageError(f"{parts.scheme}://...: only {', '.join(_SCHEMES)} URLs are cloned")
    if parts.password or (parts.username and parts.scheme == "https"):
        host = parts.hostname or ""
        raise UsageError(f"a URL at {host} holds credentials: give them through git's credential helper instead")
    host = (parts.netloc or "").lower()
    return SweepTarget(f"{parts.scheme}://{host}{parts.path.rstrip('/').removesuffix('.git')}", url, is_remote=True)


def is_repository(folder: str) -> bool:
    """Return whether `folder` is a work tree, a linked work tree or a bare repository, by its files alone."""
    if os.path.lexists(os.path.join(folder, ".git")):
        return True
    names = ("HEAD", "objects", "refs")
    return all(os.path.exists(os.path.join(folder, name)) for name in names)


def _below(root: str) -> Iterator[SweepTarget | Skip]:
    """Yield the repositories at and below `root`: without recursion, links not followed, none inside of another."""
    stack = [root]
    while stack:
        folder = stack.pop()
        if is_repository(folder):
            yield SweepTarget(_identity(folder), folder)
            continue
        try:
            with os.scandir(folder) as listing:
                below = sorted(child.path for child in listing if child.is_dir(follow_symlinks=False))
        except OSError as error:
            yield Skip(SkipReason.UNREADABLE, folder, error.strerror or "")
            continue
        stack.extend(reversed(below))


def _identity(folder: str) -> str:
    """Return the real path of the folder that holds the objects: linked work trees of one repository are one."""
    git_path = os.path.join(folder, ".git")
    if os.path.isfile(git_path):
        common = _common_dir(git_path, folder)
        if common is not None:
            return common
    return os.path.realpath(git_path if os.path.isdir(git_path) else folder)


def _common_dir(git_file: str, folder: str) -> str | None:
    try:
        with open(git_file, "rb") as stream:
            pointer = os.fsdecode(stream.read(MAX_LINE)).strip()
        git_dir = os.path.join(folder, pointer.removeprefix("gitdir: "))
        with open(os.path.join(git_dir, "commondir"), "rb") as stream:
            return os.path.realpath(os.path.join(git_dir, os.fsdecode(stream.read(MAX_LINE)).strip()))
    except OSError:
        return None
