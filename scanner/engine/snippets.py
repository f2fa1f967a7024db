"""The line around a secret, as a reader may see it."""

from __future__ import annotations

from bisect import bisect_left

from scanner.model import Secret, Snippet

BEFORE_BYTES = 80
AFTER_BYTES = 60


def masked_line(data: bytes, span: tuple[int, int], spans: list[tuple[int, int]]) -> Snippet:
    """Return the line on which `span` begins, cut to a readable width, with all of the sorted `spans` masked.

    Spans are half-open byte offsets; the marks of the snippet are indices of its text.
    """
    start, end = span
    low = max(data.rfind(b"\n", 0, start) + 1, start - BEFORE_BYTES)
    high = data.find(b"\n", start)
    high = min(len(data) if high < 0 else high, max(end, start) + AFTER_BYTES)
    high = max(high, start)
    text, at = "", low
    mark = (0, 0)
    for first, last in _merged(spans, low, high, span):
        text += _decoded(data[at:first])
        if first <= start < last:
            mark_start = len(text)
            text += Secret(_decoded(data[start:end])).mask
            mark = (mark_start, len(text))
        else:
            text += "*" * 8
        at = last
    return Snippet((text + _decoded(data[at:high])).rstrip("\r"), *mark)


def _merged(spans: list[tuple[int, int]], low: int, high: int, own: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the parts of `spans` between `low` and `high`, overlapping ones joined; `own` is among them."""
    first = max(0, bisect_left(spans, (low, low)) - 64)
    out: list[tuple[int, int]] = []
    for start, end in spans[first:]:
        if start >= high and start > own[0]:
            break
        if end <= low:
            continue
        start, end = max(start, low), min(end, max(high, own[0]))
        if out and start < out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")
