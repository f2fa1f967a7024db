"""Offline checksums of credentials: an algorithm computes what must stand at the end of a secret.

Each algorithm takes the text before the checksum and returns the checksum itself, so the rule test
completes an example with it and the matcher verifies a secret with it. Sources: the checksum facts in
docs/rules.md, confirmed by computation on published sample values.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
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
    start = re.search(r"AT(?:BB|[A-Z]{2}T[0-9])", text)
    return f"{zlib.crc32(text[start.start() if start else 0 :].encode()):08X}"


def crc32_hex_body40(text: str) -> str:
    """Return eight lower-case hex digits: the CRC32 of the last 40 characters (Cloudflare)."""
    return f"{zlib.crc32(text[-40:].encode()):08x}"


def crc32_hex_little_endian(text: str) -> str:
    """Return eight hex digits: the little-endian CRC32 of the last 37 characters (Grafana `glsa_`)."""
    body = text.removesuffix("_")[-37:]
    return zlib.crc32(body.encode()).to_bytes(4, "little").hex()


_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def bech32(text: str) -> str:
    """Return six characters: the bech32 checksum of `text`, in its case (Nostr `nsec1`, age).

    Source: Bitcoin Improvement Proposal 173. A text that is no bech32 gets a checksum that nothing ends with.
    """
    prefix, _, body = text.lower().rpartition("1")
    if not prefix or not set(body) <= set(_BECH32):
        return "?" * 6
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    values += [_BECH32.index(c) for c in body] + [0] * 6
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_BECH32_GENERATORS):
            state ^= generator if top >> bit & 1 else 0
    state ^= 1
    checksum = "".join(_BECH32[state >> 5 * (5 - i) & 31] for i in range(6))
    return checksum.upper() if text.isupper() else checksum


COMPUTED: dict[str, tuple[int, Callable[[str], str]]] = {
    "crc32-base62": (6, crc32_base62),
    "crc32-hex-upper": (8, crc32_hex_upper),
    "crc32-hex-body40": (8, crc32_hex_body40),
    "crc32-hex-little-endian": (8, crc32_hex_little_endian),
    "bech32": (6, bech32),
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


def _is_base64_login(secret: str) -> bool:
    """Return whether the secret is base64 of a user name, a colon and more."""
    try:
        decoded = base64.b64decode(secret.rstrip("=") + "=" * (-len(secret.rstrip("=")) % 4), altchars=b"-_")
    except (ValueError, binascii.Error):
        return False
    name, colon, rest = decoded.partition(b":")
    return bool(name and colon and rest) and name.isascii()


def _is_base64_of_32_bytes(secret: str) -> bool:
    try:
        body = secret.rstrip("=")
        return len(base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_")) == 32
    except (ValueError, binascii.Error):
        return False


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58_encode(data: bytes) -> str:
    """Return `data` in base58 with its four checksum bytes behind it (Bitcoin keys)."""
    data += hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    number = int.from_bytes(data)
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def _is_base58check(secret: str) -> bool:
    """Return whether the last four bytes are the double SHA-256 of the others."""
    if not set(secret) <= set(_BASE58) or len(secret) > 200:
        return False
    number = 0
    for character in secret:
        number = number * 58 + _BASE58.index(character)
    data = number.to_bytes(max(4, (number.bit_length() + 7) // 8))
    return hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def nkey_encode(data: bytes) -> str:
    """Return `data` in base32 with its two CRC-16 bytes behind it (NATS seeds)."""
    return base64.b32encode(data + binascii.crc_hqx(data, 0).to_bytes(2, "little")).decode().rstrip("=")


def _is_nkey(secret: str) -> bool:
    try:
        data = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except (ValueError, binascii.Error):
        return False
    return binascii.crc_hqx(data[:-2], 0) == int.from_bytes(data[-2:], "little")


CHECKED: dict[str, Callable[[str], bool]] = {
    "jwt-header": _is_jwt,
    "base64-json": _is_base64_of(b"{"),
    "base64-login": _is_base64_login,
    "base64-32-bytes": _is_base64_of_32_bytes,
    "base58check": _is_base58check,
    "nkey-crc16": _is_nkey,
}
"""Name -> whether a secret decodes to what it must be."""

STRUCTURAL = frozenset(name for name in CHECKED if name.startswith(("base64-", "jwt-")))
"""Those without a checksum proper: a text that does not decode as it must has no claim to be of that form at all."""

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
