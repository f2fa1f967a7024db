"""Values whose name stands beside them as a value itself, or above them: Postman, HAR, cassettes, manifests, states.

`{"key": "password", "value": "..."}`, `- name: PASSWORD` and `value: ...` on the next line, `"db_password": {"value":
"..."}`, `DB_PASSWORD:` and `value: ...` below it, `Authorization:` and `- Bearer ...` below it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

from scanner.structured.entries import MAX_ENTRIES, Entry
from scanner.structured.sniffing import has_headers

_STRING = rb"\"((?:[^\"\\\n]|\\.){1,4000}+)\""
_COLON = rb"\s{0,40}:\s{0,40}"
_NAME_KEY = rb"\"(?:name|key|Name|Key|ParameterKey|variable|id)\""
_VALUE_KEY = rb"\"(?:value|Value|ParameterValue|defaultValue|plaintext|currentValue)\""
_NAME = rb"\"([\w.:/ -]{1,120})\""
_BETWEEN = rb"[^{}]{0,400}?"
_JSON_PAIR = re.compile(_NAME_KEY + _COLON + _NAME + _BETWEEN + _VALUE_KEY + _COLON + _STRING)
_JSON_PAIR_BACKWARDS = re.compile(_VALUE_KEY + _COLON + _STRING + _BETWEEN + _NAME_KEY + _COLON + _NAME)
_JSON_NESTED = re.compile(rb"\"([\w.-]{1,120})\"" + _COLON + rb"\{" + _BETWEEN + _VALUE_KEY + _COLON + _STRING)
_JSON_LIST = re.compile(_NAME + _COLON + rb"\[\s{0,80}" + _STRING)
_JSON_VALUES = re.compile(rb"alue\"" + _COLON + _STRING), re.compile(rb"plaintext\"" + _COLON + _STRING)
_JSON_ITEM = re.compile(rb"\[\s{0,80}" + _STRING)
_BEFORE_VALUE = 900
_BEHIND_VALUE = 700
"""How far, in bytes, a name with its key, and what stands between, may be from the value and its key."""
_JSON_RESULT = re.compile(
    rb"\"type\"" + _COLON + rb"\"(random_password)\"[^\x00]{0,4000}?\"result\"" + _COLON + _STRING
)
_YAML_PAIR = re.compile(
    rb"^[ \t]*(?:-[ ]+)?[\"']?(?:name|key|Name|Key|ParameterKey)[\"']?[ \t]*:"
    rb"[ \t]*[\"']?([\w.-]{1,120})[\"']?[ \t]*\r?\n"
    rb"[ \t]+[\"']?(?:value|Value|ParameterValue)[\"']?[ \t]*:[ \t]+([^\s#|>&*!{\[][^\n]{0,4000})",
    re.MULTILINE,
)
_YAML_NESTED = re.compile(
    rb"^([ \t]*)[\"']?([\w.-]{1,120})[\"']?[ \t]*:[ \t]*\r?\n"
    rb"\1[ \t]+[\"']?value[\"']?[ \t]*:[ \t]+([^\s#|>&*!{\[][^\n]{0,4000})",
    re.MULTILINE,
)
_YAML_LIST = re.compile(
    rb"^[ \t]*[\"']?([\w-]{1,120})[\"']?[ \t]*:[ \t]*\r?\n[ \t]*-[ \t]+([^\s#|>&*!{\[:-][^\n]{0,4000})", re.MULTILINE
)
_TELLING = re.compile(
    rb"(?i)auth|token|secret|passw|pwd|keys?(?![a-z])|cookie|credential|session|private|signature|dsn|url|uri"
)


def json_pairs(text: bytes) -> Iterator[Entry]:
    """Yield the values of a JSON text that have their name beside them, or around them."""
    values = sorted(found.span() for pattern in _JSON_VALUES for found in pattern.finditer(text))
    for start, end in _regions(values, before=_BEFORE_VALUE, behind=_BEHIND_VALUE):
        yield from _entries(_JSON_PAIR, text, 1, 2, start, end)
        yield from _entries(_JSON_PAIR_BACKWARDS, text, 2, 1, start, end)
        yield from _entries(_JSON_NESTED, text, 1, 2, start, end)
    if b"random_password" in text:
        yield from _entries(_JSON_RESULT, text, 1, 2)
    if has_headers(text):
        items = (found.span() for found in _JSON_ITEM.finditer(text))
        for start, end in _regions(items, before=_BEFORE_VALUE, behind=0):
            yield from _telling(_entries(_JSON_LIST, text, 1, 2, start, end))


def _regions(spans: Iterable[tuple[int, int]], *, before: int, behind: int) -> Iterator[tuple[int, int]]:
    """Yield the sorted spans, each with so much before and behind it; those that touch are one."""
    low = high = -1
    for start, end in spans:
        if low >= 0 and start - before > high:
            yield low, high
            low = -1
        low, high = low if low >= 0 else max(0, start - before), max(high, end + behind)
    if low >= 0:
        yield low, high


def yaml_pairs(text: bytes) -> Iterator[Entry]:
    """Yield the values of a YAML text that have their name on the line before, beside them or around them."""
    if b"alue" in text:
        yield from _entries(_YAML_PAIR, text, 1, 2)
        yield from _entries(_YAML_NESTED, text, 2, 3)
    if has_headers(text):
        yield from _telling(_entries(_YAML_LIST, text, 1, 2))


def _telling(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield what recorded requests hold of secrets: a header has a list of values."""
    return (entry for entry in entries if _TELLING.search(entry.name))


def _entries(
    pattern: re.Pattern[bytes], text: bytes, name: int, value: int, begin: int = 0, stop: int = sys.maxsize
) -> Iterator[Entry]:
    for count, found in enumerate(pattern.finditer(text, begin, stop)):
        if count >= MAX_ENTRIES:
            return
        start, end = found.span(value)
        plain = found[value].strip()
        if plain[:1] in (b'"', b"'") and plain[-1:] == plain[:1]:
            start, plain = start + 1, plain[1:-1]
        yield Entry(found[name], _unescaped(plain), start, end)


def _unescaped(value: bytes) -> bytes:
    return value.replace(b"\\/", b"/").replace(b'\\"', b'"').replace(b"\\\\", b"\\") if b"\\" in value else value
