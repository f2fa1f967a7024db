"""What stands in the place of a secret is told in bounded time, whatever it is."""

from __future__ import annotations

import pytest

from scanner.engine.filters import filters_of
from scanner.engine.hit import Hit
from scanner.engine.placeholders import is_placeholder
from scanner.ruleset import load_ruleset

UNITS = (
    "x",
    "0",
    "-",
    "_",
    "a",
    "abc",
    "xxx",
    "0.A",
    "pass",
    "1 ",
    "A1",
    "Aa",
    "a.",
    "a/",
    "a=",
    "(",
    "${",
    "\\",
    "é",
    "#",
    "a_b-",
)


def hit(secret: str) -> Hit:
    return Hit(f'key = "{secret}"', 7, 7 + len(secret))


@pytest.mark.parametrize("secret", ["changeme", "your-api-key", "xxxx-0000", "PASSWORD123", "s3cret", "<token>"])
def test_a_placeholder_is_told(secret: str) -> None:
    assert is_placeholder(hit(secret))


@pytest.mark.parametrize("secret", ["0.A" + "x" * 190 + "Q", "-" * 190 + "Q", "Q7rT2", "pass9182Q"])
def test_what_only_begins_like_one_is_not_in_bounded_time(secret: str) -> None:
    assert not is_placeholder(hit(secret)) or "xxxx" in secret


def test_no_filter_backtracks_without_end() -> None:
    filters = {one for rule in load_ruleset().rules for one in filters_of(rule)}
    assert len(filters) > 8
    for one in filters:
        for unit in UNITS:
            for tail in ("", "Q", "!", "\x00"):
                for length in (40, 190, 3_000):
                    one(hit(unit * (length // len(unit)) + tail))
