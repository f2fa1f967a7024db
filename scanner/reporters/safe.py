"""Strings of a repository, made fit to print: no secret, nothing that a terminal or a log would obey."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from scanner.model import Finding, Secret

_KEY = 4
_INERT_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


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
    """Replaces every secret of a report, however it is spelled, in strings of the repository, then makes them inert."""

    def __init__(self, findings: Iterable[Finding], *, show_secrets: bool) -> None:
        self._by_start: dict[str, list[tuple[str, str]]] = {}
        secrets = set() if show_secrets else {finding.secret.value for finding in findings}
        for value in sorted(secrets, key=len, reverse=True):
            for spelling in {value, quote(value, safe=""), quote(value), *value.splitlines()} - {""}:
                if len(spelling) >= _KEY:
                    self._by_start.setdefault(spelling[:_KEY], []).append((spelling, Secret(value).mask))

    def __call__(self, text: str) -> str:
        """Return `text` without secrets, printable."""
        if self._by_start:
            text = self._masked(text)
        return printable(text)

    def _masked(self, text: str) -> str:
        out, at, last = [], 0, 0
        while at <= len(text) - _KEY:
            hit = next(
                (pair for pair in self._by_start.get(text[at : at + _KEY], ()) if text.startswith(pair[0], at)),
                None,
            )
            if hit is None:
                at += 1
                continue
            out += [text[last:at], hit[1]]
            at = last = at + len(hit[0])
        return "".join([*out, text[last:]])
