"""A report as plain values, for the JSON formats; docs/reports.md describes every field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from scanner.model import (
    SEVERITIES,
    Assessment,
    CommitStamp,
    Finding,
    Occurrence,
    Person,
    Provenance,
    Region,
    Report,
    Rule,
    Secret,
    Story,
    StoryEvent,
)
from scanner.reporters import RenderOptions
from scanner.reporters.people import shown_name
from scanner.reporters.safe import Masker, printable

SCHEMA_VERSION = "1.0"
LISTED = 10
"""Places and events of one finding in a report that does not list all of them."""

NAMED = 50
"""Refs of each kind in such a report: a mirror has thousands, and each finding would name them all."""

T = TypeVar("T")


def head(report: Report, mask: Masker) -> dict[str, Any]:
    """Return what stands before the findings: the version of this schema, who scanned what, and the rules found."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": tool(report),
        "target": target(report, mask),
        "rules": [_rule(rule) for _, rule in sorted(report.rules.items())],
    }


def tool(report: Report) -> dict[str, Any]:
    """Return what made the report."""
    return {
        "name": "leaksweep",
        "version": report.tool_version,
        "rules": report.rule_count,
        "rules_digest": report.rules_digest,
    }


def target(report: Report, mask: Masker) -> dict[str, Any]:
    """Return what was asked for."""
    asked = report.target
    return {
        "mode": asked.mode,
        "location": mask(asked.location),
        "detail": mask(asked.detail),
        "revision": asked.revision,
        "repository_uri": asked.repository_uri,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "family": rule.family,
        "name": printable(rule.name),
        "description": printable(rule.description),
        "severity": rule.severity,
        "confidence": rule.confidence,
        "rotation_class": rule.rotation_class,
        "references": [printable(url) for url in rule.references],
        "revoke_url": None if rule.revoke_url is None else printable(rule.revoke_url),
        "tags": [printable(tag) for tag in rule.tags],
    }


def finding_document(finding: Finding, report: Report, options: RenderOptions, mask: Masker) -> dict[str, Any]:
    """Return one finding; the secret itself only with `show_secrets`."""
    rule = report.rules[finding.rule_id]
    return {
        "rule_id": rule.id,
        "rule_name": printable(rule.name),
        "family": rule.family,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "level": finding.level,
        "message": mask(finding.message),
        **_place(finding.provenance, finding.region, mask),
        "author": _person(finding.provenance.author, mask, options),
        "committer": _person(finding.provenance.committer, mask, options),
        "fingerprint": finding.fingerprint,
        "secret": _secret(finding.secret, options),
        **_snippet(finding, mask),
        "decoding": list(finding.decoding),
        "notes": [mask(note) for note in finding.notes],
        "occurrence_count": len(finding.occurrences) + finding.more_occurrences,
        "occurrences": [_occurrence(place, mask) for place in _listed(finding.occurrences, options)],
        "rotation_class": rule.rotation_class,
        "revoke_url": None if rule.revoke_url is None else printable(rule.revoke_url),
        "tags": [printable(tag) for tag in rule.tags],
        "suppressions": [
            {"kind": s.kind, "justification": mask(s.justification), "origin": mask(s.origin)}
            for s in finding.suppressions
        ],
        "baseline_state": finding.baseline_state,
        "in_grace": finding.in_grace,
        "story": None if finding.story is None else story_document(finding.story, mask, options),
        "assessment": None if finding.assessment is None else _assessment(finding.assessment, mask),
    }


def _secret(secret: Secret, options: RenderOptions) -> dict[str, str]:
    shown = {"value": secret.value.encode("utf-8", "replace").decode()} if options.show_secrets else {}
    return {"masked": secret.mask, **shown}


def _snippet(finding: Finding, mask: Masker) -> dict[str, Any]:
    """Return the masked line, and the half-open span in it, in code points, that stands for the secret."""
    text, start, end = finding.snippet.text, finding.snippet.mark_start, finding.snippet.mark_end
    before, marked, after = mask(text[:start]), mask(text[start:end]), mask(text[end:])
    return {"snippet": before + marked + after, "snippet_mark": [len(before), len(before) + len(marked)]}


def _place(source: Provenance, region: Region, mask: Masker) -> dict[str, Any]:
    return {
        **path_fields("path", source.path, mask),
        "start_line": region.start_line,
        "start_column": region.start_column,
        "end_line": region.end_line,
        "end_column": region.end_column,
        "commit": source.commit,
    }


def path_fields(key: str, path: str, mask: Masker) -> dict[str, str]:
    """Return a path fit to print, and beside it, where printing changes it, its bytes percent-encoded."""
    shown, plain = mask(path), mask.hide(path)
    if shown == plain:
        return {key: shown}
    return {key: shown, f"{key}_encoded": quote(plain.encode("utf-8", "surrogateescape"))}


def _listed(items: Sequence[T], options: RenderOptions) -> Sequence[T]:
    return items if options.all_occurrences else items[:LISTED]


def _occurrence(place: Occurrence, mask: Masker) -> dict[str, Any]:
    return {**_place(place.provenance, place.region, mask), "blob": place.blob_oid}


def _person(person: Person | None, mask: Masker, options: RenderOptions) -> dict[str, Any] | None:
    if person is None:
        return None
    address = {"email": mask(person.email)} if options.show_authors else {}
    return {"name": shown_name(person, options, mask), **address, "date": iso_date(person.time_s)}


