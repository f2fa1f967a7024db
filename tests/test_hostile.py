"""Hostile containers cost what a blob may cost, are told by their reason, and hide nothing that fits.

Each is scanned by a process of its own, whose memory and processor time the system limits: past them it would die.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import os
import resource
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.hiding import archived, cpio, java_class, on_line_3, rpm, sqlite, tarred, zipped
from tests.repositories import ROOT, token

MEMORY_BYTES = 420 << 20
"""Address space: an interpreter with its libraries, twice a small blob, and the 128 MiB that decoding may take."""

CPU_S = 40
"""The 10 seconds that a blob may take, told between two steps, the search of a step, and a slow machine."""

SECRET = token("inside")
TEXT = f"key = {SECRET}\n".encode()
BLOCK = 16 << 20


def endless(wbits: int, blocks: int) -> bytes:
    """Return a stream of zeros, `blocks` times BLOCK of them: whole blocks repeat, so it takes no time to make."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    first = packer.compress(bytes(BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + again * (blocks - 1) + packer.flush()


def member(name: bytes, packed: bytes, *, size: int) -> bytes:
    """Return a local header and a packed content."""
    head = struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), size, len(name), 0)
    return head + name + packed


def directory(entries: list[tuple[bytes, int, int, int]]) -> tuple[bytes, bytes]:
    """Return a central directory of (name, packed size, full size, offset) and its end; it begins at offset 0."""
    records = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, packed, full, len(name), 0, 0, 0, 0, 0, offset)
        + name
        for name, packed, full, offset in entries
    )
    return records, struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries), len(records), 0, 0)


def archive(members: list[tuple[bytes, bytes, int]]) -> bytes:
    """Return a zip of (name, packed, stated size): what the headers say need not be so."""
    body = b""
    entries: list[tuple[bytes, int, int, int]] = []
    for name, packed, size in members:
        entries.append((name, len(packed), size, len(body)))
        body += member(name, packed, size=size)
    records, end = directory(entries)
    return body + records + end[:16] + struct.pack("<L", len(body)) + end[20:]


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def nested() -> bytes:
    """Return a zip of zips of zips of ... of zeros, 16 at each of 6 levels: 16**6 times 16 MiB in 50 KB."""
    data = zipped(("zeros", bytes(BLOCK)))
    for level in range(6):
        data = zipped(*((f"{level}{number}.zip", data) for number in range(16)))
    return zipped(("bomb.zip", data), ("text", TEXT))


def huge_member() -> bytes:
    return archive([(b"huge", endless(-15, 256), 1), (b"text", deflated(TEXT), len(TEXT))])


def huge_member_that_says_so() -> bytes:
    return archive([(b"huge", endless(-15, 64), 1 << 30), (b"text", deflated(TEXT), len(TEXT))])


def deep_zip() -> bytes:
    """Return a zip in a zip in a zip, two hundred of them, each stored."""
    data = zipped(("text", b"x"))
    for _ in range(200):
        data = zipped(("in.zip", data), method=zipfile.ZIP_STORED)
    return zipped(("in.zip", data), ("text", TEXT))


def links() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, kind, target in (
            ("/etc/passwd", tarfile.SYMTYPE, "/etc/shadow"),
            ("hard", tarfile.LNKTYPE, "../../../etc/passwd"),
            ("device", tarfile.BLKTYPE, ""),
            ("pipe", tarfile.FIFOTYPE, ""),
        ):
            header = tarfile.TarInfo(name)
            header.type, header.linkname = kind, target
            made.addfile(header)
        header = tarfile.TarInfo("/../../root/.ssh/authorized_keys")
        header.size = len(TEXT)
        made.addfile(header, io.BytesIO(TEXT))
    return stream.getvalue()


def tar_with_size(size: bytes) -> bytes:
    """Return a tar whose second member states another size than it has, with a right checksum."""
    plain = bytearray(tarred(("text", TEXT), ("liar", b"x" * 100)))
    at = 1024
    plain[at + 124 : at + 136] = size.ljust(12, b"\0")
    plain[at + 148 : at + 156] = b" " * 8
    plain[at + 148 : at + 156] = b"%06o\0 " % sum(plain[at : at + 512])
    return bytes(plain)


