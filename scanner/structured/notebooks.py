"""Jupyter notebooks: the code and the outputs of cells, which JSON keeps as lists of escaped lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.decoders.layer import Layer

_MARKS = (b'"cell_type"', b'"nbformat"')
_LINE = re.compile(rb"^[ \t]*\"((?:[^\"\\\n]|\\.){1,20000}+)\"[ \t]*,?[ \t]*\r?$", re.MULTILINE)
_FIELD = re.compile(
    rb"\"(?:source|text|text/plain|text/html)\"\s{0,20}:\s{0,20}(?:\[\s{0,20})?\"((?:[^\"\\\n]|\\.){1,200000})\""
)
_ESCAPE = re.compile(rb"\\(?:u00([2-7][0-9A-Fa-f])|(.))")
_PLAIN = {b"n": b"\n", b"t": b"\t", b"r": b"", b"b": b"", b"f": b""}
_KIND = "notebook"


def is_notebook(text: bytes) -> bool:
    """Return whether a JSON text is a notebook (nbformat 4; 3 names its cells in the same way)."""
    return all(mark in text for mark in _MARKS)


def cell_lines(text: bytes) -> Layer:
    """Return the lines of all cells and outputs as they read, each at its place."""
    layer = Layer()
    for start, end in _strings(text):
        at = start
        for escape in _ESCAPE.finditer(text, start, end):
            layer.add(text[at : escape.start()], at, escape.start(), "")
            new = bytes([int(escape[1], 16)]) if escape[1] else _PLAIN.get(escape[2], escape[2])
            layer.add(new, escape.start(), escape.end(), _KIND)
            at = escape.end()
        layer.add(text[at:end], at, end, "")
        if text[end - 2 : end] != b"\\n":
            layer.add(b"\n", end, end, _KIND)
    return layer


def _strings(text: bytes) -> Iterator[tuple[int, int]]:
    spans = {found.span(1) for pattern in (_LINE, _FIELD) for found in pattern.finditer(text)}
    last = 0
    for start, end in sorted(spans):
        if start >= last:
            yield start, end
            last = end
