"""Ways to hide a text: encodings and containers, each as a function from bytes to bytes."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import marshal
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from quopri import encodestring
from typing import Literal

Hide = Callable[[bytes], bytes]


# --- encodings: the encoded text stands on the third line, after a name ------------------------------


def on_line_3(encoded: bytes) -> bytes:
    return b"first line\nsecond line\nvalue: " + encoded + b"\nlast line\n"


def each(form: str) -> Hide:
    """Return what writes every byte in the same form."""
    return lambda text: on_line_3(b"'" + "".join(form % byte for byte in text).encode() + b"'")


def wrapped(text: bytes) -> bytes:
    """Return base64 in lines of 76 characters, the first of them on line 3."""
    return b"first line\nsecond line\n" + base64.encodebytes(b"a text of some length, since it is wrapped: " * 3 + text)


def in_pieces(before: str, between: str, after: str) -> Hide:
    def hide(text: bytes) -> bytes:
        piece = text.decode()
        parts = piece[:9], piece[9:]
        return on_line_3(f"{before}{between.join(parts)}{after}".encode())

    return hide


def wide(encoding: str) -> Hide:
    return lambda text: on_line_3(text).decode().encode(encoding)


ENCODINGS: dict[str, Hide] = {
    "base64": lambda text: on_line_3(base64.b64encode(text)),
    "base64 without padding": lambda text: on_line_3(base64.b64encode(text).rstrip(b"=")),
    "base64url": lambda text: on_line_3(base64.urlsafe_b64encode(b"~~~???>>>" + text)),
    "base64 of UTF-16": lambda text: on_line_3(base64.b64encode(text.decode().encode("utf-16-le"))),
    "base64 over lines": wrapped,
    "hex": lambda text: on_line_3(text.hex().encode()),
    "percent": each("%%%02X"),
    "percent in part": lambda text: on_line_3(b"https://host.test/?next%3D" + text + b"%26x"),
    "percent twice": each("%%25%02X"),
    "decimal entities": each("&#%d;"),
    "hexadecimal entities": each("&#x%x;"),
    "unicode escapes": each("\\u%04x"),
    "unicode escape in part": lambda text: on_line_3(b'"a\\u003d' + text + b'"'),
    "braced unicode escapes": each("\\u{%x}"),
    "hex escapes": each("\\x%02x"),
    "data URL": lambda text: on_line_3(b"url(data:text/plain;base64," + base64.b64encode(text) + b")"),
    "data URL, percent": lambda text: on_line_3(
        b"data:text/plain," + "".join(f"%{byte:02x}" for byte in text).encode()
    ),
    "quoted-printable": lambda text: (
        b"Content-Transfer-Encoding: quoted-printable\n\n"
        + encodestring(b"key=" + b"x" * 50 + b" " + text).replace(b"\n\n", b"\n")
    ),
    "plus": in_pieces('"', '" + "', '"'),
    "plus over lines": in_pieces("'", "' +\n    '", "'"),
    "side by side": in_pieces('"', '" "', '"'),
    "side by side over lines": in_pieces('("', '"\n        "', '")'),
    "dot": in_pieces("'", "' . '", "'"),
    "two dots": in_pieces('"', '" .. "', '"'),
    "ampersand": in_pieces('"', '" & "', '"'),
    "UTF-16": wide("utf-16"),
    "UTF-16 LE without a mark": wide("utf-16-le"),
    "UTF-16 BE without a mark": wide("utf-16-be"),
    "UTF-32": wide("utf-32"),
    "UTF-32 LE without a mark": wide("utf-32-le"),
    "UTF-32 BE without a mark": wide("utf-32-be"),
    "latin-1": lambda text: on_line_3("é ".encode("latin-1") + text),
    "UTF-16 behind ASCII": lambda text: b"a line\nmore\n" + b"x" * 5_000 + ("=" + text.decode()).encode("utf-16-le"),
}


# --- containers --------------------------------------------------------------------------------------


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return stream.getvalue()


def tarred(*members: tuple[str, bytes], mode: Literal["w", "w:gz", "w:bz2", "w:xz"] = "w", form: int = 2) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, format=form) as archive:
        for name, data in members:
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return stream.getvalue()


_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word(text: bytes) -> bytes:
    """Return a Word document in which the text is spread over three runs."""
    pieces = (text[:5], text[5:20], text[20:])
    runs = b"".join(b"<w:r><w:rPr><w:b/></w:rPr><w:t>" + piece + b"</w:t></w:r>" for piece in pieces)
    body = f'<?xml version="1.0"?>\n<w:document xmlns:w="{_WORD}"><w:body><w:p>'.encode()
    return zipped(
        ("[Content_Types].xml", b"<Types/>"), ("word/document.xml", body + runs + b"</w:p></w:body></w:document>")
    )


def sheet(text: bytes) -> bytes:
    table = f'<?xml version="1.0"?>\n<sst xmlns="{_SHEET}"><si><t>name</t></si><si>'.encode()
    runs = b"<r><t>" + text[:8] + b"</t></r><r><t>" + text[8:] + b"</t></r></si></sst>"
    return zipped(("[Content_Types].xml", b"<Types/>"), ("xl/sharedStrings.xml", table + runs))


def open_document(text: bytes) -> bytes:
    head = f'<?xml version="1.0"?>\n<office:document-content xmlns:office="{_OFFICE}">'.encode()
    body = b"<text:p>a <text:span>" + text[:6] + b"</text:span>" + text[6:] + b"</text:p></office:document-content>"
    return zipped(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", head + body))


def pdf(text: bytes) -> bytes:
    shown = b"BT /F1 12 Tf 72 700 Td (Title) Tj 0 -14 Td [(" + text[:6] + b") -12 (" + text[6:] + b")] TJ ET"
    stream = zlib.compress(shown)
    head = b"%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode/Length " + str(len(stream)).encode() + b">>\nstream\n"
    return head + stream + b"\nendstream\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def sqlite(text: bytes) -> bytes:
    """Return a database of several pages, the text in the last row, on a page with an overflow."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT, rest TEXT)")
    rows = [(f"name {number}", "nothing", "x" * 200) for number in range(200)]
    connection.executemany(
        "INSERT INTO accounts (name, note, rest) VALUES (?, ?, ?)", [*rows, ("last", text.decode(), "y" * 9_000)]
    )
    connection.commit()
    return connection.serialize()


