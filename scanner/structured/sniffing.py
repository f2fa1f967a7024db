"""What kind of structured file a text is, told by how it begins."""

from __future__ import annotations

import re

HEAD_BYTES = 1_024

_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}(?!\{\{)[{\[]\s{0,64}(?:[{\[\"\]}]|-?\d)")
_YAML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?>[ \t]*(?:#(?!!)[^\n]*|%YAML[^\n]*|\{\{-?[^\n]*\}\}[ \t]*)?\r?\n){0,40}+[ \t]{0,16}"
    rb"(?:---(?:[ \t\r\n]|$)|(?:-[ ]{1,4})?[\"']?[A-Za-z_][\w./ -]{0,80}+[\"']?[ ]?:(?:[ \t\r\n]|$))"
)
_PGPASS = re.compile(
    rb"(?:#[^\n]*\n){0,20}(?!\d{4}-\d\d-\d\dT)[\w.*-]{1,253}:(?:\d{2,5}|\*):[^:\s]{1,64}:[^:\s]{1,64}:[^\n]"
)


def format_of(text: bytes) -> str:
    """Return `json`, `pgpass`, `yaml`, or an empty text, by no more than the first lines."""
    head = text[:HEAD_BYTES]
    for name, pattern in (("json", _JSON), ("pgpass", _PGPASS), ("yaml", _YAML)):
        if pattern.match(head):
            return name
    return ""


_HEADER_END = rb"[\w-]{0,60}[\"']?[ \t]{0,40}:"
_HEADER = rb"(?:uthorization|ookie|-[Tt]oken|-[Kk]ey)" + _HEADER_END
_HEADERS = (
    re.compile(rb"uthorization" + _HEADER_END),
    re.compile(rb"ookie" + _HEADER_END),
    re.compile(rb"-Token" + _HEADER_END),
    re.compile(rb"-token" + _HEADER_END),
    re.compile(rb"-Key" + _HEADER_END),
    re.compile(rb"-key" + _HEADER_END),
)


def has_headers(text: bytes) -> bool:
    """Return whether a text names a header of a recorded request, whose values a list below it may hold.

    Each mark is searched for alone, since `re` finds a text by its fixed beginning ten times as fast.
    """
    return any(header.search(text) for header in _HEADERS)


_MARKS = re.compile(
    rb"kind[\"']?[ \t]*:[ \t]*[\"']?Secret"
    rb"|[Vv]alue[\"']?(?:\s{0,40}:|[ \t\r]{0,40}$)|\"plaintext\"|random_password|\"cell_type\"|\"nbformat\""
    rb"|" + _HEADER,
    re.MULTILINE,
)
_PGPASS_LINE = re.compile(
    rb"^(?!\d{4}-\d\d-\d\dT)[\w.*-]{1,253}:(?:\d{2,5}|\*):(?:[^:\\\n]|\\.){1,64}+:(?:[^:\\\n]|\\.){1,64}+:[^\n]",
    re.MULTILINE,
)


_MARK_WORDS = (
    *(b"Secret", b"alue", b'"plaintext"', b"random_password", b'"cell_type"', b'"nbformat"'),
    *(b"uthorization", b"ookie", b"oken", b"-Key", b"-key"),
)
_PGPASS_HINT = re.compile(rb":(?:\d{2,5}|\*):[^:\n]")


def has_mark(lines: bytes) -> bool:
    """Return whether a structured reader may have an entry for a text, if one of these lines is new in it.

    True for every content that a reader has an entry for, once a line of it says so; `format_of` decides whether a
    reader looks at the content at all.
    """
    if any(word in lines for word in _MARK_WORDS) and _MARKS.search(lines):
        return True
    return bool(_PGPASS_HINT.search(lines) and _PGPASS_LINE.search(lines))
