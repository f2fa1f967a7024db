"""Kubernetes Secret: `data` in base64, which is no encryption, and `stringData`, in YAML and JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.decoders.printable import is_text
from scanner.decoders.runs import decode_base64
from scanner.structured.entries import Entry

_KIND = re.compile(rb"kind(?<=\bkind)[\"']?[ \t]*:[ \t]*[\"']?Secret\b(?![\w-])")
"""Begins with fixed letters, which `re` searches for quickly."""
_YAML_BLOCK = re.compile(rb"^([ ]{0,40})(?:- )?(data|stringData)[ \t]*:[ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)
_YAML_ENTRY = re.compile(rb"([ ]*)[\"']?([\w./-]{1,253})[\"']?[ \t]*:[ \t]*([^\n]*)")
_JSON_BLOCK = re.compile(rb"\"(data|stringData)\"\s{0,20}:\s{0,20}\{([^{}]{1,1000000})\}")
_JSON_ENTRY = re.compile(rb"\"([^\"\\\n]{1,253})\"\s{0,20}:\s{0,20}\"((?:[^\"\\\n]|\\.){1,500000}+)\"")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{4,}={0,2}")
_INDICATORS = re.compile(rb"(?:![\w!]+[ ]+)?[|>][+-]?\d?[ \t]*(?:#[^\n]*)?\r?$")


def secret_entries(text: bytes) -> Iterator[Entry]:
    """Yield the values of each Secret in a text of one or more manifests, decoded where they are encoded."""
    if not _KIND.search(text):
        return
    at = 0
    for part in re.split(rb"(?<=\n)(?=---)", text):
        if _KIND.search(part):
            yield from _yaml_entries(text, at, at + len(part))
            yield from _json_entries(text, at, at + len(part))
        at += len(part)


def _yaml_entries(text: bytes, begin: int, end: int) -> Iterator[Entry]:
    for block in _YAML_BLOCK.finditer(text, begin, end):
        indent = len(block[1]) + (2 if text[block.end(1) : block.end(1) + 2] == b"- " else 0)
        yield from _block_entries(text, block.end(), end, indent, is_encoded=block[2] == b"data")


def _block_entries(text: bytes, at: int, end: int, indent: int, *, is_encoded: bool) -> Iterator[Entry]:
    """Yield the entries of a mapping: the lines indented by more than `indent`."""
    at = text.find(b"\n", at, end) + 1
    while 0 < at < end:
        line_end = text.find(b"\n", at, end)
        line_end = end if line_end < 0 else line_end
        found = _YAML_ENTRY.match(text, at, line_end)
        if found is None or len(found[1]) <= indent:
            if text[at:line_end].strip() and not text[at:line_end].lstrip().startswith(b"#"):
                return
            at = line_end + 1
            continue
        start, stop = found.span(3)
        if _INDICATORS.fullmatch(found[3]) or not found[3].strip():
            start, stop = line_end + 1, _scalar_end(text, line_end + 1, end, len(found[1]))
        at = max(line_end, stop) + 1 if stop > line_end else line_end + 1
        yield from _entry(text, found[2], start, stop, is_encoded=is_encoded)


def _scalar_end(text: bytes, at: int, end: int, indent: int) -> int:
    """Return where a block scalar ends whose lines begin at `at`: before the line that is not indented further."""
    last = at
    while at < end:
        line_end = text.find(b"\n", at, end)
        line_end = end if line_end < 0 else line_end
        line = text[at:line_end]
        if line.strip() and len(line) - len(line.lstrip(b" ")) <= indent:
            break
        last = line_end
        at = line_end + 1
    return last


def _json_entries(text: bytes, begin: int, end: int) -> Iterator[Entry]:
    for block in _JSON_BLOCK.finditer(text, begin, end):
        for found in _JSON_ENTRY.finditer(text, *block.span(2)):
            yield from _entry(text, found[1], *found.span(2), is_encoded=block[1] == b"data")


def _entry(text: bytes, name: bytes, start: int, stop: int, *, is_encoded: bool) -> Iterator[Entry]:
    raw = text[start:stop]
    value = raw.split(b" #")[0].strip().strip(b"\"'") if b"\n" not in raw else raw.strip()
    start += raw.find(value[:1]) if value else 0
    if is_encoded:
        joined = b"".join(value.split())
        value = decode_base64(joined) if _BASE64.fullmatch(joined) else b""
        if not is_text(value):
            return
    if value.strip():
        yield Entry(name, value.strip(), start, max(start, stop))