def iso_date(time_s: int | None) -> str | None:
    """Return seconds since the epoch as ISO 8601 in UTC; None where there is no such date."""
    try:
        return None if time_s is None else datetime.fromtimestamp(time_s, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return None


def story_document(story: Story, mask: Masker, options: RenderOptions) -> dict[str, Any]:
    """Return what history knows of a secret."""
    events = _listed_events(story, options)
    return {
        "state": story.state,
        "introduced": None if story.introduced is None else _event(story.introduced, mask, options),
        "removed": None if story.removed is None else _event(story.removed, mask, options),
        "exposure_days": story.exposure_days,
        "has_doubtful_dates": story.has_doubtful_dates,
        "reachable_from": {
            **_names("branches", "branch_count", story.branches, story.more_refs[0], mask, options),
            **_names("tags", "tag_count", story.tags, story.more_refs[1], mask, options),
            **_names("other_refs", "other_ref_count", story.other_refs, story.more_refs[2], mask, options),
        },
        **_names("present_in", "present_in_count", story.present_in, story.more_refs[3], mask, options),
        "current": None if story.current is None else _occurrence(story.current, mask),
        "blob_count": story.blob_count,
        "event_count": len(story.events) + story.more_events,
        "events": [_event(event, mask, options) for event in events],
        "unknowns": [mask(text) for text in story.unknowns],
    }


def _names(
    key: str, count: str, names: Sequence[str], more: int, mask: Masker, options: RenderOptions
) -> dict[str, Any]:
    shown = names if options.all_occurrences else names[:NAMED]
    return {key: [mask(name) for name in shown], count: len(names) + more}


def _listed_events(story: Story, options: RenderOptions) -> Sequence[StoryEvent]:
    """Return the first events, and with them the introduction and the removal wherever they are."""
    if options.all_occurrences or len(story.events) <= LISTED:
        return story.events
    kept = {id(event) for event in (story.introduced, story.removed, story.events[-1])}
    return [event for number, event in enumerate(story.events) if number < LISTED - len(kept) or id(event) in kept]


def _event(event: StoryEvent, mask: Masker, options: RenderOptions) -> dict[str, Any]:
    moved = {} if event.from_path is None else path_fields("from_path", event.from_path, mask)
    return {
        "kind": event.kind,
        **path_fields("path", event.path, mask),
        **moved,
        "start_line": event.start_line,
        "commit": _stamp(event.commit, mask, options),
    }


def _stamp(stamp: CommitStamp, mask: Masker, options: RenderOptions) -> dict[str, Any]:
    return {
        "oid": stamp.oid,
        "author": _person(stamp.author, mask, options),
        "committer": _person(stamp.committer, mask, options),
    }


def _assessment(made: Assessment, mask: Masker) -> dict[str, Any]:
    return {
        "priority": made.priority,
        "reasons": [mask(reason) for reason in made.reasons],
        "overdue_days": made.overdue_days,
        "reuse_count": made.reuse_count,
        "is_client_side": made.is_client_side,
        "environment": made.environment,
        "owners": [mask(owner) for owner in made.owners],
    }


def coverage(report: Report, mask: Masker) -> dict[str, Any]:
    """Return what was read and what was not; `accepted` are the reasons that leave a scan complete."""
    stats = report.stats
    return {
        "complete": stats.is_complete,
        "blobs": stats.blobs,
        "bytes": stats.bytes,
        "commits": stats.commits,
        "skipped": [{"reason": s.reason, "what": mask(s.what), "detail": mask(s.detail)} for s in stats.skipped],
        "accepted": sorted(stats.accepted),
        "dropped": dict(sorted(stats.dropped.items())),
    }


def standing(report: Report, mask: Masker) -> dict[str, Any]:
    """Return how the findings stand to what was decided before."""
    known = report.standing
    return {
        "baseline": None if known.baseline is None else mask(known.baseline),
        "new": known.new,
        "unchanged": known.unchanged,
        "suppressed": known.suppressed,
        "in_grace": known.in_grace,
        "absent": [
            {
                "rule_id": printable(entry.rule_id),
                **path_fields("path", entry.path, mask),
                "state": entry.state,
                "reason": mask(entry.reason),
                "identity": f"{entry.secret_hash}:{entry.place_hash}",
            }
            for entry in known.absent
        ],
        "stale": [mask(sentence) for sentence in known.stale],
        "notes": [mask(sentence) for sentence in known.notes],
    }


def summary(report: Report) -> dict[str, Any]:
    """Return the counts and the exit code."""
    findings = [finding for finding in report.findings if finding.is_open]
    severities = Counter(finding.severity for finding in findings)
    return {
        "findings": len(findings),
        "suppressed": report.standing.suppressed,
        "by_severity": {severity: severities[severity] for severity in SEVERITIES},
        "by_rule": _counted(finding.rule_id for finding in findings),
        "by_state": _counted(finding.story.state for finding in findings if finding.story),
        "by_baseline_state": _counted(finding.baseline_state for finding in findings if finding.baseline_state),
        "below_threshold": report.below_threshold,
        "exit_code": report.exit_code,
    }


def _counted(words: Iterable[str]) -> dict[str, int]:
    return {str(word): count for word, count in sorted(Counter(words).items())}