def bytecode(text: bytes) -> bytes:
    """Return a compiled module; a letter before the text's constant in the file would spoil a word boundary."""
    code = compile(f"name = 'N'\nvalue = {text.decode() * 1!r}\nother = 'zebra'\n", "module.py", "exec")
    return struct.pack("<H2sLLL", 3495, b"\r\n", 0, 0, 0) + marshal.dumps(code)


def archived(*members: tuple[str, bytes]) -> bytes:
    """Return an archive of `ar`, GNU's way: a name ends with a slash, a long one stands in a member of its own."""
    long_names = "".join(f"{name}/\n" for name, _ in members if len(name) > 15).encode()
    out = b"!<arch>\n"
    for name, data in (("//", long_names), *members) if long_names else members:
        short = f"{name}/" if len(name) <= 15 else f"/{long_names.index(name.encode())}"
        head = f"{'//' if name == '//' else short:16}{0:<12}{0:<6}{0:<6}{'100644':8}{len(data):<10}`\n"
        out += head.encode() + data + b"\n" * (len(data) % 2)
    return out


def debian(text: bytes) -> bytes:
    """Return a Debian package (deb(5)) with the text as a file in it."""
    data = tarred(("./etc/a.txt", text), mode="w:xz")
    return archived(("debian-binary", b"2.0\n"), ("control.tar.gz", tarred(mode="w:gz")), ("data.tar.xz", data))


def cpio(*members: tuple[str, bytes]) -> bytes:
    out = b""
    for name, data in (*members, ("TRAILER!!!", b"")):
        fields = 1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0
        head = b"070701" + "".join(f"{field:08x}" for field in fields).encode() + name.encode() + b"\0"
        out += head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
    return out


def rpm(payload: bytes) -> bytes:
    """Return an RPM package with nothing in its headers."""
    header = b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">LL", 1, 4) + bytes(16) + b"abcd"
    return b"\xed\xab\xee\xdb\3\0".ljust(96, b"\0") + header + bytes(-len(header) % 8) + header + payload


