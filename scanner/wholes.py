"""Which content must be read as a whole, because parts of it do not tell by themselves what they hold."""

from __future__ import annotations

from scanner.chunks import wide_encoding
from scanner.containers.opening import kind_of
from scanner.decoders.escapes import is_mail
from scanner.decoders.markup import is_office_xml

_BEGINNINGS = (b"version https://git-lfs.github.com/spec/", b"%PDF-", b"BZh", b"!<arch>\n")
"""How content begins that is a pointer to content kept elsewhere, or a container in which no odd byte need stand.

(Python bytecode has a line end as its third and fourth byte.)"""

_ODD_BYTES = bytes([*range(9), 0x17, 0x1A, 0x1F, 0xFD, 0xFE, 0xFF])
"""Bytes that neither ASCII nor UTF-8 text holds. Of them, UTF-16, UTF-32 and every other container has one."""

_PHRASES = (b"uoted-printable", b"UOTED-PRINTABLE")
_XML_PHRASES = (b"schemas.openxmlformats.org", b"purl.oclc.org/ooxml", b"urn:oasis:names:tc:opendocument")
"""What says of a text, anywhere in it, that it is written in quoted-printable; of XML, that it is a document."""


def may_want_whole(lines: bytes) -> bool:
    """Return whether `wants_whole` could be true for any of the contents whose changed lines these are.

    Everything passes here, so it is kept at the speed of `bytes.find`.
    """
    return _is_odd(lines) or any(phrase in lines for phrase in _PHRASES)


def _is_odd(data: bytes) -> bool:
    return len(data.translate(None, _ODD_BYTES)) != len(data)


def wants_whole(lines: bytes, base: bytes = b"", *, may_want: bool = True) -> bool:
    """Return whether a content must be read as a whole. `lines` are those in which it differs from `base`.

    History is read line by line: of a blob that git keeps as a difference to another, only the lines that changed.
    Content whose lines mean nothing by themselves (containers, wide encodings) is read in full instead, in every
    version from the one on that says so. Without a base, `lines` are all of the content. Structured files are told
    apart where the difference itself is at hand (`scanner.fresh_scan`).

    The first line of a content is that of its base, or is the first of `lines`. So a test may ask how `lines`, or
    `base`, begin, or what stands anywhere in a line: whenever a content as a whole would give True, so must the lines
    by which it differs from one that gives False. Whoever adds a test keeps that. A needless True costs time, a
    missing one a secret; `is_plain` takes back what is text after all. `may_want` is what `may_want_whole` said of
    these lines, alone or with others: a test of the whole of `lines` belongs in there too.
    """
    if lines.startswith(_BEGINNINGS) or lines[2:4] == b"\r\n":
        return True
    if _is_xml(lines) or _is_xml(base):
        return any(phrase in lines for phrase in _XML_PHRASES) or (may_want and may_want_whole(lines))
    return may_want and may_want_whole(lines)


def is_plain(data: bytes) -> bool:
    """Return whether a content that may want to be read as a whole is text, after all, that its lines tell."""
    if 0 in data or is_one_line(data) or wide_encoding(data) or kind_of(data):
        return False
    is_begun = data.startswith(_BEGINNINGS) or data[2:4] == b"\r\n"
    return not (is_begun or is_mail(data) or is_office_xml(data))


def _is_xml(data: bytes) -> bool:
    return data[:1] == b"<" or data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def is_one_line(data: bytes) -> bool:
    """Return whether carriage returns are the only line ends: `chunks.normalise` then gives lines of its own."""
    return b"\n" not in data and b"\r" in data
