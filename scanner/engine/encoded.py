"""Base64 that holds words or user:password pairs, and passwords that are the user's name."""

from __future__ import annotations

import base64
import binascii
import re

from scanner.engine.hit import Hit
from scanner.engine.language import placeholder_share, word_share
from scanner.engine.placeholders import is_made_of_words, is_placeholder

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")


def decoded_base64(text: str) -> str | None:
    """Return the printable ASCII text that `text` encodes, or None."""
    body = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        plain = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return plain if plain.isprintable() and plain else None


def is_no_basic(hit: Hit) -> str | None:
    """Drop what is not base64 of user:password, or whose password stands in the place of one."""
    plain = decoded_base64(hit.secret)
    if plain is None:
        return "not base64"
    user, colon, password = plain.partition(":")
    if not colon or not password:
        return "no password in it"
    if (
        _without_role(password) == _without_role(user)
        or is_placeholder(Hit(password, 0, len(password)))
        or placeholder_share(password) > 0.9
    ):
        return "placeholder"
    return None


_ROLE = re.compile(
    r"(?i)(?:(?<=[a-z0-9])[_.-]|^)(?:user(?:name)?|login|pass(?:word|wd)?|pw|pwd|secret)(?:[_.-](?=[a-z0-9])|$)"
)


def _without_role(text: str) -> str:
    """Return a text without the word, set off at an end, that says whether it is the user's name or the password."""
    return _ROLE.sub("", text, count=1).lower()


def is_encoded_words(hit: Hit) -> str | None:
    """Drop base64 of a sentence, a label or a path."""
    secret = hit.secret
    if not _BASE64.fullmatch(secret):
        return None
    plain = decoded_base64(secret)
    if plain is None or not plain.isascii():
        return None
    user, _, password = plain.partition(":")
    if user and password and is_made_of_words(password):
        return "encoded words"
    is_text = word_share(plain) >= (0.6 if " " in plain or "/" in plain else 0.85)
    return "encoded words" if is_text and not any(c.isdigit() for c in plain) else None


_USER = re.compile(r"([^\s:/@\"'=]{1,80}):\\?[\"']?$")


def is_user_name(hit: Hit) -> str | None:
    """Drop a password that repeats the user name before it: a sample, or a service as it is delivered."""
    found = _USER.search(hit.before)
    return "same as the user name" if found and _without_role(found[1]) == _without_role(hit.secret) else None