def java_class(text: bytes, name: bytes = b"VALUE") -> bytes:
    """Return a class with one constant field, `static final String`; a long constant before it takes two places."""
    texts = [b"Case", b"java/lang/Object", name, b"Ljava/lang/String;", b"ConstantValue", text]
    pool = b"\5" + bytes(8) + b"".join(b"\1" + struct.pack(">H", len(one)) + one for one in texts)
    pool += b"\x08" + struct.pack(">H", 8) + b"\7" + struct.pack(">H", 3) + b"\7" + struct.pack(">H", 4)
    head = b"\xca\xfe\xba\xbe" + struct.pack(">3H", 0, 65, 12) + pool
    field = struct.pack(">4H", 0x19, 5, 6, 1) + struct.pack(">HLH", 7, 2, 9)
    return head + struct.pack(">4H", 0x21, 10, 11, 0) + b"\0\1" + field + b"\0\0\0\0"


CONTAINERS: dict[str, tuple[str, Hide]] = {
    "gzip": ("", gzip.compress),
    "two gzip streams": ("", lambda text: gzip.compress(b"") + gzip.compress(text)),
    "bzip2": ("", bz2.compress),
    "xz": ("", lzma.compress),
    "lzma": ("", lambda text: lzma.compress(text, lzma.FORMAT_ALONE)),
    "zip": ("!in/a.txt", lambda text: zipped(("in/a.txt", text))),
    "stored zip": ("!in/a.txt", lambda text: zipped(("in/a.txt", text), method=zipfile.ZIP_STORED)),
    "bzip2 zip": ("!a.txt", lambda text: zipped(("a.txt", text), method=zipfile.ZIP_BZIP2)),
    "lzma zip": ("!a.txt", lambda text: zipped(("a.txt", text), method=zipfile.ZIP_LZMA)),
    "zip behind a script": ("!a.txt", lambda text: b"#!/bin/sh\nexec java\n" + zipped(("a.txt", text))),
    "tar": ("!in/a.txt", lambda text: tarred(("in/a.txt", text))),
    "old tar": ("!in/a.txt", lambda text: tarred(("in/a.txt", text), form=tarfile.USTAR_FORMAT)),
    "GNU tar, long name": (
        f"!{'d/' * 80}a.txt",
        lambda text: tarred((f"{'d/' * 80}a.txt", text), form=tarfile.GNU_FORMAT),
    ),
    "tar.gz": ("!in/a.txt", lambda text: tarred(("in/a.txt", text), mode="w:gz")),
    "tar.bz2": ("!in/a.txt", lambda text: tarred(("in/a.txt", text), mode="w:bz2")),
    "tar.xz": ("!in/a.txt", lambda text: tarred(("in/a.txt", text), mode="w:xz")),
    "ar": ("!a.txt", lambda text: archived(("b.txt", b"odd"), ("a.txt", text))),
    "ar, long name": (f"!{'a' * 30}.txt", lambda text: archived(("b", b""), (f"{'a' * 30}.txt", text))),
    "deb": ("!data.tar.xz!./etc/a.txt", debian),
    "cpio": ("!in/a.txt", lambda text: cpio(("./b", b"odd"), ("./in/a.txt", text))),
    "cpio.gz": ("!in/a.txt", lambda text: gzip.compress(cpio(("in/a.txt", text)))),
    "rpm": ("!in/a.txt", lambda text: rpm(gzip.compress(cpio(("./in/a.txt", text))))),
    "xz rpm": ("!in/a.txt", lambda text: rpm(lzma.compress(cpio(("./in/a.txt", text))))),
    "zip in zip": ("!b.zip!a.txt", lambda text: zipped(("b.zip", zipped(("a.txt", text))))),
    "tar.gz in zip": ("!b.tgz!a.txt", lambda text: zipped(("b.tgz", tarred(("a.txt", text), mode="w:gz")))),
}
"""What a container adds to the path, and how it is made; lines are those of the text inside."""

DOCUMENTS: dict[str, tuple[str, Hide]] = {
    "docx": ("!word/document.xml", word),
    "xlsx": ("!xl/sharedStrings.xml", sheet),
    "odt": ("!content.xml", open_document),
    "pdf": ("!stream 1", pdf),
    "sqlite": ("!accounts", sqlite),
    "pyc": ("", bytecode),
    "class": ("", java_class),
}
"""The same for documents, in which a text has no lines of its own."""
