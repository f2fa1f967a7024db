"""SQLite databases: the texts of their rows, read from the pages themselves, with the names of their columns.

The layout is that of https://www.sqlite.org/fileformat2.html, sections 1.3, 1.5 and 2.1. No pointer is followed
twice, and nothing is ever handed to SQLite.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from scanner.containers.items import Item, Trouble
from scanner.decoders.budget import Budget
from scanner.model import SkipReason

_LEAF, _INTERIOR = 13, 5
_ENCODINGS = {1: "utf-8", 2: "utf-16-le", 3: "utf-16-be"}
_MAX_VALUE_BYTES = 16 << 20
_MAX_COLUMNS = 2_000
_NO_COLUMN = re.compile(r"(?i)(?:PRIMARY|UNIQUE|CHECK|FOREIGN|CONSTRAINT)\b")
_FIXED_SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0, 10: 0, 11: 0}


class _Table(NamedTuple):
    """A table as the schema names it."""

    name: str
    columns: tuple[str, ...]


class _File(NamedTuple):
    """A database in memory: the size of its pages, what of a page is used, how texts are written."""

    data: bytes
    page_size: int
    usable: int
    encoding: str

    @property
    def pages(self) -> int:
        return -(-len(self.data) // self.page_size)


def rows(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield the rows of each table as a text: one line per value that is a text, an empty line between rows."""
    file = _opened(data)
    if file is None:
        return
    tables = _tables_by_page(file, budget)
    texts: dict[str, list[str]] = {}
    size = 0
    for page in range(file.pages):
        budget.check_time()
        table = tables.get(page, _Table("pages without a table", ()))
        for row in _rows_of_page(file, page, budget):
            text = _row_text(row, table)
            size += len(text)
            if size <= budget.max_item_bytes:
                texts.setdefault(table.name, []).append(text)
    for name, lines in texts.items():
        budget.take_member()
        yield Item(name, "".join(lines).encode("utf-8", "surrogatepass"))
    if size > budget.max_item_bytes:
        limit = f"only the first {budget.max_item_bytes} bytes of its texts were read"
        yield Trouble("", SkipReason.ARCHIVE_LIMIT, limit)


def _opened(data: bytes) -> _File | None:
    if len(data) < 512:
        return None
    (stated,) = struct.unpack_from(">H", data, 16)
    page_size = 65_536 if stated == 1 else stated
    if page_size < 512 or page_size & (page_size - 1):
        return None
    usable = page_size - data[20]
    (encoding,) = struct.unpack_from(">L", data, 56)
    return _File(data, page_size, usable, _ENCODINGS.get(encoding, "utf-8")) if usable >= 480 else None


def _tables_by_page(file: _File, budget: Budget) -> dict[int, _Table]:
    """Return the table to which each page belongs, as far as the schema and the inner pages tell."""
    owners: dict[int, _Table] = {}
    for schema_page in _pages_below(file, 0, {}, budget):
        for row in _rows_of_page(file, schema_page, budget):
            if len(row) >= 5 and row[0] == "table" and isinstance(row[3], int) and isinstance(row[4], str):
                table = _Table(str(row[1]), _columns(row[4]))
                for page in _pages_below(file, row[3] - 1, owners, budget):
                    owners[page] = table
    return owners


def _pages_below(file: _File, root: int, known: dict[int, _Table], budget: Budget) -> list[int]:
    """Return `root` and the pages below it, each once."""
    seen: dict[int, None] = {}
    stack = [root]
    while stack:
        budget.check_time()
        page = stack.pop()
        if page in seen or page in known or not 0 <= page < file.pages:
            continue
        seen[page] = None
        begin, header = page * file.page_size, page * file.page_size + (100 if page == 0 else 0)
        if file.data[header : header + 1] == bytes([_INTERIOR]) and header + 12 <= len(file.data):
            stack.append(_number(file.data, header + 8, 4) - 1)
            for cell in _cells(file, begin, header, 12):
                stack.append(_number(file.data, cell, 4) - 1)
    return list(seen)


def _cells(file: _File, begin: int, header: int, header_size: int) -> Iterator[int]:
    count = min(_number(file.data, header + 3, 2), file.page_size // 4)
    for index in range(count):
        place = _number(file.data, header + header_size + 2 * index, 2)
        if place:
            yield begin + place


def _rows_of_page(file: _File, page: int, budget: Budget) -> Iterator[list[object]]:
    begin = page * file.page_size
    header = begin + (100 if page == 0 else 0)
    if file.data[header : header + 1] != bytes([_LEAF]):
        return
    for cell in _cells(file, begin, header, 8):
        size, at = _varint(file.data, cell)
        _, at = _varint(file.data, at)
        if 0 < size <= _MAX_VALUE_BYTES:
            payload = _payload(file, at, size)
            budget.take_bytes(len(payload))
            yield _record(payload, file.encoding)


def _payload(file: _File, at: int, size: int) -> bytes:
    """Return a row's bytes, with what lies on overflow pages (section 1.6)."""
    most = file.usable - 35
    if size <= most:
        return file.data[at : at + size]
    least = (file.usable - 12) * 32 // 255 - 23
    local = least + (size - least) % (file.usable - 4)
    local = local if local <= most else least
    parts, left = [file.data[at : at + local]], size - local
    page, seen = _number(file.data, at + local, 4), set()
    while left > 0 and page and page not in seen and page <= file.pages:
        seen.add(page)
        begin = (page - 1) * file.page_size
        part = file.data[begin + 4 : begin + 4 + min(left, file.usable - 4)]
        parts.append(part)
        left -= max(1, len(part))
        page = _number(file.data, begin, 4)
    return b"".join(parts)


def _record(payload: bytes, encoding: str) -> list[object]:
    """Return the values of a row: texts, and small integers; anything else is None (section 2.1)."""
    header_size, at = _varint(payload, 0)
    body = header_size
    values: list[object] = []
    while at < min(header_size, len(payload)) and len(values) < _MAX_COLUMNS:
        kind, at = _varint(payload, at)
        size = _FIXED_SIZES.get(kind, max(0, kind - 12) // 2)
        value: object = None
        if kind >= 12:
            raw = payload[body : body + size]
            value = raw.decode(encoding if kind % 2 else "utf-8", "replace" if kind % 2 else "surrogateescape")
        elif 1 <= kind <= 6:
            value = int.from_bytes(payload[body : body + size], "big", signed=True)
        values.append(value)
        body += size
    return values


def _row_text(row: list[object], table: _Table) -> str:
    lines = []
    for index, value in enumerate(row):
        if isinstance(value, str) and value:
            name = table.columns[index] if index < len(table.columns) else ""
            lines.append(f'{name} = "{value}"\n' if name else f"{value}\n")
    return "".join(lines) + "\n" if lines else ""


def _columns(statement: str) -> tuple[str, ...]:
    """Return the names of the columns of a CREATE TABLE statement."""
    names, depth, start = [], 0, 0
    body = statement[:100_000].partition("(")[2]
    for index, character in enumerate(body + ","):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        if (character == "," and depth == 0) or depth < 0:
            part = body[start:index].strip()
            if part and not _NO_COLUMN.match(part):
                names.append(re.split(r"[\s(]", part.strip("\"'`["), maxsplit=1)[0].strip("\"'`[]"))
            start = index + 1
        if depth < 0:
            break
    return tuple(names)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for count in range(9):
        if at >= len(data):
            return 0, at + 1
        byte = data[at]
        at += 1
        if count == 8:
            return value << 8 | byte, at
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return value, at


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")
