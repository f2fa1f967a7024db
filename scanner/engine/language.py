"""How much a text is like language: the words it is made of, and how unlike words its letters follow each other.

The table is made by tests/training/language.py from the sources of CPython's standard library (docs/judge.md).
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

_LETTERS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[A-Z]")
_MAX_WORD = 16
_MAX_TEXT = 80
"""Longer texts are judged by their beginning."""

_PLACEHOLDER_WORDS_TEXT = """
changeme change changeit replaceme replace insert enter fill your yours example sample demo dummy fake mock foo
bar baz qux foobar test tests testing tester placeholder redacted removed masked hidden secret secrets super my
top password passwords passw passwd pass pwd letmein qwerty abc abcd abcdef asdf todo tbd none null nil
undefined empty default string value val key keys token tokens api apikey lorem ipsum here goes the this some
any invalid user username usr admin root login auth access client app database bucket text credential
credentials private public account service server host secure valid bogus stub xxx xxxx yyy zzz passwort hello
world guest temp tmp something whatever nothing blah wrong bad good new old first second third one two three
oauth bearer jwt session refresh id name data base consumer verifier signature nonce callback request response
real not does  passphrase pw mypassword mysecret some random generated config env environment variable
provider
"""
_PLACEHOLDER_WORDS = frozenset(_PLACEHOLDER_WORDS_TEXT.split())


class _Table(NamedTuple):
    words: frozenset[str]
    pairs: dict[str, list[float]]


@cache
def _table() -> _Table:
    document = json.loads(files("scanner.engine").joinpath("language.json").read_bytes())
    return _Table(frozenset(document["words"].split()) | _PLACEHOLDER_WORDS, document["pairs"])


def word_share(text: str) -> float:
    """Return the share of the letters of `text` that belong to known words of three letters or more; 0 without any."""
    return _share(text, _table().words)


def placeholder_share(text: str) -> float:
    """Return the share of the letters of `text` that belong to words which stand in the place of a secret."""
    return _share(text, _PLACEHOLDER_WORDS)


def _share(text: str, words: frozenset[str]) -> float:
    parts = _LETTERS.findall(text[:_MAX_TEXT])
    total = sum(map(len, parts))
    return sum(_covered(part.lower(), words) for part in parts) / total if total else 0.0


def _covered(letters: str, words: frozenset[str]) -> int:
    """Return how many letters the best choice of disjoint words covers."""
    best = [0] * (len(letters) + 1)
    for end in range(1, len(letters) + 1):
        best[end] = best[end - 1]
        for start in range(max(0, end - _MAX_WORD), end - 2):
            if best[start] + end - start > best[end] and letters[start:end] in words:
                best[end] = best[start] + end - start
    return best[-1]


def strangeness(text: str) -> float:
    """Return the mean cost in bits of the letter pairs of `text` in the language of words and names.

    About 3.5 for English and identifiers, 6 to 7 for random letters; 0.0 if there are no two letters in a row.
    """
    pairs = _table().pairs
    total, count = 0.0, 0
    for part in _LETTERS.findall(text[:_MAX_TEXT]):
        word = part.lower()
        if len(word) < 2:
            continue
        for first, second in pairwise(word):
            total += pairs[first][ord(second) - 97]
        count += len(word) - 1
    return total / count if count else 0.0
