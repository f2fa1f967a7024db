"""What the text around a secret tells: a part of a longer encoded text, or a URL made up to show its form."""

from __future__ import annotations

import re
from urllib.parse import unquote

from scanner.engine.hit import Hit
from scanner.engine.language import strangeness
from scanner.engine.placeholders import is_made_of_words

_RUN_BEFORE = re.compile(r"[A-Za-z0-9+/]*$")
_RUN_AFTER = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_MIN_REST = 16
_RANDOM_BITS = 5.0
"""Fewer characters than that around a secret, or ones as easy to tell as words, are no sign of an encoded text."""


def is_inside_blob(hit: Hit) -> str | None:
    """Drop what only looks like a token because a longer base64 text happens to hold its letters.

    The sign is that `+` or `/` joins it to more of such a text before it: a path or a query joins it to words.
    """
    found = _RUN_BEFORE.search(hit.before)
    before = found[0] if found else ""
    if before[-1:] not in ("+", "/"):
        return None
    rest = before + _run_after(hit.after)
    is_mixed = any(c.islower() for c in rest) and any(c.isupper() for c in rest) and any(c.isdigit() for c in rest)
    if len(rest) < _MIN_REST or not is_mixed or strangeness(rest) < _RANDOM_BITS:
        return None
    return "part of encoded data"


def _run_after(text: str) -> str:
    found = _RUN_AFTER.match(text)
    return found[0] if found else ""


_DIGEST_OF = re.compile(r"(?i)\b(?:md5|sha-?(?:1|224|256|384|512)|blake2[bs]?)[-=:][ ]?[\"']?$")


_FILE_NAME = re.compile(
    r"[\w/-]\.(?:php|e?rb|html?|vue|svelte|[jt]sx?|mjs|css|s[ac]ss|less|py|java|kt|go|rs|cs|cpp|[chm]|swift|sql|sh|ya?ml|json|xml|md|"
    r"txt|png|svg|twig|haml|slim|lock)[\"']\s{0,4}(?::|=>)\s{0,4}[\"']$"
)
_SUM = re.compile(r"[0-9a-f]{8,128}|(?:sha\d{3}-)?[A-Za-z0-9+/]{27,88}={0,2}")


def is_digest(hit: Hit) -> str | None:
    """Drop the digest of a file: what follows the name of a hash function, or of a file as manifests have it."""
    if _DIGEST_OF.search(hit.before[-12:]):
        return "digest"
    return "digest" if _FILE_NAME.search(hit.before[-40:]) and _SUM.fullmatch(hit.secret) else None


_NEXT_PAIR = re.compile(r",\s{0,4}\\{0,3}[\"']$")
_ENDS_KEY = re.compile(r"\\{0,3}[\"']\s{0,4}:(?!:)")


def is_key(hit: Hit) -> str | None:
    """Drop the key of the pair behind a string that looked like a name."""
    return "key" if _ENDS_KEY.match(hit.after) and _NEXT_PAIR.search(hit.before[-8:]) else None


_USER = re.compile(r"(?:^|//)([^\s:/\"'`<>]{0,80}):$")
_HOST = re.compile(r"@(?:[^\s@/]{0,60}@)?([\w.-]*)")
_SAMPLE_HOST = re.compile(
    r"(?i)(?:localhost|host|hostname|server|example|domain|your\w*|my\w*)\d{0,2}(?:\.\w{2,8})?$|\bexample\.(?:com|org|net)$"
)
_SIGNS = re.compile(r"(?i)(?:e?mail|space|colon|slash|comma|percent|dash|dot)$")
"""What such a test calls the sign that it tries, and the user whose name has an `@`."""
_JOINTS = re.compile(r"[^A-Za-z0-9]+")


def is_url_sample(hit: Hit) -> str | None:
    """Drop the password of a URL whose user and password are placeholders once signs and percent-encoding are gone.

    Tests of URL parsers put such signs between the letters: `user:p,ass@word@host`, `us%40er:pa%3Ass@host`.
    """
    user = _USER.search(hit.before)
    if user is None:
        return None
    name, password = _joined(user[1]), _joined(hit.secret)
    if name and not is_made_of_words(name):
        return None
    host = _HOST.match(hit.after)
    is_sample = is_made_of_words(password) or password.lower() in _MAIMED or "password".startswith(password.lower())
    if is_sample and (name or (host and _SAMPLE_HOST.search(host[1]))):
        return "placeholder"
    return None


_MAIMED = frozenset(("passw", "passwrd", "psswrd", "pssword", "pword", "psw", "psword", "paword"))
"""What is left of `passw@rd` and the like."""


def _joined(text: str) -> str:
    return _SIGNS.sub("", _JOINTS.sub("", unquote(text)))
