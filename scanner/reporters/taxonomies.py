"""The weaknesses that findings are instances of: CWE, and the OWASP Top 10 with its edition."""

from __future__ import annotations

import re
from typing import NamedTuple

from scanner.model import Rule


class Weakness(NamedTuple):
    """An entry of a taxonomy: its id there, its title, and the page that describes it."""

    id: str
    title: str
    url: str


class Taxonomy(NamedTuple):
    """A list of weaknesses, its version or edition, and who publishes it."""

    name: str
    version: str
    organisation: str
    url: str
    entries: tuple[Weakness, ...]


def _cwe(number: int, title: str) -> Weakness:
    return Weakness(f"CWE-{number}", title, f"https://cwe.mitre.org/data/definitions/{number}.html")


def _owasp(number: str, title: str) -> Weakness:
    return Weakness(number, title, f"https://owasp.org/Top10/{number}_2021-{title.replace(' ', '_')}/")


CWE = Taxonomy(
    "CWE",
    "4.16",
    "MITRE",
    "https://cwe.mitre.org/data/published/cwe_v4.16.pdf",
    (
        _cwe(256, "Plaintext Storage of a Password"),
        _cwe(259, "Use of Hard-coded Password"),
        _cwe(312, "Cleartext Storage of Sensitive Information"),
        _cwe(321, "Use of Hard-coded Cryptographic Key"),
        _cwe(326, "Inadequate Encryption Strength"),
        _cwe(522, "Insufficiently Protected Credentials"),
        _cwe(532, "Insertion of Sensitive Information into Log File"),
        _cwe(540, "Inclusion of Sensitive Information in Source Code"),
        _cwe(798, "Use of Hard-coded Credentials"),
    ),
)
OWASP = Taxonomy(
    "OWASP Top 10",
    "2021",
    "OWASP",
    "https://owasp.org/Top10/",
    (
        _owasp("A01", "Broken Access Control"),
        _owasp("A02", "Cryptographic Failures"),
        _owasp("A04", "Insecure Design"),
        _owasp("A07", "Identification and Authentication Failures"),
        _owasp("A09", "Security Logging and Monitoring Failures"),
    ),
)
TAXONOMIES = (CWE, OWASP)

_OF_CLASS = {
    "database-password": ("CWE-798", "CWE-259", "CWE-540"),
    "encryption-key": ("CWE-798", "CWE-321", "CWE-540"),
    "jwt-signing": ("CWE-798", "CWE-321", "CWE-540"),
    "certificate": ("CWE-798", "CWE-321", "CWE-540"),
}
_OF_ANY = ("CWE-798", "CWE-540")
_OWASP_OF_CWE = {
    "CWE-256": "A04",
    "CWE-259": "A07",
    "CWE-312": "A04",
    "CWE-321": "A02",
    "CWE-326": "A02",
    "CWE-522": "A04",
    "CWE-532": "A09",
    "CWE-540": "A01",
    "CWE-798": "A07",
}
"""OWASP's own mapping of the 2021 edition, https://owasp.org/Top10/."""


def weaknesses(rule: Rule) -> tuple[str, ...]:
    """Return the CWE ids of a rule, the main one first: those its tags name, else those of its rotation class."""
    known = {entry.id for entry in CWE.entries}
    named = (f"CWE-{int(m[1])}" for tag in rule.tags if (m := re.fullmatch(r"(?:external/cwe/)?cwe-(\d{1,6})", tag)))
    return tuple(dict.fromkeys(one for one in named if one in known)) or _OF_CLASS.get(rule.rotation_class, _OF_ANY)


def owasp_of(cwe_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the categories of the OWASP Top 10 that belong to CWE ids, without repeats."""
    return tuple(dict.fromkeys(_OWASP_OF_CWE[one] for one in cwe_ids))
