"""From what was found to the report: every place of a blob, one finding per secret, thresholds, exit code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from scanner import __version__
from scanner.commands.console import CLEAN, FOUND, INCOMPLETE, INTERRUPTED
from scanner.commands.targets import Job
from scanner.config import Config
from scanner.findings import Seen, build_findings, seen_in, split_by_threshold
from scanner.globs import PathGlobs
from scanner.model import (
    ABSENT_BY_CLONE,
    HARMLESS_SKIPS,
    BlobKind,
    BlobMatches,
    Finding,
    Provenance,
    Report,
    ScanStats,
    SkipReason,
)
from scanner.ruleset import Ruleset
from scanner.scan import Tally
from scanner.sources import git, history
from scanner.sources.objects import ObjectReader


def report_of(job: Job, ruleset: Ruleset, settings: Config, tally: Tally, *, exit_zero: bool) -> Report:
    """Return the report on all that `tally` holds."""
    rules = {rule.id: rule for rule in ruleset.rules}
    seen = _without_excluded(_seen(job, tally.found), rules, PathGlobs(settings.exclude))
    findings, below = split_by_threshold(
        build_findings(seen, rules),
        min_severity=settings.min_severity,
        min_confidence=settings.min_confidence,
    )
    stats = ScanStats(
        blobs=tally.blobs,
        bytes=tally.bytes,
        commits=tally.commits,
        skipped=tuple(sorted(set(tally.skipped))),
        dropped=dict(sorted(tally.dropped.items())),
        accepted=HARMLESS_SKIPS | ABSENT_BY_CLONE if settings.allow_shallow else HARMLESS_SKIPS,
    )
    return Report(
        target=job.target,
        findings=findings,
        rules={finding.rule_id: rules[finding.rule_id] for finding in findings},
        stats=stats,
        tool_version=__version__,
        rules_digest=ruleset.digest,
        rule_count=len(ruleset.rules),
        exit_code=_exit_code(findings, stats, exit_zero=exit_zero),
        below_threshold=below,
    )


def _exit_code(findings: Sequence[Finding], stats: ScanStats, *, exit_zero: bool) -> int:
    if any(skip.reason == SkipReason.INTERRUPTED for skip in stats.skipped):
        return INTERRUPTED
    if findings and not exit_zero:
        return FOUND
    return CLEAN if stats.is_complete else INCOMPLETE


def _without_excluded(seen: Iterable[Seen], rules: Any, exclude: PathGlobs) -> list[Seen]:
    import re

    kept = []
    for one in seen:
        path, pattern = one.provenance.path, rules[one.match.rule_id].path_pattern
        if not exclude.is_match(path) and (pattern is None or re.search(pattern, path)):
            kept.append(one)
    return kept


def _seen(job: Job, found: Sequence[BlobMatches]) -> list[Seen]:
    """Return every match at every place of its blob."""
    if job.repository is None or not found:
        return [one for blob in found for one in seen_in(blob, [(Provenance(blob.path or ""), 0)])]
    with ObjectReader(job.repository) as reader:
        if job.before is not None:
            return _seen_staged(found, job.before, reader)
        return _seen_in_history(job, job.repository, found, reader)


def _seen_staged(found: Sequence[BlobMatches], before: dict[str, str], reader: ObjectReader) -> list[Seen]:
    out = []
    for blob in found:
        path = blob.path or ""
        old = (before[path],) if before.get(path) else ()
        out += _new_only(seen_in(blob, [(Provenance(path), 0)]), old, reader)
    return out


def _seen_in_history(
    job: Job, repository: git.Repository, found: Sequence[BlobMatches], reader: ObjectReader
) -> list[Seen]:
    oids = {blob.oid for blob in found if blob.oid and blob.kind is BlobKind.FILE}
    places = history.places_of(repository, oids, revisions=job.revisions)
    is_range = job.revisions != history.EVERYTHING
    out: list[Seen] = []
    for blob in found:
        if blob.kind is not BlobKind.FILE:
            out += seen_in(blob, [(history.text_provenance(reader, str(blob.oid), path=str(blob.path)), 0)])
            continue
        for place in places.get(str(blob.oid), ()):
            seen = seen_in(blob, [(place.provenance, place.order)])
            out += _new_only(seen, place.before, reader) if is_range else seen
    return out


def _new_only(seen: Sequence[Seen], before: Sequence[str], reader: ObjectReader) -> list[Seen]:
    """Return those whose secret none of the blobs `before` holds: what a change did not bring in is not its own."""
    contents = [data for oid in before if isinstance(data := reader.read(oid), bytes)]
    if not contents:
        return list(seen)
    return [
        one
        for one in seen
        if not any(one.match.secret.value.encode("utf-8", "surrogateescape") in data for data in contents)
    ]
