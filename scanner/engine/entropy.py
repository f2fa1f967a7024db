"""Bits per character, and which alphabet a text is written in."""

from __future__ import annotations

import math
import string
from collections import Counter

ALPHABETS: dict[str, frozenset[str]] = {
    "digits": frozenset(string.digits),
    "hex": frozenset(string.hexdigits),
    "alnum": frozenset(string.ascii_letters + string.digits),
    "base64": frozenset(string.ascii_letters + string.digits + "+/=-_"),
    "any": frozenset(),
}
"""From the narrowest to the widest; `any` takes every text."""


def shannon_entropy(text: str) -> float:
    """Return the Shannon entropy of `text`, in bits per character.

    0.0 for an empty or one-letter text; at most log2(len(set(text))).
    Source: Shannon 1948, A Mathematical Theory of Communication, section 6.
    """
    length = len(text)
    if length < 2:
        return 0.0
    return max(0.0, math.log2(length) - sum(n * math.log2(n) for n in Counter(text).values()) / length)


def alphabet_of(text: str) -> str:
    """Return the name of the narrowest alphabet that holds every character of `text`."""
    characters = set(text)
    return next(name for name, members in ALPHABETS.items() if name == "any" or characters <= members)


def is_below_entropy(text: str, limits: tuple[tuple[str, float], ...]) -> bool:
    """Return whether `text` has fewer bits per character than the limit of its alphabet.

    `limits` pairs alphabet names with bits; the narrowest named alphabet that holds the text decides,
    and a text that fits none of them is never below.
    """
    characters = set(text)
    named = dict(limits)
    for name, members in ALPHABETS.items():
        if name in named and (name == "any" or characters <= members):
            return shannon_entropy(text) < named[name]
    return False
