"""Offline checksums of credentials: an algorithm computes what must stand at the end of a secret.

Each algorithm takes the text before the checksum and returns the checksum itself, so the rule test
completes an example with it and the matcher verifies a secret with it. Sources: the checksum facts in
docs/rules.md, confirmed by computation on published sample values.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import string
import zlib
from collections.abc import Callable

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def _base62(number: int, *, width: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits.rjust(width, "0")


def crc32_base62(text: str) -> str:
    """Return six base62 digits: the CRC32 of the last 30 characters (GitHub `ghp_`, npm)."""
    return _base62(zlib.crc32(text[-30:].encode()), width=6)


def crc32_hex_upper(text: str) -> str:
    """Return eight upper-case hex digits: the CRC32 of all from `AT` on (Atlassian, Bitbucket)."""
    start = re.search(r"AT[A-Z]{2}T[0-9]", text)
    return f"{zlib.crc32(text[start.start() if start else 0 :].encode()):08X}"


def crc32_hex_body40(text: str) -> str:
    """Return eight lower-case hex digits: the CRC32 of the last 40 characters (Cloudflare)."""
    return f"{zlib.crc32(text[-40:].encode()):08x}"


def crc32_hex_little_endian(text: str) -> str:
    """Return eight hex digits: the little-endian CRC32 of the last 37 characters (Grafana `glsa_`)."""
    body = text.removesuffix("_")[-37:]
    return zlib.crc32(body.encode()).to_bytes(4, "little").hex()


COMPUTED: dict[str, tuple[int, Callable[[str], str]]] = {
    "crc32-base62": (6, crc32_base62),
    "crc32-hex-upper": (8, crc32_hex_upper),
    "crc32-hex-body40": (8, crc32_hex_body40),
    "crc32-hex-little-endian": (8, crc32_hex_little_endian),
}
"""Name -> length of the checksum, and the function that computes it."""


def _is_jwt(secret: str) -> bool:
    try:
        head = secret.split(".")[0]
        decoded = base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
        return isinstance(json.loads(decoded), dict)
    except (ValueError, binascii.Error, RecursionError):
        return False


def _is_base64_of(prefix: bytes) -> Callable[[str], bool]:
    def check(secret: str) -> bool:
        try:
            body = secret.rstrip("=")
            return base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_").startswith(prefix)
        except (ValueError, binascii.Error):
            return False

    return check


CHECKED: dict[str, Callable[[str], bool]] = {
    "jwt-header": _is_jwt,
    "base64-json": _is_base64_of(b"{"),
}
"""Name -> whether a secret decodes to what it must be."""

NAMES = frozenset(COMPUTED) | frozenset(CHECKED)


def complete(name: str | None, text: str) -> str:
    """Return the checksum that belongs behind `text`; raises KeyError for a name that is not computed."""
    return COMPUTED[str(name)][1](text)


def is_valid(name: str, secret: str) -> bool:
    """Return whether `secret` ends with its checksum, or decodes as it must; case of hex digits counts."""
    if name in CHECKED:
        return CHECKED[name](secret)
    length, compute = COMPUTED[name]
    return compute(secret[:-length]) == secret[-length:]
