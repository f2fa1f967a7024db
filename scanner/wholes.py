"""Which content must be read as a whole, because parts of it do not tell by themselves what they hold."""

from __future__ import annotations

import codecs

_MARKERS = (
    b"\0",
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\xfd7zXZ",
    b"1AY&SY",
    b"version https://git-lfs.github.com/spec/",
)
"""A NUL byte (binary, UTF-16 and UTF-32 without a mark), byte order marks, the beginnings of gzip, zip, xz and bzip2,
and of a pointer to content that is kept elsewhere."""


def wants_whole(data: bytes) -> bool:
    """Return whether content that holds `data` must be read as a whole.

    History is read line by line: of a blob that git keeps as a difference to another, only the lines that changed.
    Content whose lines mean nothing by themselves (containers, wide encodings, structured files) is read in full
    instead, in every version from the one on that says so.

    `data` is a content, or the changed lines of one, or those of many. So an answer may only rest on texts that
    stand anywhere in a line: whenever a content as a whole would give True, so must the lines by which it differs
    from a content that gives False. Whoever adds a test keeps that, and keeps it at the speed of `bytes.find`:
    everything passes here. A needless True costs time, a missing one a secret.
    """
    return any(marker in data for marker in _MARKERS)


def is_one_line(data: bytes) -> bool:
    """Return whether carriage returns are the only line ends: `chunks.normalise` then gives lines of its own."""
    return b"\n" not in data and b"\r" in data
