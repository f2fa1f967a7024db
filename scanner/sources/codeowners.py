"""The CODEOWNERS file, where GitHub and GitLab look for it."""

from __future__ import annotations

import os

from scanner.model import Blob
from scanner.sources import git
from scanner.sources.files import FileEntry, file_entry, read_file
from scanner.sources.objects import ObjectReader

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_MAX_BYTES = 3 << 20
"""GitHub reads a file of up to 3 MB."""


def in_folder(root: str) -> str:
    """Return the text of the CODEOWNERS file of a folder, or nothing if it has none that can be read."""
    if not os.path.isdir(root):
        return ""
    for place in _PLACES:
        for entry in file_entry(os.path.join(root, place)):
            blob = read_file(entry, max_bytes=_MAX_BYTES) if isinstance(entry, FileEntry) else None
            if isinstance(blob, Blob):
                return blob.data.decode("utf-8", "replace")
    return ""


def in_head(repository: git.Repository) -> str:
    """Return the text of the CODEOWNERS file of HEAD's commit, or nothing if it has none."""
    with ObjectReader(repository) as reader:
        for place in _PLACES:
            data = reader.read(f"HEAD:{place}")
            if isinstance(data, bytes) and len(data) <= _MAX_BYTES:
                return data.decode("utf-8", "replace")
    return ""
