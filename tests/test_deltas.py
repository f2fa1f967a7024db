"""What a delta is told to change: the fresh lines, where they stand, and that the others stand as they did."""

from __future__ import annotations

import random

import pytest

from scanner.sources.copies import Copies
from scanner.sources.deltas import Fresh, Span, apply, fresh_lines, head, sizes
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
        for size in (0, 1, 40, len(text), len(text) + 1):
            begin = head(changes, base, known, size)
            assert text.startswith(begin), seed
            assert len(begin) >= min(size, len(text)), seed
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


def old_spans(draw: random.Random, base: bytes) -> list[Span]:
    """Return some spans of a base, in order and apart."""
    cuts = sorted(draw.sample(range(len(base) + 1), min(len(base) + 1, 2 * draw.randrange(8))))
    return list(zip(cuts[::2], cuts[1::2], strict=False))


def every_place(fresh: Fresh, size: int, span: Span) -> tuple[set[Span], set[int]]:
    """Return where all of a span of the base was copied to in one piece, and each byte to which one of it was."""
    whole, bytes_ = set(), set()
    starts, ends, olds = [0, *(e for _, e in fresh.spans)], [*(s for s, _ in fresh.spans), size], [0, *fresh.behind]
    for start, end, old in zip(starts, ends, olds, strict=True):
        places = [start + at - old for at in range(*span) if old <= at < old + end - start]
        bytes_.update(places)
        if len(places) == span[1] - span[0]:
            whole.add((places[0], places[-1] + 1))
    return whole, bytes_


@pytest.mark.parametrize("block", range(2))
def test_what_was_copied_is_placed_wherever_it_was_copied_to(block: int) -> None:
    placed = 0
    for seed in range(block * 500, block * 500 + 500):
        base, changes = made(seed)
        fresh = fresh_lines(changes, base, sizes(changes), with_text=True)
        text = apply(changes, base, sizes(changes))
        copies = Copies(fresh.spans, fresh.behind, len(text), is_shuffled=fresh.is_shuffled)
        for old in (old_spans(random.Random(seed), base), old_spans(random.Random(~seed), base)[:1]):
            found: dict[int, set[Span]] = {}
            for number, new, (low, high) in copies.whole(old):
                assert low <= new[0] <= new[1] <= high
                assert text[slice(*new)] == base[slice(*old[number])], seed
                found.setdefault(number, set()).add(new)
            expected = {number: every_place(fresh, len(text), span) for number, span in enumerate(old)}
            assert found == {number: whole for number, (whole, _) in expected.items() if whole}, seed
            parts = {at for part in copies.parts(old) for at in range(*part)}
            assert parts == set().union(*(bytes_ for _, bytes_ in expected.values())), seed
            placed += len(found)
    assert placed > 100
