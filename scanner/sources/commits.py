"""The texts of commits and annotated tags, and what their headers say."""

from __future__ import annotations

import re
from typing import NamedTuple

from scanner.model import Blob, BlobKind, Person

COMMIT_MESSAGE = "<commit message>"
COMMIT_HEADER = "<commit header>"

_PERSON = re.compile(rb"([^<]*?) ?<([^>]*+)(?>.*>)? ?(-?\d{1,18})?(?: [+-]\d+)?$")
"""As git reads it: the address stands between the first `<` and the first `>`, the time behind the last `>`."""

PLAIN_COMMIT = re.compile(
    rb"(?:(?:tree|parent) [0-9a-f]{40,64}\n)+"
    rb"(author [^\n]*>) [0-9]{1,12} [+-][0-9]{4}\n(committer [^\n]*>) [0-9]{1,12} [+-][0-9]{4}\n\n(.*)",
    re.DOTALL,
)
"""A commit of which `texts` gives the first two groups as its header, a line each, and the third as its message."""

_TIME = re.compile(rb"(?<=>) [0-9]{1,12} [+-][0-9]{4}$", re.MULTILINE)
_OBJECT_LINES = (b"tree ", b"parent ", b"object ", b"type ")
_SIGNATURES = (b"gpgsig ", b"gpgsig-sha256 ")


class Headers(NamedTuple):
    """What the header of a commit or a tag states; `target` is the commit a tag names, if it names one."""

    author: Person | None
    committer: Person | None
    target: str | None


def texts(oid: str, kind: BlobKind, data: bytes) -> tuple[Blob, ...]:
    """Return header and message of a commit or tag as two blobs, without the ids and times that git itself wrote."""
    header, _, message = data.partition(b"\n\n")
    kept: list[bytes] = []
    is_signature = False
    for line in header.split(b"\n"):
        is_signature = line.startswith(_SIGNATURES) or (is_signature and line.startswith(b" "))
        if not is_signature and not line.startswith(_OBJECT_LINES):
            kept.append(line)
    if kind is BlobKind.COMMIT:
        paths = COMMIT_HEADER, COMMIT_MESSAGE
    else:
        name = _field(header, b"tag").decode("utf-8", "surrogateescape")
        paths = f"<header of tag {name}>", f"<message of tag {name}>"
    parts = (_TIME.sub(b"", b"\n".join(kept)), message)
    return tuple(Blob(part, path=path, oid=oid, kind=kind) for part, path in zip(parts, paths, strict=True))


def headers(data: bytes) -> Headers:
    """Return what the header of a commit or tag object states; a broken line gives None, never an error."""
    header = data.partition(b"\n\n")[0]
    tagger = person(_field(header, b"tagger"))
    target = _field(header, b"object").decode("ascii", "replace") if _field(header, b"type") == b"commit" else None
    return Headers(
        author=person(_field(header, b"author")) or tagger,
        committer=person(_field(header, b"committer")) or tagger,
        target=target,
    )


def person(line: bytes) -> Person | None:
    """Return who and when from `Name <address> seconds zone`; None for an empty line."""
    found = _PERSON.match(line)
    if found is None:
        return Person(line.decode("utf-8", "surrogateescape"), "", None) if line else None
    name, email = (found[i].decode("utf-8", "surrogateescape") for i in (1, 2))
    return Person(name, email, int(found[3]) if found[3] else None)


def _field(header: bytes, name: bytes) -> bytes:
    for line in header.split(b"\n"):
        if line.startswith(name + b" "):
            return line[len(name) + 1 :]
    return b""
