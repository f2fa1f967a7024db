"""Fingerprints under a baseline's own key: plain HMAC for random secrets, scrypt for what could be guessed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scanner.engine.strength import is_guessable

SCRYPT_N, SCRYPT_R, SCRYPT_P = 1 << 13, 8, 1
"""8 MiB and about 20 ms a guess on one core of 2026 (measured), so 10,000 guesses take over three minutes.

RFC 7914, section 2, explains the parameters; docs/baseline.md weighs the cost for an attacker and for a check.
"""

_MAX_MEMORY = 64 << 20
PLAIN, SLOW = "h", "s"
"""First letter of a secret's hash: how it was made, so that a later estimate of strength changes no match."""

_DIGITS = 32


class Cost(NamedTuple):
    """The parameters of scrypt, as a baseline states them."""

    n: int = SCRYPT_N
    r: int = SCRYPT_R
    p: int = SCRYPT_P


class Hasher:
    """Makes the hashes of one baseline: its salt, and a key that is not in the file if the user has one."""

    def __init__(self, salt: bytes, *, key: str = "", cost: Cost | None = None) -> None:
        self.salt = salt
        self._cost = cost or Cost()
        # The key of a user may be a word; stretched, the check below is no quick oracle for it.
        stretched = self._scrypt(key.encode("utf-8", "surrogateescape"), salt) if key else b""
        self._key = hmac.new(salt, b"leaksweep baseline" + stretched, hashlib.sha256).digest()
        self._slow: dict[bytes, str] = {}

    @property
    def cost(self) -> Cost:
        """Return the parameters of scrypt."""
        return self._cost

    def check(self) -> str:
        """Return 16 hex digits by which a wrong salt or key shows."""
        return self._hmac(b"check")[:16]

    def place(self, path: str) -> str:
        """Return the hash of a path, 16 hex digits."""
        return self._hmac(b"path\0" + _encoded(path))[:16]

    def slow_place(self, path: str) -> str:
        """Return the hash of a path that holds a secret, 16 hex digits."""
        return self._slowly(b"path\0" + _encoded(path))[:16]

    def plain(self, family: str, secret: str) -> str:
        """Return the hash of a secret that nobody can guess."""
        return PLAIN + self._hmac(_named(family, secret))[:_DIGITS]

    def slow(self, family: str, secret: str) -> str:
        """Return the hash of a secret that could be guessed; it costs `SCRYPT_N` memory and time."""
        return SLOW + self._slowly(_named(family, secret))[:_DIGITS]

    def secret(self, family: str, secret: str) -> str:
        """Return the hash under which a secret is noted down."""
        return self.slow(family, secret) if is_guessable(secret) else self.plain(family, secret)

    def seal(self, entries: Iterable[str], secrets: Iterable[tuple[str, str, str]]) -> str:
        """Return one slow hash over many secrets: (place, family, secret) of all, and the hashes of their entries."""
        parts = [*sorted(entries), *(part for secret in sorted(secrets) for part in secret)]
        return self._slowly(b"seal\0" + b"".join(b"%d:%s" % (len(p), p) for p in map(_encoded, parts)))[:_DIGITS]

    def warm(self, secrets: Sequence[tuple[str, str]]) -> None:
        """Compute the slow hashes of (family, secret) pairs on every core; later calls of `slow` are free."""
        self._warm([data for family, secret in dict.fromkeys(secrets) if (data := _named(family, secret))])

    def _warm(self, texts: Sequence[bytes]) -> None:
        todo = [data for data in texts if data not in self._slow]
        if len(todo) < 2:
            return
        import os
        from concurrent.futures import ThreadPoolExecutor

        # hashlib.scrypt lets go of the interpreter lock, so threads do.
        with ThreadPoolExecutor(min(len(todo), os.cpu_count() or 1, 16)) as pool:
            for _ in pool.map(self._slowly, todo):
                pass

    def _slowly(self, data: bytes) -> str:
        known = self._slow.get(data)
        if known is None:
            known = self._slow[data] = self._hmac(self._scrypt(data, self._key))
        return known

    def _scrypt(self, data: bytes, salt: bytes) -> bytes:
        n, r, p = self._cost
        return hashlib.scrypt(data, salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY, dklen=32)

    def _hmac(self, data: bytes) -> str:
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()


def _named(family: str, secret: str) -> bytes:
    return b"secret\0" + _encoded(family) + b"\0" + _encoded(secret)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
