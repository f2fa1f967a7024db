"""What kind of structured file a text is, told by how it begins."""

from __future__ import annotations

import re

HEAD_BYTES = 1_024

_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}[{\[]\s{0,64}(?:[{\[\"\]}]|-?\d)")
_YAML = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]*|%YAML[^\n]*|\{\{-?[^\n]*\}\}[ \t]*)?\r?\n){0,40}[ \t]{0,16}"
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
