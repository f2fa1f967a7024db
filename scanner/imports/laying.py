"""Foreign records laid beside our own findings: which of ours another tool knows already."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from scanner.imports.records import Record, plain_path
from scanner.model import Finding, Occurrence

_LEAST = 6
"""Characters that two spans of a secret must share: another tool may cut a little more or less."""

_PREFIX = re.compile(r"(?<=[A-Za-z0-9])[_-].*", re.DOTALL)
_BOUNDS = re.compile(r"[\s\"'`=,;:()<>\[\]{}|]+")


class Laid(NamedTuple):
    """Which record speaks for which finding, by index, and the records that speak for none."""

    known: Mapping[int, Record]
    unused: tuple[Record, ...]


def lay(
    records: Sequence[Record], findings: Sequence[Finding], *, root: str, line_of: Callable[[Finding], str]
) -> Laid:
    """Return which findings the records speak for; `line_of` returns the text of a finding's newest line."""
    by_path: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        by_path[plain_path(record.path, root)].append(record)
    known: dict[int, Record] = {}
    used: set[int] = set()
    for index, finding in enumerate(findings):
        paths = {finding.provenance.path, *(one.provenance.path for one in finding.occurrences)}
        near = [record for path in sorted(paths) for record in by_path.get(path, ())]
        speaking = [record for record in near if _speaks_for(record, finding, line_of)]
        if speaking:
            known[index] = speaking[0]
            used.update(map(id, speaking))
    return Laid(known, tuple(record for record in records if id(record) not in used))


def _speaks_for(record: Record, finding: Finding, line_of: Callable[[Finding], str]) -> bool:
    secret = finding.secret.value
    if record.secret:
        return _overlap(record.secret.strip(), secret.strip())
    if record.sha1:
        return record.sha1 in map(_sha1, _spellings(secret, line_of(finding))) or (
            # Some plugins of detect-secrets hash a token's prefix alone, so the place has to tell.
            record.sha1 == _sha1(_PREFIX.sub("", secret))
            and any(_stands_on(record, one) for one in finding.occurrences)
        )
    return any(_stands_on(record, one) for one in finding.occurrences)


def _overlap(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) >= _LEAST and (one in other or other in one))


def _spellings(secret: str, line: str) -> Iterable[str]:
    """Yield the secret, and what another tool may have cut from its line in its place."""
    yield secret
    for value in {*_BOUNDS.split(line), *re.findall(r"[\"'`]([^\"'`]+)[\"'`]", line)}:
        if _overlap(value, secret):
            yield value


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _stands_on(record: Record, one: Occurrence) -> bool:
    if record.commit and one.provenance.commit and record.commit != one.provenance.commit:
        return False
    return one.region.start_line <= record.last_line and record.first_line <= one.region.end_line
