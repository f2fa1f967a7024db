"""What a delta is told to change: the fresh lines, where they stand, and that the others stand as they did."""

from __future__ import annotations

import random

import pytest

from scanner.sources.deltas import Fresh, apply, fresh_lines, sizes
from tests.packed import copy, delta, insert


def made(seed: int) -> tuple[bytes, bytes]:
    """Return a base and a delta that copies parts of it, some twice or out of order, and puts lines between."""
    draw = random.Random(seed)
    base = b"".join(
        b"%d %s%s" % (number, b"x" * draw.choice((0, 3, 40, 90)), draw.choice((b"\n", b"\n", b"\n\n", b"")))
        for number in range(draw.randrange(1, 60))
    )
    steps, size = [], 0
    at = 0
    for _ in range(draw.randrange(1, 8)):
        if draw.random() < 0.3:
            new = draw.choice((b"new", b"new\n", b"\n", b"\nnew\nnew"))
            steps.append(insert(new))
            size += len(new)
            continue
        begin = draw.randrange(len(base)) if draw.random() < 0.4 else min(at, len(base) - 1)
        length = draw.randrange(1, len(base) - begin + 1)
        steps.append(copy(begin, length))
        size += length
        at = begin + length
    return base, delta(len(base), size, *steps)


def outside(fresh: Fresh, text: bytes) -> list[bytes]:
    """Return the lines of the text that are not fresh."""
    ends = [0, *(end for _, end in fresh.spans)]
    starts = [*(start for start, _ in fresh.spans), len(text)]
    return [line for end, start in zip(ends, starts, strict=True) for line in text[end:start].splitlines(keepends=True)]


@pytest.mark.parametrize("block", range(4))
def test_the_spans_hold_the_fresh_lines_and_the_others_stand_in_the_base(block: int) -> None:
    in_order = 0
    for seed in range(block * 500, block * 500 + 500):
        base, changes = made(seed)
        known = sizes(changes)
        fresh = fresh_lines(changes, base, known, with_text=True)
        text = apply(changes, base, known)
        assert fresh.text == text, seed
        joined = b"\n".join(text[start:end] for start, end in fresh.spans)
        assert fresh.lines in (joined, joined + b"\n"), seed
        held = base.splitlines(keepends=True)
        kept = [line.rstrip(b"\n") for line in outside(fresh, text)]
        assert set(kept) <= {line.rstrip(b"\n") for line in held}, seed
        if not fresh.is_shuffled:
            in_order += 1
            rest = iter(line.rstrip(b"\n") for line in held)
            assert all(line in rest for line in kept), seed
    assert 50 < in_order < 450
