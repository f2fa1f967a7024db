"""Whether decoded bytes are text."""

from __future__ import annotations

_PRINTABLE = bytes([9, 10, 13, *range(32, 127)])
SAMPLE_BYTES = 48
MIN_DISTINCT = 5
"""A table of one number over and over decodes to one letter over and over, and is no text."""


def is_text(data: bytes) -> bool:
    """Return whether the first SAMPLE_BYTES read as text: ASCII, UTF-8, or UTF-16 of mostly Latin letters."""
    sample = data[:SAMPLE_BYTES]
    if len(set(sample)) < min(MIN_DISTINCT, len(sample)):
        return False
    if not sample:
        return False
    odd = sample.translate(None, _PRINTABLE)
    if not odd:
        return True
    return _is_utf8(sample, odd) or is_wide(sample)


def is_wide(sample: bytes) -> bool:
    """Return whether `sample` reads as UTF-16 of mostly Latin letters, in either byte order."""
    half = len(sample) // 2
    if half < 6 or 0 not in sample:
        return False
    for letters, zeros in ((sample[::2], sample[1::2]), (sample[1::2], sample[::2])):
        if zeros.count(0) > 0.7 * half and len(letters.translate(None, _PRINTABLE)) < 0.1 * half:
            return True
    return sample[:2] in (b"\xff\xfe", b"\xfe\xff")


def _is_utf8(sample: bytes, odd: bytes) -> bool:
    """Return whether `sample` is UTF-8, cut off anywhere, with more ASCII than not and no control characters."""
    if len(odd) * 2 > len(sample) or min(odd) < 0x80:
        return False
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(sample) - 3
    return True
