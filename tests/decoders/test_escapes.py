"""Escapes are undone where they hide a text, and left alone where they are data."""

from __future__ import annotations

import random

import pytest

from scanner.decoders.escapes import find_escapes
from scanner.decoders.layer import compose


def escaped(text: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in text)


def undone(text: bytes) -> bytes:
    return b"\n".join(layer.data for layer in compose(text, find_escapes(text)))


@pytest.mark.parametrize("before", [0, 200, 400, 505, 511, 513, 900])
def test_a_long_run_is_undone_in_one_piece(before: int) -> None:
    text = bytes(random.Random(before).choices(b"abcdefghijklmnopqrstuvwxyz0123456789", k=700))
    line = b'key = "' + escaped(b"." * before) + escaped(text) + b'";'
    assert text in undone(line)


def test_each_byte_of_a_run_knows_where_it_was_written() -> None:
    line = b'key = "' + escaped(b"opens with a secret") + b'";'
    (layer,) = compose(line, find_escapes(line))
    at = layer.data.index(b"secret")
    start, end = layer.span(at, at + 6)
    assert line[start:end] == escaped(b"secret")


def test_random_data_is_left_alone() -> None:
    data = random.Random(1).randbytes(20_000)
    edits = find_escapes(b'data = "' + escaped(data) + b'";')
    assert all(len(edit.new) >= 8 for edit in edits)
    assert len(edits) < 40


def test_a_text_between_data_is_undone() -> None:
    line = b'data = "' + escaped(b"\x90\xff") + escaped(b"between data") + escaped(b"\x01\x80") + b'";'
    assert b"between data" in undone(line)


def test_a_few_characters_beside_text_are_undone() -> None:
    line = b'key = "' + escaped(b"\x90") + b"to" + escaped(b"ken") + b'ized"'
    assert b"tokenized" in undone(line)
