"""The CODEOWNERS file, where GitHub and GitLab look for it."""

from __future__ import annotations

import os
import stat

from scanner.sources import git
from scanner.sources.objects import ObjectReader

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_MAX_BYTES = 3 << 20
"""GitHub reads a file of up to 3 MB."""
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def in_folder(root: str) -> str:
    """Return the text of the CODEOWNERS file of a folder, or nothing if it has none that can be read."""
    for place in _PLACES:
        data = _read(os.path.join(root, place))
        if data is not None:
            return data.decode("utf-8", "replace")
    return ""


def _read(path: str) -> bytes | None:
    """Return the bytes of a plain file of a bearable size; a link is not followed, a pipe is not waited for."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with open(descriptor, "rb", closefd=False) as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) <= _MAX_BYTES else None


def in_head(repository: git.Repository) -> str:
    """Return the text of the CODEOWNERS file of HEAD's commit, or nothing if it has none."""
    with ObjectReader(repository) as reader:
        for place in _PLACES:
            data = reader.read(f"HEAD:{place}")
            if isinstance(data, bytes) and len(data) <= _MAX_BYTES:
                return data.decode("utf-8", "replace")
    return ""
