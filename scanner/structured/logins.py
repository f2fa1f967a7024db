"""Password files of PostgreSQL, `.pgpass`, in which no name stands before a password."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.structured.entries import Entry

_LINE = re.compile(
    rb"^(?!#)([\w.*-]{1,253}):(?:\d{2,5}|\*):(?:[^:\\\n]|\\.){1,64}:(?:[^:\\\n]|\\.){1,64}:((?:[^:\\\n\r]|\\.){1,500})\r?$",
    re.MULTILINE,
)


def pgpass_entries(text: bytes) -> Iterator[Entry]:
    """Yield the password of each line `host:port:database:user:password`."""
    for found in _LINE.finditer(text):
        yield Entry(found[1], re.sub(rb"\\(.)", rb"\1", found[2]), *found.span(2))
