"""The values that pass through the doors: frozen, slotted, without behaviour beyond reading themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

SEVERITIES = ("critical", "high", "medium", "low")
CONFIDENCES = ("high", "medium", "low")
LEVEL_OF_SEVERITY = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}

MASK_CHARACTERS = 16
"""Asterisks that stand for a secret, whatever its length, so that the mask does not tell the length."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A value that must stay private; `repr`, `str` and `format` show a mask."""

    value: str

    @property
    def mask(self) -> str:
        """Return the first four characters of a long secret, none of a short one, then asterisks."""
        shown = 4 if len(self.value) >= 20 else 0
        head = "".join(c if c.isascii() and c.isprintable() else "*" for c in self.value[:shown])
        return head + "*" * MASK_CHARACTERS

    def __str__(self) -> str:
        return self.mask

    def __repr__(self) -> str:
        return f"Secret({self.mask})"

    def __format__(self, specification: str) -> str:
        return format(self.mask, specification)


class Companion(NamedTuple):
    """Another rule that must match within `within_lines` lines of this one."""

    rule_id: str
    within_lines: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What to look for; docs/rules.md describes every field."""

    id: str
    family: str
    name: str
    description: str
    severity: str
    confidence: str
    pattern: str
    keywords: tuple[str, ...] = ()
    min_entropy_bits: tuple[tuple[str, float], ...] = ()
    path_pattern: str | None = None
    checksum: str | None = None
    companions: tuple[Companion, ...] = ()
    part_of: tuple[Companion, ...] = ()
    added_filters: tuple[str, ...] = ()
    disabled_filters: tuple[str, ...] = ()
    rotation_class: str = "other"
    references: tuple[str, ...] = ()
    revoke_url: str | None = None
    tags: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    negative_examples: tuple[str, ...] = ()
    enabled: bool = True
    formats: tuple[str, ...] = ()
    judge: str | None = None


class Person(NamedTuple):
    """A name and an address as a commit states them, and when, in seconds since the epoch (UTC)."""

    name: str
    email: str
    time_s: int | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a blob was seen. `path` is a POSIX path, or a description in angle brackets if it has none."""

    path: str
    commit: str | None = None
    author: Person | None = None
    committer: Person | None = None


class BlobKind(StrEnum):
    """What a blob's bytes are: a file's content, or the text of a commit or an annotated tag."""

    FILE = "file"
    COMMIT = "commit"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Blob:
    """One content, named by its git object id, or by None where git has none for it."""

    data: bytes = field(repr=False)
    path: str | None = None
    oid: str | None = None
    kind: BlobKind = BlobKind.FILE


