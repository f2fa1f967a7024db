"""Which container a blob is, told by its first bytes, and its members."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from scanner.containers import ar, cpio, javaclass, keystores, pdf, pyc, sqlite, tar, zips
from scanner.containers.items import Item, Trouble
from scanner.containers.streams import CorruptError, Inflater
from scanner.decoders.budget import Budget, LimitError
from scanner.model import SkipReason

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"]\0\0", "lzma"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"%PDF-", "pdf"),
    (b"SQLite format 3\0", "sqlite"),
    (b"\xfe\xed\xfe\xed", "keystore"),
    (b"\xce\xce\xce\xce", "keystore"),
    (ar.MAGIC, "ar"),
    *((magic, "cpio") for magic in cpio.MAGICS),
    (cpio.RPM_MAGIC, "rpm"),
    (javaclass.MAGIC, "class"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"LZIP\x01", "lzip"),
)
_FIRST_BYTES = frozenset(magic[0] for magic, _ in _MAGIC)
_STREAMS = frozenset({"gzip", "bzip2", "xz", "lzma", "zlib"})
_UNKNOWN = frozenset({"7z", "rar", "zstd", "lz4", "lzip"})
_ZLIB_HEADERS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")


def kind_of(data: bytes) -> str:
    """Return the kind of container that `data` is, or an empty text."""
    if not data:
        return ""
    if data[0] in _FIRST_BYTES:
        for magic, kind in _MAGIC:
            if data.startswith(magic) and _is_sure(kind, data):
                return kind
    if pyc.is_pyc(data):
        return "pyc"
    if data[0] == 0x30 and keystores.is_pkcs12(data):
        return "keystore"
    if zips.is_zip(data):
        return "zip"
    return "tar" if tar.is_tar(data) else ""


def kind_inside(sample: bytes) -> str:
    """Return the kind of container whose beginning was found encoded in a text; zlib streams, without a name, too."""
    if sample[:2] in _ZLIB_HEADERS and len(sample) >= 16:
        return "zlib"
    return kind_of(sample)


def open_container(kind: str, data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield what is in a container, and what of it could not be read; never raises but MemoryError."""
    if kind in _UNKNOWN:
        yield Trouble("", SkipReason.UNKNOWN_FORMAT, f"{kind} archives are not read")
        return
    try:
        if kind in _STREAMS:
            yield from _stream_items(Inflater(data, kind, budget), budget)
        else:
            yield from _READERS[kind](data, budget)
    except LimitError as error:
        yield Trouble("", error.reason, error.detail)
    except CorruptError as error:
        yield Trouble("", SkipReason.CORRUPT_ARCHIVE, str(error))
    except (ValueError, IndexError, OverflowError, struct.error) as error:
        # What a reader did not foresee in broken input is that input's fault, and costs no other blob.
        yield Trouble("", SkipReason.CORRUPT_ARCHIVE, f"{kind}: {type(error).__name__}")


def _stream_items(stream: Inflater, budget: Budget) -> Iterator[Item | Trouble]:
    if tar.is_tar(stream.peek(tar.BLOCK)):
        yield from tar.members(stream, budget)
    elif cpio.is_cpio(stream.peek(tar.BLOCK)):
        yield from cpio.members(stream, budget)
    else:
        yield from zips.inflated("", stream, budget)


def _is_sure(kind: str, data: bytes) -> bool:
    """Return whether a short magic is borne out by what follows it."""
    if kind == "bzip2":
        return data[3:4].isdigit() and data[4:10] in (b"1AY&SY", b"\x17rE8P\x90")
    if kind == "lzma":
        dictionary, size = int.from_bytes(data[1:5], "little"), int.from_bytes(data[5:13], "little")
        is_power = dictionary.bit_count() <= 2 and dictionary >= 1 << 12
        return len(data) > 13 and is_power and (size == (1 << 64) - 1 or size < 1 << 38)
    if kind == "cpio":
        return cpio.is_cpio(data)
    return javaclass.is_class(data) if kind == "class" else True


def _tar_members(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    return tar.members(tar.Bytes(data), budget)


_READERS: dict[str, Callable[[bytes, Budget], Iterator[Item | Trouble]]] = {
    "zip": zips.members,
    "tar": _tar_members,
    "ar": ar.members,
    "cpio": cpio.members_of,
    "rpm": cpio.package_members,
    "class": javaclass.constants,
    "pdf": pdf.texts,
    "sqlite": sqlite.rows,
    "pyc": pyc.strings,
    "keystore": keystores.entries,
}