def pax_bomb() -> bytes:
    """Return a tar that begins with an extended header of 16 MiB."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as made:
        header = tarfile.TarInfo("text")
        header.pax_headers = {"comment": "x" * BLOCK}
        header.size = len(TEXT)
        made.addfile(header, io.BytesIO(TEXT))
    return gzip.compress(stream.getvalue(), 1)


def million_members() -> bytes:
    body = member(b"text", deflated(TEXT), size=len(TEXT))
    record = directory([(b"a", 1, 1, 0)])[0]
    count = 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, len(record) * count, len(body), 0)
    end64 = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, 20, 20, 0, 0, count, count, len(record) * count, len(body)
    ) + struct.pack("<4sLQL", b"PK\6\7", 0, len(body) + len(record) * count, 1)
    return body + record * count + end64 + end


def overlapping() -> bytes:
    """Return a zip in which a thousand members share one content."""
    packed = endless(-15, 8)
    body = member(b"a", packed, size=1)
    entries = [(b"%d" % number, len(packed), 1, 0) for number in range(1_000)]
    entries.append((b"text", 0, 0, len(body)))
    body += member(b"text", deflated(TEXT), size=len(TEXT))
    records, end = directory(entries)
    return body + records + end[:16] + struct.pack("<L", len(body)) + end[20:]


def encrypted() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("text", TEXT)
        made.writestr("sealed", b"x" * 100)
    data = bytearray(stream.getvalue())
    for magic, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(magic, data.find(magic) + 1)
        data[at + offset] |= 1
    return bytes(data)


def zip64_lies() -> bytes:
    """Return a zip whose extra fields place a member outside of any file."""
    body = member(b"text", deflated(TEXT), size=len(TEXT))
    extra = struct.pack("<2H3Q", 1, 24, 1 << 62, 1 << 62, (1 << 63) - 1)
    liar = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 45, 45, 0, 8, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF, 4, 28, 0, 0, 0, 0, 0xFFFFFFFF
    )
    records, _ = directory([(b"text", 0, len(TEXT), 0)])
    records += liar + b"liar" + extra
    counts = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(records), len(body), 0)
    return body + records + counts


def cyclic_sqlite() -> bytes:
    """Return a database whose inner page has itself as a child, and whose overflow pages form a ring."""
    data = bytearray(sqlite(SECRET.encode()))
    (size,) = struct.unpack_from(">H", data, 16)
    for page in range(1, len(data) // size):
        at = page * size
        if data[at] == 5:
            struct.pack_into(">L", data, at + 8, page + 1)
        elif data[at] not in (2, 10, 13):
            struct.pack_into(">L", data, at, page + 1)
    return bytes(data)


def pdf_bomb() -> bytes:
    stream = endless(15, 64)
    head = b"%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode>>\nstream\n"
    small = zlib.compress(b"BT (" + TEXT.strip() + b") Tj ET")
    return head + small + b"\nendstream\nendobj\n" + head[9:] + stream + b"\nendstream\nendobj\n"


def huge_dictionary() -> bytes:
    """Return an lzma stream that asks for a dictionary of 2 GiB, in a tar with a text."""
    stream = b"]" + struct.pack("<L", 1 << 31) + b"\xff" * 8 + lzma.compress(TEXT, lzma.FORMAT_ALONE)[13:]
    return tarred(("a.lzma", stream), ("text", TEXT))


def cpio_header(name: str, size: int) -> bytes:
    """Return the header of a member that states its size."""
    header = cpio((name, b""))[: -len(cpio())]
    return header[:54] + b"%08x" % size + header[62:]


def rpm_bomb() -> bytes:
    start = cpio(("text", TEXT))[: -len(cpio())] + cpio_header("huge", 64 * BLOCK)
    return rpm(gzip.compress(start) + endless(31, 64))


def lying_bytecode() -> bytes:
    return (
        struct.pack("<H2sLLL", 3495, b"\r\n", 0, 0, 0)
        + b"\xf5\xff\xff\xff\x7f" * 200_000
        + b"\xfa\x28"
        + SECRET.encode()
    )


CASES: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "zips in zips": (nested, {"decode limit"}),
    "one huge member that says it is small": (huge_member, {"archive limit"}),
    "one huge member": (huge_member_that_says_so, {"archive limit"}),
    "two hundred zips, one in another": (deep_zip, {"decode limit"}),
    "endless gzip": (lambda: gzip.compress(TEXT) + endless(31, 64), {"archive limit"}),
    "endless bzip2": (lambda: bz2.compress(TEXT) + bz2.compress(bytes(BLOCK)) * 64, {"archive limit"}),
    "endless xz": (lambda: lzma.compress(TEXT) + lzma.compress(bytes(BLOCK), preset=0) * 64, {"archive limit"}),
    "huge dictionary": (huge_dictionary, {"archive limit", "corrupt archive"}),
    "tar with links and names outside": (links, set()),
    "tar that states too much": (lambda: tar_with_size(b"77777777777"), {"corrupt archive"}),
    "tar that states far too much": (lambda: tar_with_size(b"\x80" + b"\xff" * 11), {"corrupt archive"}),
    "tar that states no number": (lambda: tar_with_size(b"zzz"), {"corrupt archive"}),
    "tar with a huge header": (pax_bomb, set()),
    "truncated zip": (lambda: zipped(("text", TEXT), ("rest", os.urandom(9_000)))[:5_000], {"corrupt archive"}),
    "truncated gzip": (lambda: gzip.compress(TEXT + os.urandom(9_000))[:-4_000], {"corrupt archive"}),
    "truncated tar.gz": (
        lambda: tarred(("text", TEXT), ("rest", os.urandom(90_000)), mode="w:gz")[:60_000],
        {"corrupt archive"},
    ),
    "a million members": (million_members, {"archive limit"}),
    "members that overlap": (overlapping, {"archive limit"}),
    "an encrypted member": (encrypted, {"encrypted"}),
    "zip64 lies": (zip64_lies, {"corrupt archive"}),
    "a database that goes round": (cyclic_sqlite, set()),
    "a PDF with a bomb": (pdf_bomb, {"archive limit"}),
    "bytecode that lies": (lying_bytecode, set()),
    "a bomb in base64": (
        lambda: on_line_3(base64.b64encode(huge_member_that_says_so())),
        {"archive limit"},
    ),
    "deep JSON": (lambda: b'{"a":' * 400_000 + b'"' + SECRET.encode() + b'"' + b"}" * 400_000, set()),
    "deep YAML": (lambda: b"".join(b" " * depth + b"a:\n" for depth in range(3_000)) + TEXT, set()),
    "aliases in YAML": (lambda: b"a: &a [x,x]\nb: &b [*a,*a]\nkind: Secret\ndata: *b\n" * 20_000 + TEXT, set()),
    "ar that states too much": (
        lambda: archived(("text", TEXT)) + b"liar/".ljust(48) + b"9999999999`\n" + b"x" * 99,
        {"corrupt archive"},
    ),
    "cpio that states too much": (
        lambda: cpio(("text", TEXT))[: -len(cpio())] + cpio_header("liar", 0xFFFFFFFF) + b"x" * 99,
        {"corrupt archive"},
    ),
    "an RPM package with a bomb": (rpm_bomb, {"archive limit"}),
    "an RPM package of another format": (lambda: rpm(b"\x28\xb5\x2f\xfd" + TEXT), {"format not read"}),
    "a class that breaks off": (lambda: java_class(SECRET.encode())[:-20], {"corrupt archive"}),
    "another format": (lambda: b"7z\xbc\xaf\x27\x1c" + TEXT, {"format not read"}),
}


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


def scanned(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "scanner", "scan", str(folder), "-f", "json", "-j", "1", "--show-secrets"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder.parent / "none")},
        preexec_fn=limited,
    )
    assert done.returncode in (1, 3), done.stderr.decode()
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_hostile_container_is_bounded_and_told_and_what_fits_is_found(name: str, tmp_path: Path) -> None:
    make, reasons = CASES[name]
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "file.bin").write_bytes(make())
    report = scanned(folder)
    assert SECRET in {finding["secret"]["value"] for finding in report["findings"]}
    told = {skip["reason"] for skip in report["coverage"]["skipped"]}
    assert told <= reasons | {"time limit"}
    assert bool(told) == bool(reasons)
    assert report["coverage"]["complete"] is (not reasons)
    assert os.listdir(folder) == ["file.bin"]