@dataclass(frozen=True, slots=True)
class Region:
    """Lines and columns from 1, end column exclusive, columns in code points."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A window of a blob, decoded: `text` begins at byte `offset` of the blob.

    Bytes that are not UTF-8 are lone surrogates (`surrogateescape`), so that offsets can be mapped back.
    """

    text: str = field(repr=False)
    offset: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """The line on which a secret begins, cut to a readable width, every secret in it masked."""

    text: str
    mark_start: int
    mark_end: int


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern hit in one blob that no filter dropped.

    `start` and `end` are the secret's half-open byte offsets in the blob. `decoding` names the decoders through
    which it was seen, outermost first (`base64`, `gzip`); `member` is its path inside a container, `a/b!c`.
    """

    rule_id: str
    secret: Secret
    start: int
    end: int
    region: Region
    snippet: Snippet
    checksum_failed: bool = False
    confidence: str | None = None
    decoding: tuple[str, ...] = ()
    member: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BlobMatches:
    """A blob without its bytes, and what was found in it."""

    path: str | None
    oid: str | None
    kind: BlobKind
    matches: tuple[Match, ...]


class SkipReason(StrEnum):
    """Why something was not read, or not to its end."""

    TOO_LARGE = "too large"
    UNREADABLE = "unreadable"
    SPECIAL_FILE = "special file"
    MISSING_OBJECT = "missing object"
    CORRUPT_OBJECT = "corrupt object"
    TIME_LIMIT = "time limit"
    MATCH_LIMIT = "match limit"
    SHALLOW_BOUNDARY = "shallow boundary"
    PARTIAL_CLONE = "partial clone"
    LFS_POINTER = "LFS pointer"
    SUBMODULE = "submodule"
    WORKER_DIED = "worker died"
    CHANGED_WHILE_READ = "changed while read"
    OUTSIDE = "outside of what was asked for"
    EXCLUDED = "excluded"
    GIT_FAILED = "git failed"
    NO_MEMORY = "not enough memory"
    INTERRUPTED = "interrupted"
    ARCHIVE_LIMIT = "archive limit"
    DECODE_LIMIT = "decode limit"
    CORRUPT_ARCHIVE = "corrupt archive"
    ENCRYPTED = "encrypted"
    UNKNOWN_FORMAT = "format not read"


ABSENT_BY_CLONE = frozenset({SkipReason.SHALLOW_BOUNDARY, SkipReason.PARTIAL_CLONE})
"""What a shallow or partial clone does not hold; a user may accept it."""

HARMLESS_SKIPS = frozenset({SkipReason.LFS_POINTER, SkipReason.SUBMODULE, SkipReason.EXCLUDED, SkipReason.SPECIAL_FILE})
"""Told in every report, but no reason to call the scan incomplete: the content is not of this repository,
the user asked for it, or (a FIFO, socket or device) there is no content to read."""


class Skip(NamedTuple):
    """One thing that was not read: `what` names it (a path, an object id), `detail` tells more or is empty."""

    reason: SkipReason
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ScanStats:
    """What was read and what was not. `dropped` maps a filter's reason to a number of matches."""

    blobs: int = 0
    bytes: int = 0
    commits: int = 0
    skipped: tuple[Skip, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    accepted: frozenset[SkipReason] = HARMLESS_SKIPS

    @property
    def is_complete(self) -> bool:
        """Return whether everything that was asked for was read to its end; `accepted` skips do not count."""
        return all(skip.reason in self.accepted for skip in self.skipped)


@dataclass(frozen=True, slots=True)
class Suppression:
    """A person's decision on a finding; `kind` is `inSource` or `external`, `origin` tells the mark or the file."""

    kind: str
    justification: str
    origin: str = ""


ENTRY_STATES = ("known", "false-positive", "accepted-risk", "revoked", "used-in-tests")


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """One known finding. `secret_hash` and `place_hash` are keyed by the baseline; `line` is that of the file.

    `expires` is a day as YYYY-MM-DD or empty; `ruleset` names the rule set that found it; `was_gone` tells that
    the secret stood in history only when it was noted down.
    """

    rule_id: str
    path: str
    secret_hash: str
    place_hash: str
    hint: str
    state: str = "known"
    reason: str = ""
    owner: str = ""
    expires: str = ""
    ruleset: str = ""
    was_gone: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place of a secret: a blob, at a path, first seen with a commit."""

    provenance: Provenance
    region: Region
    blob_oid: str | None


class State(StrEnum):
    """Where a secret is today, as far as the repository knows."""

    IN_HEAD = "in HEAD"
    ON_OTHER_REFS = "on other refs"
    REMOVED = "removed, still in history"
    UNREACHABLE = "unreachable"


class CommitStamp(NamedTuple):
    """A commit of a story: its id, who wrote it and who committed it, as the commit itself states."""

    oid: str
    author: Person | None = None
    committer: Person | None = None


class EventKind(StrEnum):
    """What a commit did with a secret at a path."""

    INTRODUCED = "introduced"
    MOVED = "moved"
    REMOVED = "removed"
    REINTRODUCED = "reintroduced"


class StoryEvent(NamedTuple):
    """One step of a story. `path` is where the secret stands after it, or stood before it was removed."""

    kind: EventKind
    path: str
    commit: CommitStamp
    start_line: int | None = None
    from_path: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What history knows of one secret: its events by topology, the refs that reach it, how long it was exposed.

    `branches`, `tags` and `other_refs` are the refs whose history holds the secret, so that who fetches them gets
    it; `present_in` are those whose newest commit still has it. `current` is where it stands in HEAD.
    `exposure_days` runs by committer dates from the introduction to the removal, or to the scan if it is still
    there; None where a date is not known. `unknowns` tells in words what the history at hand cannot answer.
    `more_events` and `more_refs` (branches, tags, other refs, present in) count those that a saved report left out.
    """

    state: State
    events: tuple[StoryEvent, ...] = ()
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    other_refs: tuple[str, ...] = ()
    present_in: tuple[str, ...] = ()
    current: Occurrence | None = None
    blob_count: int = 0
    exposure_days: int | None = None
    has_doubtful_dates: bool = False
    unknowns: tuple[str, ...] = ()
    more_events: int = 0
    more_refs: tuple[int, int, int, int] = (0, 0, 0, 0)

    @property
    def introduced(self) -> StoryEvent | None:
        """Return the first introduction, if one is known."""
        kinds = EventKind.INTRODUCED, EventKind.REINTRODUCED
        return next((event for event in self.events if event.kind in kinds), None)

    @property
    def removed(self) -> StoryEvent | None:
        """Return the last removal, or None if there is none or HEAD has the secret (again)."""
        if self.state is State.IN_HEAD:
            return None
        return next((event for event in reversed(self.events) if event.kind is EventKind.REMOVED), None)


@dataclass(frozen=True, slots=True)
class Assessment:
    """How urgent a finding is, and why: `priority` runs from 0 to 100, `reasons` tells in words what made it.

    `overdue_days` is how long ago the secret should have been replaced at the latest, None if it is not overdue or
    its age is not known; `reuse_count` is at how many paths the same secret stands; `environment` is what its path
    says (`production`, `staging`, `development`, `test`); `owners` are those of CODEOWNERS.
    """

    priority: int
    reasons: tuple[str, ...] = ()
    overdue_days: int | None = None
    reuse_count: int = 1
    is_client_side: bool = False
    environment: str | None = None
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One secret under one rule at one path; `occurrences` lists every place, in the order of the commits.

    `more_occurrences` counts those that a saved report left out.
    """

    rule_id: str
    severity: str
    confidence: str
    message: str
    secret: Secret
    region: Region
    provenance: Provenance
    fingerprint: str
    snippet: Snippet
    occurrences: tuple[Occurrence, ...]
    notes: tuple[str, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    baseline_state: str | None = None
    in_grace: bool = False
    decoding: tuple[str, ...] = ()
    story: Story | None = None
    assessment: Assessment | None = None
    more_occurrences: int = 0

    @property
    def is_open(self) -> bool:
        """Return whether nobody has decided on the finding yet, and it is still found."""
        return not self.suppressions and self.baseline_state != "absent"

    @property
    def level(self) -> str:
        """Return the SARIF level that belongs to the severity; no error while the finding only warns."""
        level = LEVEL_OF_SEVERITY[self.severity]
        return "warning" if self.in_grace and level == "error" else level


@dataclass(frozen=True, slots=True)
class Target:
    """What was scanned, in words that a report can print. `repository_uri` holds no name and no password."""

    mode: str
    location: str
    detail: str = ""
    revision: str | None = None
    repository_uri: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the findings stand to what people decided before; `baseline` is the file's path, or None without one.

    `new` counts what fails the scan, `unchanged` what the baseline knows, `suppressed` what a mark or the ignore
    file settles, `in_grace` the new findings of rules that the baseline does not know yet; `absent` are entries
    whose secret is gone. `stale` and `notes` are sentences about decisions that hold for nothing, or do not count.
    """

    baseline: str | None = None
    new: int = 0
    unchanged: int = 0
    suppressed: int = 0
    in_grace: int = 0
    absent: tuple[BaselineEntry, ...] = ()
    stale: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All that a reporter may tell. `rules` holds the rules of the findings, by id."""

    target: Target
    findings: tuple[Finding, ...]
    rules: Mapping[str, Rule]
    stats: ScanStats
    tool_version: str
    rules_digest: str
    rule_count: int
    exit_code: int
    below_threshold: int = 0
    standing: Standing = Standing()


class ChangeKind(StrEnum):
    """What a CI event is about: two ends to compare, a ref that moved, the whole repository, or nothing to read."""

    COMPARE = "compare"
    UPDATE = "update"
    FULL = "full"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Change:
    """What a CI system says has changed. `base` and `head` are revisions as it names them, not looked up yet."""

    kind: ChangeKind
    platform: str
    event: str
    base: str | None = None
    head: str | None = None
    branch: str = ""
    default_branch: str = ""


@dataclass(frozen=True, slots=True)
class ResolvedRange:
    """The commits to look at: `mode` is `range` (those of `head` and not of `base`), `history` or `nothing`.

    `trusted` is the revision whose baseline, configuration and pragmas count; `commits` is the size of the range.
    """

    mode: str
    base: str | None = None
    head: str | None = None
    why: str = ""
    commits: int = 0
    trusted: str | None = None
