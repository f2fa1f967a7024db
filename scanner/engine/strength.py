"""How hard a secret is to guess: an estimate that would rather call a random text weak than a password strong."""

from __future__ import annotations

import re

from scanner.engine.language import strangeness, word_share

STRONG_BITS = 64
STRONG_CHARACTERS = 20

_WORD_BITS = 11.0
_WORD_CHARACTERS = 8
"""One word among 2,048, as in the lists of BIP 39; a longer run of letters counts as several words."""

_DIGIT_BITS, _SYMBOL_BITS, _LETTER_BITS = 3.3, 4.0, 4.7
_NUMBER_BITS = {4: 7.0, 6: 15.0, 8: 15.0}
"""Years, and days written with six or eight digits: about 100, and 36,500, of them are in use."""

_LETTERS = re.compile(r"[A-Za-z]{4}")
_WORDY_BITS, _KNOWN_SHARE, _STRANGE_BITS = 36.0, 0.5, 4.7
"""Three words at most; half of the letters in known words, or pairs of letters as common as those of words."""
_PHRASE_BITS, _PHRASE_SHARE = 90.0, 0.8
"""More words: nearly all of the letters in known ones."""

_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[A-Z]|[0-9]+|.", re.DOTALL)
_REPEATED = re.compile(r"(.{4,12}?)\1+|(.)\2{2,}", re.DOTALL)
_LOOK_AT = 512
"""Characters that are judged: what is strong by then stays so."""
_LEET = str.maketrans("@4310$57!", "aaeiossti")


def is_guessable(secret: str) -> bool:
    """Return whether a list of words, years and habits may lead to `secret`; only long random text is not.

    A text under 20 characters always counts as guessable: it costs a slow hash, and nothing else.
    """
    return len(secret) < STRONG_CHARACTERS or estimated_bits(secret) < STRONG_BITS


def is_wordy(secret: str) -> bool:
    """Return whether a person reads `secret` as a word or two, with or without a number, however it is spelled."""
    bits = estimated_bits(secret)
    if not _LETTERS.search(secret) or bits > _PHRASE_BITS:
        return False
    readings = secret, secret.lower().translate(_LEET)
    share = max(map(word_share, readings))
    if bits > _WORDY_BITS:
        return share >= _PHRASE_SHARE
    return share >= _KNOWN_SHARE or min(map(strangeness, readings)) < _STRANGE_BITS


def estimated_bits(secret: str) -> float:
    """Return an estimate of a guesser's work, in bits: the cheaper reading of the text as written and as leetspeak.

    Letters count as words, digits as numbers, and what was there before counts one bit.
    """
    text = secret[:_LOOK_AT]
    return min(_bits(text), _bits(text.translate(_LEET)))


def _bits(text: str) -> float:
    seen: set[str] = set()
    total = 0.0
    for piece in _PIECE.findall(_REPEATED.sub(r"\1\2", text)):
        lowered = piece.lower()
        is_known = lowered in seen and (len(lowered) > 1 or not lowered.isalnum())
        total += 1.0 if is_known else _piece_bits(lowered)
        seen.add(lowered)
    return total


def _piece_bits(piece: str) -> float:
    if piece.isdecimal():
        return _NUMBER_BITS.get(len(piece), _DIGIT_BITS * len(piece))
    if not piece.isalpha():
        return _SYMBOL_BITS
    if len(piece) < 3:
        return _LETTER_BITS * len(piece)
    return _WORD_BITS * max(1.0, len(piece) / _WORD_CHARACTERS)
