"""Java keystores and PKCS#12 files: whether they hold a private key, told by their structure.

They are sealed by a password, so nothing in them can be read; what is yielded is one line that names the store and a
digest of it, for the rules `java-keystore-file` and `pkcs12-file`. A store of certificates alone yields nothing.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

from scanner.containers.items import Item, Trouble
from scanner.containers.streams import CorruptError
from scanner.decoders.budget import Budget

_JKS, _JCEKS = 0xFEEDFEED, 0xCECECECE
_PRIVATE_KEY, _CERTIFICATE, _SECRET_KEY = 1, 2, 3
_MAX_ENTRIES = 10_000
_OID_DATA = bytes.fromhex("06092a864886f70d010701")
_OID_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_OID_KEY_BAG = bytes.fromhex("060b2a864886f70d010c0a0101")
_OID_SHROUDED_KEY_BAG = bytes.fromhex("060b2a864886f70d010c0a0102")


def is_pkcs12(data: bytes) -> bool:
    """Return whether `data` is a PFX of version 3 (RFC 7292, section 4): a sequence, 3, and a content of type data."""
    head = data[:64]
    at = _after_length(head, 1)
    if at < 0 or head[at : at + 3] != b"\x02\x01\x03" or head[at + 3 : at + 4] != b"\x30":
        return False
    inner = _after_length(head, at + 4)
    return inner > 0 and head[inner : inner + len(_OID_DATA)] in (_OID_DATA, _OID_SIGNED_DATA)


def entries(data: bytes, budget: Budget) -> Iterator[Item | Trouble]:
    """Yield the line that stands for a store with a private key."""
    budget.check_time()
    if data[0] == 0x30:
        if _OID_KEY_BAG in data or _OID_SHROUDED_KEY_BAG in data:
            yield Item("", _line("pkcs12", data))
        return
    kinds = _java_kinds(data)
    if _PRIVATE_KEY in kinds or _SECRET_KEY in kinds:
        yield Item("", _line("jks" if data[0] == 0xFE else "jceks", data))


def _line(kind: str, data: bytes) -> bytes:
    return f"leaksweep-private-key-in-{kind} sha256:{hashlib.sha256(data).hexdigest()}\n".encode()


def _after_length(data: bytes, at: int) -> int:
    """Return where the content begins of which the DER length stands at `at`; -1 if there is none."""
    if at >= len(data):
        return -1
    size = data[at]
    return at + 1 + (size & 0x7F if size & 0x80 else 0)


def _java_kinds(data: bytes) -> set[int]:
    """Return the kinds of entries of a JKS or JCEKS file (sun.security.provider.JavaKeyStore)."""
    kinds: set[int] = set()
    try:
        _, version, count = struct.unpack_from(">3L", data, 0)
        at = 12
        for _ in range(min(count, _MAX_ENTRIES)):
            kind, name_size = struct.unpack_from(">LH", data, at)
            kinds.add(kind)
            at += 6 + name_size + 8
            if kind == _PRIVATE_KEY:
                at += 4 + struct.unpack_from(">L", data, at)[0]
                (chain,) = struct.unpack_from(">L", data, at)
                at += 4
                for _ in range(min(chain, 100)):
                    at = _after_certificate(data, at, version)
            elif kind == _CERTIFICATE:
                at = _after_certificate(data, at, version)
            else:
                break
    except struct.error as error:
        if not kinds:
            raise CorruptError("the keystore breaks off") from error
    return kinds


def _after_certificate(data: bytes, at: int, version: int) -> int:
    if version >= 2:
        at += 2 + int(struct.unpack_from(">H", data, at)[0])
    return at + 4 + int(struct.unpack_from(">L", data, at)[0])
