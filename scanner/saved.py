"""A saved scan (`-f json`) -> Report: hand-edited or hostile input gives a clear error, never a crash."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from scanner.errors import ReportError
from scanner.model import (
    CONFIDENCES,
    ENTRY_STATES,
    SEVERITIES,
    Assessment,
    BaselineEntry,
    CommitStamp,
    EventKind,
    Finding,
    Occurrence,
    Person,
    Provenance,
    Region,
    Report,
    Rule,
    ScanStats,
    Secret,
    Skip,
    SkipReason,
    Snippet,
    Standing,
    State,
    Story,
    StoryEvent,
    Suppression,
    Target,
)
from scanner.reporters.document import SCHEMA_VERSION
from scanner.reporters.safe import printable

MAX_FILE_BYTES = 2 << 30
_MAX_NUMBER = 1 << 53
_IDENTITY = r"[0-9A-Za-z:._/+=-]{1,200}"
_ENTRY = r"[hs][0-9a-f]{32}:[0-9a-f]{16}"
_OID = r"[0-9a-f]{40}|[0-9a-f]{64}"
_URL = r"https?://[^\s\"'<>]+"

T = TypeVar("T")


def read_report(path: str) -> Report:
    """Return the report that `-f json` wrote to `path`, or to standard input for `-`.

    Secrets are what the file holds of them: their masks, unless it was written with `--show-secrets`.
    Raises ReportError that names the file, the field and what is wrong with it.
    """
    return report_of_document(_content(path), name=path)


def report_of_document(content: bytes, *, name: str) -> Report:
    """Return the report in `content`, which `-f json` wrote; `name` stands for it in errors. Raises ReportError."""
    whole = _Node(_parsed(content, name), name, "the document")
    version = whole.text("schema_version")
    if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise ReportError(f"{name}: schema_version {version!r}: this leaksweep reads {SCHEMA_VERSION}")
    return _report(whole)


def _content(path: str) -> bytes:
    try:
        if path == "-":
            content = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
        else:
            with open(path, "rb") as stream:
                content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror or error}") from error
    if len(content) > MAX_FILE_BYTES:
        raise ReportError(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    return content


def _parsed(content: bytes, path: str) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ReportError(f"{path}:{error.lineno}: no saved scan of -f json: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{path}: no saved scan of -f json: {type(error).__name__}") from error


class _Node:
    """A JSON value that knows where it stands, so that an error can say so."""

    def __init__(self, value: object, file: str, where: str) -> None:
        self._value, self._file, self._where = value, file, where

    def error(self, wanted: str) -> ReportError:
        return ReportError(f"{self._file}: {self._where} is not {wanted}")

    def __getitem__(self, key: str) -> _Node:
        """Return the member `key`; one that is not there is like null."""
        if not isinstance(self._value, dict):
            raise self.error("an object")
        return _Node(self._value.get(key), self._file, key if self._where == "the document" else f"{self._where}.{key}")

    def items(self, key: str) -> Iterator[_Node]:
        """Yield the elements of the list `key`; a list that is not there is empty."""
        node = self[key]
        if node.is_null:
            return
        if not isinstance(node._value, list):
            raise node.error("a list")
        for number, item in enumerate(node._value):
            yield _Node(item, self._file, f"{node._where}[{number}]")

    def maybe(self, key: str, read: Callable[[_Node], T]) -> T | None:
        """Return what `read` makes of the member `key`, or None if it is null or not there."""
        node = self[key]
        return None if node.is_null else read(node)

    @property
    def is_null(self) -> bool:
        return self._value is None

    @property
    def raw(self) -> str:
        if not isinstance(self._value, str):
            raise self.error("a text")
        return self._value

    def text(self, key: str, pattern: str | None = None) -> str:
        """Return a text fit to print; raises ReportError unless `pattern`, if given, fits all of it."""
        node = self[key]
        return node.word(pattern) if pattern else printable(node.raw)

    def word(self, pattern: str) -> str:
        if not re.fullmatch(pattern, self.raw):
            raise self.error(f"of the form {pattern}")
        return self.raw

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(printable(item.raw) for item in self.items(key))

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        node = self[key]
        if node.raw not in allowed:
            raise node.error(f"one of {', '.join(allowed)}")
        return node.raw

    def number(self, least: int = 0, most: int = _MAX_NUMBER) -> int:
        value = self._value
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.error(f"a whole number from {least} to {most}")
        return value

    def flag(self) -> bool:
        if not isinstance(self._value, bool):
            raise self.error("true or false")
        return self._value

    def counts(self) -> dict[str, int]:
        if not isinstance(self._value, dict):
            raise self.error("an object")
        return {printable(key): self[key].number() for key in self._value}


def _report(whole: _Node) -> Report:
    rules = {rule.id: rule for rule in map(_rule, whole.items("rules"))}
    findings = tuple(_finding(node, rules) for key in ("findings", "settled") for node in whole.items(key))
    tool, asked, summary = whole["tool"], whole["target"], whole["summary"]
    return Report(
        target=Target(
            mode=asked.text("mode", r"[a-z-]{1,40}"),
            location=asked.text("location"),
            detail=asked.text("detail"),
            revision=asked.maybe("revision", lambda node: node.word(_OID)),
            repository_uri=asked.maybe("repository_uri", lambda node: node.word(r"[a-z+]{1,20}://[!-~]{1,1000}")),
        ),
        findings=findings,
        rules=rules,
        stats=_stats(whole["coverage"]),
        tool_version=tool.text("version"),
        rules_digest=tool.text("rules_digest"),
        rule_count=tool["rules"].number(),
        exit_code=summary["exit_code"].number(most=255),
        below_threshold=summary["below_threshold"].number(),
        standing=_standing(whole["standing"]),
    )


def _standing(node: _Node) -> Standing:
    return Standing(
        baseline=node.maybe("baseline", lambda path: printable(path.raw)),
        new=node["new"].number(),
        unchanged=node["unchanged"].number(),
        suppressed=node["suppressed"].number(),
        in_grace=node["in_grace"].number(),
        absent=tuple(map(_absent, node.items("absent"))),
        stale=node.texts("stale"),
        notes=node.texts("notes"),
    )


def _absent(node: _Node) -> BaselineEntry:
    secret_hash, _, place_hash = node.text("identity", _ENTRY).partition(":")
    return BaselineEntry(
        rule_id=node.text("rule_id"),
        path=_path(node, "path"),
        secret_hash=secret_hash,
        place_hash=place_hash,
        hint="",
        state=node.choice("state", ENTRY_STATES),
        reason=node.text("reason"),
    )


def _stats(node: _Node) -> ScanStats:
    reasons = tuple(SkipReason)
    return ScanStats(
        blobs=node["blobs"].number(),
        bytes=node["bytes"].number(),
        commits=node["commits"].number(),
        skipped=tuple(
            Skip(SkipReason(skip.choice("reason", reasons)), skip.text("what"), skip.text("detail"))
            for skip in node.items("skipped")
        ),
        dropped=node.maybe("dropped", _Node.counts) or {},
        accepted=frozenset(SkipReason(_chosen(item, reasons)) for item in node.items("accepted")),
    )


def _chosen(node: _Node, allowed: Sequence[str]) -> str:
    if node.raw not in allowed:
        raise node.error(f"one of {', '.join(allowed)}")
    return node.raw


def _rule(node: _Node) -> Rule:
    return Rule(
        id=node.text("id", r"[A-Za-z0-9._-]{1,200}"),
        family=node.text("family", r"[A-Za-z0-9._-]{1,200}"),
        name=node.text("name"),
        description=node.text("description"),
        severity=node.choice("severity", SEVERITIES),
        confidence=node.choice("confidence", CONFIDENCES),
        pattern="",
        rotation_class=node.text("rotation_class", r"[a-z-]{1,40}"),
        references=tuple(item.word(_URL) for item in node.items("references")),
        revoke_url=node.maybe("revoke_url", lambda url: url.word(_URL)),
        tags=node.texts("tags"),
    )


def _finding(node: _Node, rules: dict[str, Rule]) -> Finding:
    snippet = node.text("snippet")
    return Finding(
        rule_id=node.choice("rule_id", tuple(rules)),
        severity=node.choice("severity", SEVERITIES),
        confidence=node.choice("confidence", CONFIDENCES),
        message=node.text("message"),
        secret=_secret(node["secret"]),
        region=_region(node),
        provenance=_provenance(node),
        fingerprint=node.text("fingerprint", _IDENTITY),
        snippet=Snippet(snippet, *_mark(node, len(snippet))),
        occurrences=tuple(map(_occurrence, node.items("occurrences"))),
        notes=node.texts("notes"),
        suppressions=tuple(
            Suppression(one.choice("kind", ("inSource", "external")), one.text("justification"), one.text("origin"))
            for one in node.items("suppressions")
        ),
        baseline_state=node.maybe("baseline_state", lambda state: state.word("[a-z]{1,20}")),
        in_grace=node["in_grace"].flag(),
        decoding=node.texts("decoding"),
        story=node.maybe("story", _story),
        assessment=node.maybe("assessment", _assessment),
        more_occurrences=_more(node, "occurrence_count", "occurrences"),
    )


def _secret(node: _Node) -> Secret:
    """Return the value if the file shows it, else its mask, which is its own mask."""
    return Secret(node["masked" if node["value"].is_null else "value"].raw)


def _mark(node: _Node, length: int) -> tuple[int, int]:
    ends = [item.number(most=length) for item in node.items("snippet_mark")]
    if len(ends) != 2 or ends[0] > ends[1]:
        raise node["snippet_mark"].error("a span of the snippet")
    return ends[0], ends[1]


def _region(node: _Node) -> Region:
    keys = "start_line", "start_column", "end_line", "end_column"
    return Region(*(node[key].number(1) for key in keys))


def _provenance(node: _Node) -> Provenance:
    return Provenance(
        path=_path(node, "path"),
        commit=node.maybe("commit", lambda oid: oid.word(_OID)),
        author=node.maybe("author", _person),
        committer=node.maybe("committer", _person),
    )


def _path(node: _Node, key: str) -> str:
    encoded = node[f"{key}_encoded"]
    if encoded.is_null:
        return node.text(key)
    return unquote_to_bytes(encoded.word(r"[!-~]+")).decode("utf-8", "surrogateescape")


def _occurrence(node: _Node) -> Occurrence:
    return Occurrence(_provenance(node), _region(node), node.maybe("blob", lambda oid: oid.word(_OID)))


def _person(node: _Node) -> Person:
    address = "" if node["email"].is_null else node.text("email")
    return Person(node.text("name"), address, node.maybe("date", _time))


def _time(node: _Node) -> int:
    try:
        return int(datetime.fromisoformat(node.raw).timestamp())
    except (ValueError, OverflowError) as error:
        raise node.error("a date of ISO 8601") from error


def _story(node: _Node) -> Story:
    return Story(
        state=State(node.choice("state", tuple(State))),
        events=tuple(map(_event, node.items("events"))),
        branches=node["reachable_from"].texts("branches"),
        tags=node["reachable_from"].texts("tags"),
        other_refs=node["reachable_from"].texts("other_refs"),
        present_in=node.texts("present_in"),
        current=node.maybe("current", _occurrence),
        blob_count=node["blob_count"].number(),
        exposure_days=node.maybe("exposure_days", lambda days: days.number(-_MAX_NUMBER)),
        has_doubtful_dates=node["has_doubtful_dates"].flag(),
        unknowns=node.texts("unknowns"),
        more_events=_more(node, "event_count", "events"),
        more_refs=(
            _more(node["reachable_from"], "branch_count", "branches"),
            _more(node["reachable_from"], "tag_count", "tags"),
            _more(node["reachable_from"], "other_ref_count", "other_refs"),
            _more(node, "present_in_count", "present_in"),
        ),
    )


def _more(node: _Node, count: str, items: str) -> int:
    """Return how many of the items the file leaves out; a file without the count leaves out none."""
    listed = sum(1 for _ in node.items(items))
    return (node.maybe(count, lambda number: number.number(listed)) or listed) - listed


def _event(node: _Node) -> StoryEvent:
    stamp = node["commit"]
    return StoryEvent(
        kind=EventKind(node.choice("kind", tuple(EventKind))),
        path=_path(node, "path"),
        commit=CommitStamp(stamp.text("oid", _OID), stamp.maybe("author", _person), stamp.maybe("committer", _person)),
        start_line=node.maybe("start_line", lambda line: line.number(1)),
        from_path=None if node["from_path"].is_null else _path(node, "from_path"),
    )


def _assessment(node: _Node) -> Assessment:
    return Assessment(
        priority=node["priority"].number(most=100),
        reasons=node.texts("reasons"),
        overdue_days=node.maybe("overdue_days", _Node.number),
        reuse_count=node["reuse_count"].number(1),
        is_client_side=node["is_client_side"].flag(),
        environment=node.maybe("environment", lambda word: word.word("[a-z]{1,20}")),
        owners=node.texts("owners"),
    )
