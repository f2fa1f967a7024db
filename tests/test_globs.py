"""Path patterns mean what they say, and no pattern makes the scan hang."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.globs import PathGlobs, ignore_pattern

PATTERNS = st.text("ab/?*", min_size=1, max_size=12)
PATHS = st.text("ab/", min_size=1, max_size=14).filter(lambda text: not text.startswith("/"))


def plain(glob: str) -> str:
    """Return what a pattern means, as an expression that may go back over everything."""
    body = glob.strip("/")
    source = "" if "/" in glob.rstrip("/") else "(?:.*/)?"
    for token in re.findall(r"(?:(?<=/)|\A)\*\*/|\*\*|\*|\?|.", body):
        source += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(token, re.escape(token))
    return source


@given(PATTERNS, PATHS)
def test_a_pattern_fits_what_its_plain_reading_fits(glob: str, path: str) -> None:
    if not glob.strip("/"):
        return
    assert PathGlobs([glob]).is_match(path) == bool(re.fullmatch(f"{plain(glob)}(?:/.*)?", path))
    pattern = ignore_pattern(glob)
    assert pattern is not None
    assert bool(pattern.pattern.fullmatch(path)) == bool(re.fullmatch(plain(glob), path))


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        pytest.param("*a" * 60 + "b", "a" * 4_000, id="many stars"),
        pytest.param("**/*a" * 40 + "b", "aa/" * 1_300, id="many double stars"),
        pytest.param("**a" * 60 + "b", "a/" * 2_000, id="double stars without slashes"),
        pytest.param("[" * 4_000, "[" * 4_000, id="brackets that never close"),
    ],
)
def test_a_hostile_pattern_ends(glob: str, path: str) -> None:
    assert not PathGlobs([glob + "c"]).is_match(path)
    pattern = ignore_pattern(glob + "c")
    assert pattern is not None
    assert not pattern.pattern.fullmatch(path)


def test_what_is_longer_than_any_path_fits_nothing() -> None:
    assert not PathGlobs(["*"]).is_match("a" * 5_000)
    assert ignore_pattern("a" * 5_000) is None
