"""Example templates of rules: `{{base62:36}}` becomes 36 random characters, the same ones on each run.

No complete credential is ever written into a file; the rule test expands the templates in memory.
"""

from __future__ import annotations

import base64
import json
import random
import re
import string
import uuid
from collections.abc import Callable

from scanner.engine import checksums

_LOWER_DIGITS = string.ascii_lowercase + string.digits
_SETS = {
    "digits": string.digits,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "letters": string.ascii_letters,
    "alnum": _LOWER_DIGITS,
    "ALNUM": string.ascii_uppercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "base58": "".join(c for c in string.ascii_letters + string.digits if c not in "0OIl"),
    "base62": string.ascii_letters + string.digits,
    "base64": string.ascii_letters + string.digits + "+/",
    "base64url": string.ascii_letters + string.digits + "-_",
    "base32low": string.ascii_lowercase + "234567",
    "bech32": "qpzry9x8gf2tvdw0s3jn54khce6mua7l",
    "BECH32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "password": string.ascii_letters + string.digits + "!%+-.?^_~",
}
PLACEHOLDER = re.compile(r"\{\{([A-Za-z0-9-]+)(?::([^{}]*))?\}\}")


def _draw(generator: random.Random, alphabet: str, length: int) -> str:
    """Return `length` characters without a long run of one, with a digit, a letter and a tail where they fit."""
    while True:
        text = "".join(generator.choice(alphabet) for _ in range(length))
        needed = [c for c in (string.digits, string.ascii_letters) if set(c) & set(alphabet)]
        if length < 6 or (all(set(text) & set(c) for c in needed) and text[0].isalnum() and text[-1].isalnum()):
            return text


def _pem_body(generator: random.Random, lines: str) -> str:
    rows = [_draw(generator, _SETS["base64"], 64) for _ in range(int(lines or 12))]
    return "\n".join([*rows, _draw(generator, _SETS["base64"], 46) + "=="])


def _jwt(generator: random.Random, payload: str) -> str:
    claims = payload or json.dumps({"sub": _draw(generator, _SETS["alnum"], 12)})
    parts = (b'{"alg":"HS256","typ":"JWT"}', claims.encode())
    encoded = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, _draw(generator, _SETS["base64url"], 43)])


def _base64_of(generator: random.Random, template: str) -> str:
    def draw(found: re.Match[str]) -> str:
        return _draw(generator, _SETS[found[1]], int(found[2]))

    return base64.b64encode(re.sub(r"<([A-Za-z0-9]+):(\d+)>", draw, template).encode()).decode()


def _base58check(generator: random.Random, layout: str) -> str:
    """Return base58 of a layout such as `80:32:01`: hex, a number of random bytes, hex."""
    head, length, tail = layout.split(":")
    return checksums.base58_encode(bytes.fromhex(head) + generator.randbytes(int(length)) + bytes.fromhex(tail))


def _bytes(generator: random.Random, layout: str) -> str:
    """Return a layout such as `feedfeed:80`, hex and a number of random bytes, as the engine reads binary content."""
    head, length = layout.split(":")
    return (bytes.fromhex(head) + generator.randbytes(int(length))).decode("utf-8", "surrogateescape")


def _nkey_seed(generator: random.Random, _: str) -> str:
    """Return a NATS user seed: two bytes of type, 32 random bytes, a CRC."""
    return checksums.nkey_encode(bytes([149, 0]) + generator.randbytes(32))


_SPECIAL: dict[str, Callable[[random.Random, str], str]] = {
    "uuid": lambda generator, _: str(uuid.UUID(int=generator.getrandbits(128), version=4)),
    "pem-body": _pem_body,
    "jwt": _jwt,
    "base64-of": _base64_of,
    "base58check": _base58check,
    "nkey-seed": _nkey_seed,
    "bytes": _bytes,
}


def expand(template: str, *, seed: str, checksum: str | None = None) -> str:
    """Return `template` with each `{{name:argument}}` replaced by seeded random text.

    Names: the character sets with a length (`{{hex:32}}`, `{{base62:20}}`), `{{uuid}}`, `{{pem-body:LINES}}`,
    `{{jwt}}`, `{{base64-of:TEXT}}` (in which `<hex:8>` draws again) and `{{checksum}}`, which computes the
    rule's checksum over the characters before it. Raises ValueError for any other name.
    """
    generator = random.Random(seed)
    out = ""
    end = 0
    for found in PLACEHOLDER.finditer(template):
        out += template[end : found.start()]
        end = found.end()
        out += _expand_one(found[1], found[2] or "", out, generator, checksum)
    return out + template[end:]


def _expand_one(name: str, argument: str, before: str, generator: random.Random, checksum: str | None) -> str:
    if name == "checksum":
        if checksum not in checksums.COMPUTED:
            raise ValueError("{{checksum}} needs a rule with a computed checksum")
        return checksums.complete(checksum, re.split(r"[\s\"':]", before)[-1])
    if name in _SPECIAL:
        return _SPECIAL[name](generator, argument)
    if name in _SETS and argument.isdecimal():
        return _draw(generator, _SETS[name], int(argument))
    raise ValueError(f"unknown placeholder {{{{{name}:{argument}}}}}")
