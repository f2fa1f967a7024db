"""Python bytecode: its string constants, found by their marks; nothing is ever unmarshalled.

CPython, Python/marshal.c: a short ASCII string is `z` or `Z` and one byte of length, a longer one `a` or `A` and
four, any other text `u` or `t` and four, bytes `s` and four; the highest bit of the mark says that it is referred to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.containers.items import Item, Trouble
from scanner.decoders.budget import Budget

_MARK = re.compile(rb"[zZaAuts\xfa\xda\xe1\xc1\xf5\xf4\xf3]")
_SHORT = frozenset(b"zZ")
_MAX_STRING_BYTES = 1 << 20
_PYTHON_3 = range(3000, 4000)
_PYTHON_2 = range(62_000, 62_300)


def is_pyc(data: bytes) -> bool:
    """Return whether `data` begins with a magic number of CPython 2.5 to 3 (Lib/importlib/_bootstrap_external.py)."""
    if data[2:4] != b"\r\n" or len(data) < 17:
        return False
    number = int.from_bytes(data[:2], "little")
    return number in _PYTHON_3 or number in _PYTHON_2


def strings(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield one text: every string of four or more characters, one a line."""
    out: list[bytes] = []
    at = 8
    while (found := _MARK.search(data, at)) is not None:
        at = found.start()
        start = at + (2 if data[at] & 0x7F in _SHORT else 5)
        size = int.from_bytes(data[at + 1 : start], "little")
        is_inside = 4 <= size <= _MAX_STRING_BYTES and start + size <= len(data)
        if is_inside and _is_text(text := data[start : start + size]):
            out.append(text)
            at = start + size
        else:
            at += 1
        if not len(out) & 1023:
            budget.check_time()
    text = b"\n".join(out)
    budget.take_bytes(len(text))
    yield Item("", text)


def _is_text(text: bytes) -> bool:
    if text.isascii():
        return not text.translate(None, _PRINTABLE)
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


_PRINTABLE = bytes([9, 10, 12, 13, 27, *range(32, 127)])
