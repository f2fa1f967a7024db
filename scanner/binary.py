"""What can be read of binary content: its printable strings, as `strings` shows them."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

MIN_STRING_BYTES = 8
"""What is shorter names no secret and holds none."""

_SAMPLE_BYTES = 8_192
_CONTROLS = bytes([*range(9), *range(14, 27), *range(28, 32), 127])
_BINARY_SHARE = 20
"""Content is binary if its beginning holds a NUL byte, and one of so many bytes is a control character."""

_TO_CLASS = bytes(97 if byte in b"\t\n\r" or 32 <= byte < 127 else 32 for byte in range(256))
_STRING = b"a" * MIN_STRING_BYTES
_BETWEEN = b"\n"


class Strings(NamedTuple):
    """The strings of a content joined by line feeds, where each begins in `text`, and where in the content."""

    text: bytes
    starts: tuple[int, ...]
    places: tuple[int, ...]

    def place(self, at: int) -> int:
        """Return where in the content the byte at `at` of `text` stands."""
        number = bisect_right(self.starts, at) - 1
        return self.places[number] + at - self.starts[number]


def is_binary(data: bytes) -> bool:
    """Return whether the content is no text in which a NUL byte happens to stand."""
    sample = data[:_SAMPLE_BYTES]
    return 0 in sample and (len(sample) - len(sample.translate(None, _CONTROLS))) * _BINARY_SHARE > len(sample)


def strings_of(data: bytes) -> Strings:
    """Return the runs of MIN_STRING_BYTES printable ASCII characters and white space, or more."""
    find, size = data.translate(_TO_CLASS).find, len(data)
    places: list[int] = []
    parts: list[bytes] = []
    start = find(_STRING)
    while start >= 0:
        end = find(b" ", start + MIN_STRING_BYTES)
        end = size if end < 0 else end
        places.append(start)
        parts.append(data[start:end])
        start = find(_STRING, end)
    starts = tuple(accumulate((len(part) + len(_BETWEEN) for part in parts), initial=0))
    return Strings(_BETWEEN.join(parts), starts, (*places, size))
