"""What kind of structured file a text is, told by how it begins."""

from __future__ import annotations

import re

HEAD_BYTES = 1_024

_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}[{\[]\s{0,64}(?:[{\[\"\]}]|-?\d)")
_YAML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:#(?!!)[^\n]*|%YAML[^\n]*|\{\{-?[^\n]*\}\}[ \t]*)?\r?\n){0,40}[ \t]{0,16}"
    rb"(?:---(?:[ \t\r\n]|$)|(?:-[ ]{1,4})?[\"']?[A-Za-z_][\w./ -]{0,80}[\"']?[ ]?:(?:[ \t\r\n]|$))"
)
_PGPASS = re.compile(rb"(?:#[^\n]*\n){0,20}[\w.*-]{1,253}:(?:\d{2,5}|\*):[^:\s]{1,64}:[^:\s]{1,64}:[^\n]")


def format_of(text: bytes) -> str:
    """Return `json`, `pgpass`, `yaml`, or an empty text, by no more than the first lines."""
    head = text[:HEAD_BYTES]
    for name, pattern in (("json", _JSON), ("pgpass", _PGPASS), ("yaml", _YAML)):
        if pattern.match(head):
            return name
    return ""


_MAY_BE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,64}(?:[{\[%\"'-]|#(?!!)|[A-Za-z_][\w./ -]{0,80}[ ]?:|[\w.*-]{1,253}:(?:\d|\*))"
)
_MARKS = re.compile(
    rb"kind[\"']?[ \t]*:[ \t]*[\"']?Secret"
    rb"|[Vv]alue[\"']?\s{0,40}:|\"plaintext\"|random_password|\"cell_type\"|\"nbformat\""
    rb"|(?:uthorization|ookie|-[Tt]oken|-[Kk]ey)[\w-]{0,60}[\"']?[ \t]{0,40}:"
)
_PGPASS_LINE = re.compile(rb"^[\w.*-]{1,253}:(?:\d{2,5}|\*):[^:\s]{1,64}:[^:\s]{1,64}:[^\n]", re.MULTILINE)


def needs_whole(lines: bytes, base: bytes) -> bool:
    """Return whether a structured reader may give more for a content than its lines tell one by one.

    `lines` are those in which the content differs from `base`. True for every content that a reader has an entry
    for, once a line of it says so; `format_of` is what decides about the content as a whole.
    """
    if _MAY_BE.match(base):
        return _has_mark(lines)
    return bool(_MAY_BE.match(lines)) and (_has_mark(lines) or _has_mark(base))


def _has_mark(lines: bytes) -> bool:
    return bool(_MARKS.search(lines) or _PGPASS_LINE.search(lines))
