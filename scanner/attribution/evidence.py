"""What was found, by secret and by blob: the other input of every story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scanner.model import BlobKind, BlobMatches, Match


class Kind(NamedTuple):
    """What tells one secret from another: its rule, its value, and its place inside of a container."""

    rule_id: str
    value: str
    member: str


class Evidence:
    """The secrets, numbered, and their matches. A *content* is a blob's id, or that of a text of a commit."""

    def __init__(self, found: Iterable[BlobMatches]) -> None:
        self.secrets: list[Kind] = []
        self.contents: dict[str, frozenset[int]] = {}
        self.blobs: dict[str, BlobMatches] = {}
        self.texts: dict[str, dict[str, str]] = {}
        self.tags: list[BlobMatches] = []
        self._numbers: dict[Kind, int] = {}
        self._matches: dict[tuple[int, str], list[Match]] = {}
        for blob in found:
            self._add(blob)

    def _add(self, blob: BlobMatches) -> None:
        oid = str(blob.oid)
        if blob.kind is BlobKind.TAG:
            self.tags.append(blob)
            return
        content = oid
        if blob.kind is BlobKind.COMMIT:
            content = f"{oid} {blob.path}"
            self.texts.setdefault(oid, {})[str(blob.path)] = content
        else:
            self.blobs[oid] = blob
        self._note(content, blob.matches)

    def _note(self, content: str, matches: Iterable[Match]) -> None:
        here = set(self.contents.get(content, ()))
        for match in matches:
            kind = Kind(match.rule_id, match.secret.value, match.member)
            number = self._numbers.setdefault(kind, len(self.secrets))
            if number == len(self.secrets):
                self.secrets.append(kind)
            here.add(number)
            self._matches.setdefault((number, content), []).append(match)
        self.contents[content] = frozenset(here)

    def matches(self, secret: int, content: str) -> list[Match]:
        """Return where a secret stands in a content; nothing if the content was not searched."""
        return self._matches.get((secret, content), [])

    def line(self, secret: int, content: str) -> int | None:
        """Return the first line of a secret in a content, if it is known."""
        found = self.matches(secret, content)
        return min(match.region.start_line for match in found) if found else None

    def add_contents(self, more: Mapping[str, Iterable[int]]) -> None:
        """Take in contents that hold known secrets, at places that do not matter."""
        for content, secrets in more.items():
            self.contents[content] = frozenset(secrets) | self.contents.get(content, frozenset())


def inner_path(path: str, member: str) -> str:
    """Return the path of what is inside of a container: `outer.zip!inner/path`."""
    return f"{path}!{member}" if member else path
