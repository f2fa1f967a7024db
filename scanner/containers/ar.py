"""Archives of `ar`: Debian packages, whose members are tar archives, and static libraries.

The layout is that of ar(5): a header of 60 characters, then the content, padded to an even length. GNU keeps long
names in a member `//`, BSD before the content.
"""

from __future__ import annotations

from collections.abc import Iterator

from scanner.containers.items import Item, Trouble
from scanner.containers.streams import CorruptError
from scanner.decoders.budget import Budget
from scanner.model import SkipReason

MAGIC = b"!<arch>\n"
_HEADER = 60
_END = b"`\n"
_LONG_NAMES = b"//"
_BSD = b"#1/"


def members(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield each member of the archive. Raises CorruptError and LimitError where it ends early."""
    at = len(MAGIC)
    long_names = b""
    while at < len(data):
        header = data[at : at + _HEADER]
        size = header[48:58].strip()
        if header[58:] != _END or not size.isdigit():
            raise CorruptError("a header is broken")
        budget.take_member()
        at += _HEADER
        content = data[at : at + min(int(size), budget.max_item_bytes)]
        budget.take_bytes(len(content))
        name = header[:16].rstrip(b" ")
        if name == _LONG_NAMES:
            long_names = content
        yield from _member(_full_name(name, content, long_names), content, int(size), len(data) - at)
        at += int(size) + int(size) % 2


def _member(name: str, content: bytes, size: int, left: int) -> Iterator[Item | Trouble]:
    yield Item(name, content)
    if size > left:
        raise CorruptError(f"{name} breaks off")
    if len(content) < size:
        yield Trouble(name, SkipReason.ARCHIVE_LIMIT, f"only the first {len(content)} of {size} bytes were read")


def _full_name(name: bytes, content: bytes, long_names: bytes) -> str:
    if name.startswith(_BSD) and name[3:].isdigit():
        name = content[: int(name[3:])].rstrip(b"\0")
    elif name[:1] == b"/" and name[1:].isdigit():
        name = long_names[int(name[1:]) :].partition(b"\n")[0]
    return (name[:-1] if len(name) > 1 and name.endswith(b"/") else name).decode("utf-8", "surrogateescape")
