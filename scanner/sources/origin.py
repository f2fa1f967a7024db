"""Where a repository comes from, as an address that may be printed: no name, no password."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from scanner.errors import GitError
from scanner.sources import git

_SCHEMES = ("https", "http", "ssh", "git")
_SCP_LIKE = re.compile(r"(?:[^@/:]+@)?([A-Za-z0-9.-]+):(?!//)([^\s]+)")


def origin_uri(repository: git.Repository) -> str | None:
    """Return the address of the remote `origin` without user and password, or None if there is none to print."""
    try:
        raw = git.run(repository, "config", "--local", "--no-includes", "--get", "remote.origin.url", allowed=(0, 1))
    except GitError:
        return None
    return public_uri(raw.decode("utf-8", "replace").rstrip("\n"))


def public_uri(address: str) -> str | None:
    """Return a remote's address without user, password, query and fragment; None unless it names a host.

    `git@host:path` is written `ssh://host/path`. Paths of the own disk are not told to anybody.
    """
    scp = _SCP_LIKE.fullmatch(address)
    if scp:
        address = f"ssh://{scp[1]}/{scp[2].lstrip('/')}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES or not host or not re.fullmatch(r"[a-z0-9.-]+", host):
        return None
    path = parts.path if re.fullmatch(r"[A-Za-z0-9._~%/+-]{0,500}", parts.path) else ""
    return urlunsplit((parts.scheme, f"{host}:{port}" if port else host, path, "", ""))


def head_commit(repository: git.Repository) -> str | None:
    """Return the object id of HEAD's commit, or None if there is none yet."""
    oid = git.run(repository, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", allowed=(0, 1, 128)).strip()
    return oid.decode() or None
