"""Strings of a repository, made fit to print: no secret, nothing that a terminal or a log would obey."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from scanner.model import Finding, Secret

_KEY = 4
_INERT_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~%!$&*+,;=:@/?#-]*)?")


def printable(text: str) -> str:
    """Return `text` with control, format and surrogate characters as visible escapes, and `::` defused.

    A line that begins with `::` would be a command to a workflow runner; `##[` likewise.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(_visible(c) if unicodedata.category(c) in _INERT_KINDS else c for c in text)
    stripped = text.lstrip()
    if stripped.startswith(("::", "##[", "##vso[")):
        return text.replace(stripped[:2], f"{stripped[0]}\\{stripped[1]}", 1)
    return text


def _visible(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Masker:
    """Replaces every secret of a report, however it is spelled, in strings of the repository, then makes them inert.

    A string costs one look-up per character and per length of a secret, however many secrets there are.
    """

    def __init__(self, findings: Iterable[Finding], *, show_secrets: bool) -> None:
        self._masks: dict[str, str] = {}
        lengths: dict[str, set[int]] = {}
        secrets = set() if show_secrets else {finding.secret.value for finding in findings}
        for value in sorted(secrets, key=len, reverse=True):
            for spelling in {value, _quoted(value, ""), _quoted(value, "/"), *value.splitlines()} - {""}:
                if len(spelling) >= _KEY:
                    self._masks.setdefault(spelling, Secret(value).mask)
                    lengths.setdefault(spelling[:_KEY], set()).add(len(spelling))
        self._lengths = {key: tuple(sorted(found, reverse=True)) for key, found in lengths.items()}
        self._cached = lru_cache(maxsize=4096)(self._told)

    def __call__(self, text: str) -> str:
        """Return `text` without secrets, printable."""
        return self._cached(text)

    def hide(self, text: str) -> str:
        """Return `text` without secrets, else as it is: not fit to print."""
        return self._masked(text) if self._masks else text

    def _told(self, text: str) -> str:
        return printable(self.hide(text))

    def _masked(self, text: str) -> str:
        out, at, last = [], 0, 0
        while at <= len(text) - _KEY:
            lengths = self._lengths.get(text[at : at + _KEY])
            spelling = self._spelling_at(text, at, lengths) if lengths else None
            if spelling is None:
                at += 1
                continue
            out += [text[last:at], self._masks[spelling]]
            at = last = at + len(spelling)
        return "".join([*out, text[last:]])

    def _spelling_at(self, text: str, at: int, lengths: tuple[int, ...]) -> str | None:
        """Return the longest spelling of a secret that begins at `at`, or None."""
        return next((text[at : at + length] for length in lengths if text[at : at + length] in self._masks), None)


def _quoted(text: str, safe: str) -> str:
    return quote(text.encode("utf-8", "surrogateescape"), safe=safe)


def safe_url(url: str | None) -> str | None:
    """Return `url` if it is a plain link to the web that any format may show, else None."""
    return url if url is not None and _PLAIN_URL.fullmatch(url) else None
