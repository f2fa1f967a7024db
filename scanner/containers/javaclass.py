"""Java classes: their constants, and the names of the fields that hold them.

The layout is that of the Java Virtual Machine Specification, Java SE 21, chapter 4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scanner.containers.items import Item, Trouble
from scanner.containers.streams import CorruptError
from scanner.decoders.budget import Budget

MAGIC = b"\xca\xfe\xba\xbe"
_VERSIONS = range(45, 100)
_UTF8, _STRING = 1, 8
_SIZES = {3: 4, 4: 4, 5: 8, 6: 8, 7: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4, 15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2}
"""Bytes of a constant behind its tag (table 4.4-A and on); long and double, 5 and 6, take two places."""

_MIN_TEXT_BYTES = 4
_CONSTANT_VALUE = b"ConstantValue"


def is_class(data: bytes) -> bool:
    """Return whether `data` begins as a class; a Mach-O file for many machines has the same magic, and no version."""
    return data[:4] == MAGIC and len(data) > 10 and int.from_bytes(data[6:8], "big") in _VERSIONS


def constants(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield one text: `name = "value"` for each constant field of type String, then every text of the class."""
    texts: dict[int, bytes] = {}
    strings: dict[int, int] = {}
    lines: list[bytes] = []
    broken = False
    try:
        end = _read_pool(data, texts, strings)
        for name, index in _constant_fields(data, end, texts):
            if strings.get(index) in texts:
                lines.append(name + b' = "' + texts[strings[index]] + b'"')
    except (CorruptError, IndexError, struct.error):
        broken = True
    lines += [text for text in texts.values() if len(text) >= _MIN_TEXT_BYTES]
    text = b"\n".join(lines)
    budget.take_bytes(len(text))
    yield Item("", text)
    if broken:
        raise CorruptError("the class breaks off or contradicts itself")


def _read_pool(data: bytes, texts: dict[int, bytes], strings: dict[int, int]) -> int:
    """Add the texts of the constant pool, and for each string the place of its text; return where the pool ends."""
    at, place, count = 10, 1, int.from_bytes(data[8:10], "big")
    while place < count:
        tag = data[at]
        number = int.from_bytes(data[at + 1 : at + 3], "big")
        if tag == _UTF8:
            texts[place] = data[at + 3 : at + 3 + number]
            at += 3 + number
        elif tag in _SIZES:
            if tag == _STRING:
                strings[place] = number
            at += 1 + _SIZES[tag]
            place += tag in (5, 6)
        else:
            raise CorruptError("a constant is of no known kind")
        place += 1
    if at > len(data):
        raise CorruptError("the constants break off")
    return at


def _constant_fields(data: bytes, at: int, texts: dict[int, bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield the name of each field that has a constant, and the place of the constant; `at` is the end of the pool."""
    (interfaces,) = struct.unpack_from(">H", data, at + 6)
    at += 8 + 2 * interfaces
    (fields,) = struct.unpack_from(">H", data, at)
    at += 2
    for _ in range(fields):
        _, name, _, attributes = struct.unpack_from(">4H", data, at)
        at += 8
        for _ in range(attributes):
            kind, size = struct.unpack_from(">HL", data, at)
            if texts.get(kind) == _CONSTANT_VALUE:
                yield texts.get(name, b""), int.from_bytes(data[at + 6 : at + 8], "big")
            at += 6 + size
