"""Who is meant: a `.mailmap`, read as data. The format is that of gitmailmap(5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from scanner.model import Person

MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Mailmap:
    """Names and addresses as committed, folded, and what they stand for; an empty field keeps what was committed."""

    entries: dict[tuple[str | None, str], tuple[str, str]]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Return the mailmap of a file; a line that is none is passed over, as git does."""
        entries: dict[tuple[str | None, str], tuple[str, str]] = {}
        for line in data[:MAX_BYTES].decode("utf-8", "surrogateescape").split("\n"):
            name, email, old_name, old_email = _fields(line)
            key = (old_name.lower() or None, old_email.lower()) if old_email else (None, email.lower())
            if key[1] and (old_email or name):
                known = entries.get(key, ("", ""))
                entries[key] = (name or known[0], (email if old_email else "") or known[1])
        return cls(entries)

    def __call__(self, person: Person | None) -> Person | None:
        """Return the person that is meant."""
        if person is None or not self.entries:
            return person
        email = person.email.lower()
        known = self.entries.get((person.name.lower(), email)) or self.entries.get((None, email))
        if known is None:
            return person
        name, address = known
        return person._replace(name=name or person.name, email=address or person.email)


def _fields(line: str) -> tuple[str, str, str, str]:
    """Return the name and the address that are meant, and those that were committed; empty where not given."""
    if line.lstrip().startswith("#"):
        return "", "", "", ""
    name, _, rest = line.partition("<")
    email, is_closed, rest = rest.partition(">")
    old_name, _, rest = rest.partition("<")
    old_email, is_old_closed, _ = rest.partition(">")
    if not is_closed:
        return "", "", "", ""
    if not is_old_closed:
        return name.strip(), email.strip(), "", ""
    return name.strip(), email.strip(), old_name.strip(), old_email.strip()
