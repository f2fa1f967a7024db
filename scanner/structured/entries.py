"""Values with the names that their structure gives them, as lines that rules can read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from scanner.decoders.layer import Layer

MAX_GAP_LINES = 64
"""Line feeds that stand for the lines left out between two entries, so that what was far apart stays apart."""


MAX_ENTRIES = 20_000


class Entry(NamedTuple):
    """A value and its name. The span is where the value stands in the text, as it is written there."""

    name: bytes
    value: bytes
    start: int
    end: int


def compose_entries(text: bytes, entries: Iterable[Entry], *, kind: str, prefix: bytes = b"") -> Layer:
    """Return one line `name = "value"` for each entry, in order of place, at most MAX_ENTRIES.

    A value of several lines stands below its name as it is. Empty lines stand for those between two entries, up to
    MAX_GAP_LINES, so that what is near remains near.
    """
    layer = Layer()
    last = 0
    for entry in sorted(entries, key=lambda entry: (entry.start, entry.end))[:MAX_ENTRIES]:
        gap = text.count(b"\n", last, entry.start) if entry.start > last else 1
        layer.add(b"\n" * max(1, min(gap, MAX_GAP_LINES)), entry.start, entry.start, kind)
        quote = b"" if b"\n" in entry.value else b"'" if b'"' in entry.value else b'"'
        head = prefix + entry.name + (b" = " if quote else b" =\n") + quote
        layer.add(head, entry.start, entry.start, kind)
        layer.add(entry.value, entry.start, entry.end, kind)
        layer.add(quote, entry.end, entry.end, kind)
        last = entry.end
    return layer
