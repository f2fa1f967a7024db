"""Office documents: the text of a paragraph, whose letters are spread over tags."""

from __future__ import annotations

import re

from scanner.decoders.layer import Edit

_HEAD_BYTES = 4_096
_NAMESPACES = (b"schemas.openxmlformats.org", b"purl.oclc.org/ooxml", b"urn:oasis:names:tc:opendocument")
_TAG = re.compile(rb"<[^<>]{0,16384}>|&(amp|lt|gt|quot|apos);")
_ENTITIES = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
_BREAKS = re.compile(
    rb"</(?:w:p|a:p|si|c|row|is|text:p|text:h|table:table-row|table:table-cell|draw:frame|w:tr)>|<(?:w:br|w:cr|text:line-break|a:br)\b"
)
_SPACES = re.compile(rb"<(?:w:tab|text:tab|text:s)\b")
MAX_TAGS = 500_000


def is_office_xml(text: bytes) -> bool:
    """Return whether `text` is a part of an Office Open XML (ECMA-376) or OpenDocument (ISO/IEC 26300) file."""
    if text[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        return False
    head = text[:_HEAD_BYTES]
    return any(name in head for name in _NAMESPACES)


def find_tags(text: bytes) -> list[Edit]:
    """Return what takes the tags out of an Office document: a line end for each paragraph, nothing for the others."""
    edits = []
    for found in _TAG.finditer(text):
        tag = found[0]
        if found[1]:
            new = _ENTITIES[found[1]]
        elif _BREAKS.match(tag):
            new = b"\n"
        else:
            new = b" " if _SPACES.match(tag) else b""
        edits.append(Edit(found.start(), found.end(), new, "markup"))
        if len(edits) >= MAX_TAGS:
            break
    return edits
