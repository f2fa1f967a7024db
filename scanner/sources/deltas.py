"""What a delta makes of its base: the new content, or only the lines that are new in it.

A delta is a list of instructions, *copy* these bytes of the base and *insert* those (git's
Documentation/gitformat-pack, "Deltified representation"). A line of the result is fresh if a byte of it was
inserted, or if it joins or cuts what was one stretch in the base; every other line stands in the base as it is.
Where two lines meet that were not neighbours in the base, both are fresh; so is a first line that was not the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scanner.sources.pack_index import PackError

SHORT_COPY_BYTES = 64
"""A copy that is shorter is taken as if it were inserted: to look for its line ends costs more than to search it."""

MAX_QUICK_DELTA_BYTES = 1 << 20
"""Above it, the sums are checked at every instruction: 64 bytes of result from each byte of it could be too many."""

_WHOLE_SIZE = 65_536


Span = tuple[int, int]


class Sizes(NamedTuple):
    """What a delta says of itself: the bytes of its base and of its result, and where its instructions begin."""

    base: int
    result: int
    start: int


class Fresh(NamedTuple):
    """`lines` are the fresh lines; `text` is the whole result, or None if it was not wanted.

    Each stretch of lines that follow each other in the result is followed by an empty line, but for one at its end.
    `spans` are the half-open spans of the stretches in the result, and `behind` tells for each of them where in the
    base the text goes on behind it. `is_shuffled` tells that the other lines may not stand in the result in the order
    in which they stand in the base, each at most once.
    """

    lines: bytes
    text: bytes | None
    spans: tuple[Span, ...]
    behind: tuple[int, ...]
    is_shuffled: bool


def sizes(delta: bytes) -> Sizes:
    """Return what the delta's header says; raises PackError."""
    try:
        base, at = _varint(delta, 0)
        result, at = _varint(delta, at)
    except IndexError as error:
        raise PackError("a delta is cut off") from error
    return Sizes(base, result, at)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fresh_lines(delta: bytes, base: bytes, known: Sizes, *, with_text: bool) -> Fresh:
    """Return the fresh lines of a delta's result, and the result if it is wanted; raises PackError.

    This is the hot loop of a history scan: some twenty million instructions for git's own history. Therefore one
    function does both, the four forms that make up 95 % of the copies are told apart by hand, and bytes are
    cut out only where they are needed.
    """
    if len(base) != known.base:
        raise PackError("a delta was made for another base")
    if len(delta) > MAX_QUICK_DELTA_BYTES:
        text = apply(delta, base, known)
        return Fresh(text, text, ((0, len(text)),), (len(base),), is_shuffled=False)
    fresh: list[bytes] = []
    spans: list[Span] = []
    behind: list[int] = []
    whole: list[bytes] = []
    add, keep = fresh.append, whole.append
    find, rfind = base.find, base.rfind
    length, base_length = len(delta), len(base)
    most = known.result
    at = known.start
    place = opened = 0  # where the instruction's bytes stand in the result, and where the fresh lines began there
    is_shuffled = False
    is_open = False  # the end of the fresh lines is still open: the next bytes belong to them
    low = high = 0  # the last stretch of the base that was copied, from behind the last fresh line on
    try:
        while at < length:
            code = delta[at]
            if code < 128:
                if not code:
                    raise PackError("a delta holds an instruction that is not known")
                if not is_open:
                    line = rfind(b"\n", low, high) + 1 or low
                    add(base[line:high])
                    opened = place + line - high
                    is_open = True
                start = at + 1
                at = start + code
                place += code
                piece = delta[start:at]
                add(piece)
                if with_text:
                    keep(piece)
                continue
            if code == 0x93:
                begin = delta[at + 1] | delta[at + 2] << 8
                end = begin + delta[at + 3]
                at += 4
            elif code == 0x97:
                begin = delta[at + 1] | delta[at + 2] << 8 | delta[at + 3] << 16
                end = begin + delta[at + 4]
                at += 5
            elif code == 0xB3:
                begin = delta[at + 1] | delta[at + 2] << 8
                end = begin + (delta[at + 3] | delta[at + 4] << 8)
                at += 5
            elif code == 0xB7:
                begin = delta[at + 1] | delta[at + 2] << 8 | delta[at + 3] << 16
                end = begin + (delta[at + 4] | delta[at + 5] << 8)
                at += 6
            else:
                begin, size, at = _copy(delta, at)
                end = begin + size
            if end > base_length or place > most:
                raise PackError("a delta points outside of its base")
            if with_text:
                keep(base[begin:end])
            if not is_open:
                if begin == high:
                    place += end - high
                    high = end
                    continue
                # One before the end: a line that ends here now has another one behind it, so it is fresh too.
                line = rfind(b"\n", low, high - 1 if high else 0) + 1 or low
                add(base[line:high])
                opened = place + line - high
                is_open = True
            size = end - begin
            if size < SHORT_COPY_BYTES:
                add(base[begin:end])
            elif line_end := find(b"\n", begin, end) + 1:
                add(base[begin:line_end])
                add(b"\n")
                spans.append((opened, place + line_end - begin))
                behind.append(line_end)
                is_open = False
                if line_end < high:
                    is_shuffled = True
                low, high = line_end, end
            else:
                add(base[begin:end])
            place += size
    except IndexError as error:
        raise PackError("a delta is cut off") from error
    if at != length:
        raise PackError("a delta is cut off")
    if place != known.result:
        raise PackError("a delta makes another size than its header says")
    if not is_open and high < base_length and base[high] != 10:
        line = rfind(b"\n", low, high) + 1 or low
        add(base[line:high])
        opened, is_open = place + line - high, True
    if is_open:
        spans.append((opened, place))
        behind.append(base_length)
    text_or_none = b"".join(whole) if with_text else None
    return Fresh(b"".join(fresh), text_or_none, tuple(spans), tuple(behind), is_shuffled)


