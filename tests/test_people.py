"""Who wrote a commit is read as git reads it, from whatever a header says."""

from __future__ import annotations

import pytest

from scanner.model import Person
from scanner.sources.commits import person


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(b"Ann <a@x> 12 +0000", Person("Ann", "a@x", 12), id="as git writes it"),
        pytest.param(b"<a@x> 12 +0000", Person("", "a@x", 12), id="no name"),
        pytest.param(b"Ann <> 12 +0000", Person("Ann", "", 12), id="no address"),
        pytest.param(b"Ann <a@x>", Person("Ann", "a@x", None), id="no time"),
        pytest.param(b"Ann <a@x", Person("Ann", "a@x", None), id="never closed"),
        pytest.param(b"A <b> C <d@e> 12 +0000", Person("A", "b", 12), id="the first address, the last time"),
        pytest.param(b"Ann <a@x>> -5 -0100", Person("Ann", "a@x", -5), id="closed twice, before 1970"),
        pytest.param(b"nobody", Person("nobody", "", None), id="no brackets"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_a_line_of_a_header_tells_who_and_when(line: bytes, expected: Person | None) -> None:
    assert person(line) == expected


@pytest.mark.parametrize("pumped", [b"<", b">", b"<>", b" <", b"> ", b"1", b"<a> 1 "])
def test_a_hostile_line_ends(pumped: bytes) -> None:
    assert person(pumped * 300_000 + b"x") is not None
