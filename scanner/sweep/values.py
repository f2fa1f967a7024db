"""The values of a sweep: what is asked for, what one repository gave. All of them can be pickled to another machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from scanner.model import State

DAY_S = 86_400
OPEN_STATES = (State.IN_HEAD, State.ON_OTHER_REFS)


@dataclass(frozen=True, slots=True, order=True)
class SweepTarget:
    """One repository: `id` names it in the store and in reports; `location` is a folder, or a URL to clone."""

    id: str
    location: str
    is_remote: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a repository from the last time it was read to its end under `rules_digest`.

    `state` is the digest of its refs and its object store; `seen` is what `pack_names` made of the object ids that
    were read; `matched` are the blobs in which something was found; `skips` are what could not be read, for good.
    """

    state: str
    rules_digest: str
    seen: bytes = field(repr=False)
    matched: tuple[str, ...] = ()
    skips: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """How every repository is scanned. `cache` is the folder of clones."""

    cache: str
    rules: tuple[str, ...] = ()
    use_default_rules: bool = True
    max_blob_bytes: int = 100 << 20
    min_severity: str = "low"
    min_confidence: str = "medium"
    allow_shallow: bool = False
    allowed_protocols: tuple[str, ...] = ("https", "ssh", "file")


@dataclass(frozen=True, slots=True)
class Task:
    """One repository to read, by `jobs` processes; `key` makes the keyed fingerprints of this sweep.

    `slot` is the line of the progress display on which it is shown.
    """

    target: SweepTarget
    options: SweepOptions
    key: bytes = field(repr=False)
    known: Known | None = None
    jobs: int = 1
    slot: int = 0


class FoundSecret(NamedTuple):
    """One finding, without its secret: `cluster` is equal for equal secrets, in this sweep's store only."""

    fingerprint: str
    cluster: str
    rule_id: str
    severity: str
    path: str
    state: str
    introduced_s: int | None
    exposure_days: int | None

    def aged(self, now_s: int) -> FoundSecret:
        """Return the same with an exposure up to `now_s`, if it goes on: the repository may be as it was for long."""
        if self.introduced_s is None or self.exposure_days is None or self.state not in OPEN_STATES:
            return self
        return self._replace(exposure_days=max(0, now_s - self.introduced_s) // DAY_S)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one repository gave.

    `status` is `read`, `unchanged` (nothing below is filled in), or `failed` with the cause in `error`.
    `document` is the JSON report, secrets masked; `known` is None where the next sweep must read everything again.
    """

    target_id: str
    status: str
    error: str = ""
    document: bytes = field(default=b"", repr=False)
    known: Known | None = None
    found: tuple[FoundSecret, ...] = ()
    is_complete: bool = False
    read_blobs: int = 0
    read_bytes: int = 0
    seconds: float = 0.0
