"""Spans tell what touches them as a comparison with each of them does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanner.decoders.spans import Spans


@given(st.lists(st.integers(0, 60), unique=True, max_size=12), st.integers(0, 60), st.integers(0, 12))
def test_touching_and_overlapping(borders: list[int], start: int, length: int) -> None:
    ordered = sorted(borders)
    pairs = list(zip(ordered[::2], ordered[1::2], strict=False))
    end = start + length
    spans = Spans(pairs)
    assert spans.touches(start, end) == any(low <= end and high >= start for low, high in pairs)
    if length:
        assert spans.overlaps(start, end) == any(low < end and high > start for low, high in pairs)


def test_a_place_inside_is_overlapped() -> None:
    assert Spans([(5, 5)]).overlaps(4, 6)
    assert not Spans([(5, 5)]).overlaps(5, 7)
