"""What must be read as a whole is told by any of its lines that says so."""

from __future__ import annotations

import gzip

import pytest

from scanner.wholes import is_one_line, is_plain, wants_whole

WHOLES = [
    "key = value\n".encode("utf-16"),
    "key = value\n".encode("utf-32-le"),
    gzip.compress(b"text", mtime=0),
    b"PK\x03\x04",
    b"%PDF-1.4",
    b"\n<x xmlns='http://schemas.openxmlformats.org/x'>",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"version https://git-lfs.github.com/spec/v1\n",
]


@pytest.mark.parametrize("data", WHOLES)
def test_content_whose_lines_tell_nothing_is_read_as_a_whole_(data: bytes) -> None:
    assert wants_whole(data)


def test_text_is_read_line_by_line() -> None:
    assert not wants_whole("straße\r\nkey = value\n".encode())
    assert is_one_line(b"a\rb")
    assert not is_one_line(b"a\r\nb")


@pytest.mark.parametrize("data", [*WHOLES, b"a\rb", b"text with a \0 in it"])
def test_what_must_be_read_as_a_whole_is_not_plain(data: bytes) -> None:
    assert not is_plain(data)


@pytest.mark.parametrize("byte", [1, 6, 0x17, 0x1A, 0xFD, 0xFF])
def test_text_with_an_odd_byte_is_plain_all_the_same(byte: int) -> None:
    data = b'"use strict";\nvar lookup = {"%01": "' + bytes([byte]) + b'"};\n'
    assert wants_whole(data)
    assert is_plain(data)