def _copy(delta: bytes, at: int) -> tuple[int, int, int]:
    """Return offset and size of the copy instruction at `at`, and where the next instruction begins."""
    code = delta[at]
    at += 1
    begin = size = 0
    for bit in range(4):
        if code & 1 << bit:
            begin |= delta[at] << 8 * bit
            at += 1
    for bit in range(3):
        if code & 16 << bit:
            size |= delta[at] << 8 * bit
            at += 1
    return begin, size or _WHOLE_SIZE, at


def keeps_head(delta: bytes, known: Sizes, size: int) -> bool:
    """Return whether the first `size` bytes of the result are those of the base, as far as the first copy tells."""
    if known.start >= len(delta) or delta[known.start] < 128:
        return False
    begin, copied, _ = _copy(delta[known.start : known.start + 8] + bytes(8), 0)
    return begin == 0 and copied >= size


def head(delta: bytes, base: bytes, known: Sizes, size: int) -> bytes:
    """Return no less than the first `size` bytes of a delta's result, or all of it; raises PackError."""
    parts: list[bytes] = []
    for begin, end, is_copy in _instructions(delta, base, known):
        parts.append(base[begin:end] if is_copy else delta[begin:end])
        size -= end - begin
        if size <= 0:
            break
    return b"".join(parts)


def _instructions(delta: bytes, base: bytes, known: Sizes) -> Iterator[tuple[int, int, int]]:
    """Yield (begin, end, whether it is a copy) of each instruction: a span of the base, or else of the delta itself.

    Raises PackError where an instruction points outside, or where all make another size than the header says.
    """
    if len(base) != known.base:
        raise PackError("a delta was made for another base")
    at, length, room = known.start, len(delta), known.result
    try:
        while at < length:
            code = delta[at]
            if code < 128:
                begin, end, limit = at + 1, at + 1 + code, length
                at = end
            elif code == 0x97:
                begin = delta[at + 1] | delta[at + 2] << 8 | delta[at + 3] << 16
                end, limit = begin + delta[at + 4], len(base)
                at += 5
            elif code == 0x93:
                begin = delta[at + 1] | delta[at + 2] << 8
                end, limit = begin + delta[at + 3], len(base)
                at += 4
            else:
                begin, size, at = _copy(delta, at)
                end, limit = begin + size, len(base)
            room -= end - begin
            if end > limit or room < 0 or not code:
                raise PackError("a delta points outside of its base")
            yield begin, end, code & 128
    except IndexError as error:
        raise PackError("a delta is cut off") from error
    if room:
        raise PackError("a delta makes another size than its header says")


def apply(delta: bytes, base: bytes, known: Sizes) -> bytes:
    """Return the result of a delta; raises PackError."""
    steps = _instructions(delta, base, known)
    return b"".join(base[begin:end] if is_copy else delta[begin:end] for begin, end, is_copy in steps)
