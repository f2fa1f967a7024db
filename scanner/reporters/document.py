"""A report as plain values, for the JSON formats; docs/reports.md describes every field."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from scanner.model import SEVERITIES, Finding, Person, Provenance, Region, Report
from scanner.reporters import RenderOptions
from scanner.reporters.safe import Masker

SCHEMA_VERSION = "1.0"


def tool(report: Report) -> dict[str, Any]:
    """Return what made the report."""
    return {
        "name": "leaksweep",
        "version": report.tool_version,
        "rules": report.rule_count,
        "rules_digest": report.rules_digest,
    }


def finding_document(finding: Finding, report: Report, options: RenderOptions, mask: Masker) -> dict[str, Any]:
    """Return one finding; the secret itself only with `show_secrets`."""
    rule = report.rules[finding.rule_id]
    secret: dict[str, Any] = {"masked": finding.secret.mask, "length": len(finding.secret.value)}
    if options.show_secrets:
        secret["value"] = finding.secret.value.encode("utf-8", "replace").decode()
    return {
        "rule_id": rule.id,
        "rule_name": rule.name,
        "family": rule.family,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "level": finding.level,
        "message": finding.message,
        **_place(finding.provenance, finding.region, mask),
        "author": _person(finding.provenance.author, mask),
        "committer": _person(finding.provenance.committer, mask),
        "fingerprint": finding.fingerprint,
        "secret": secret,
        "snippet": mask(finding.snippet.text),
        "notes": list(finding.notes),
        "occurrences": [{**_place(o.provenance, o.region, mask), "blob": o.blob_oid} for o in finding.occurrences],
        "rotation_class": rule.rotation_class,
        "revoke_url": rule.revoke_url,
        "tags": list(rule.tags),
        "suppressions": [{"kind": s.kind, "justification": mask(s.justification)} for s in finding.suppressions],
        "baseline_state": finding.baseline_state,
    }


def _place(source: Provenance, region: Region, mask: Masker) -> dict[str, Any]:
    return {
        "path": mask(source.path),
        "start_line": region.start_line,
        "start_column": region.start_column,
        "end_line": region.end_line,
        "end_column": region.end_column,
        "commit": source.commit,
    }


def _person(person: Person | None, mask: Masker) -> dict[str, Any] | None:
    if person is None:
        return None
    return {"name": mask(person.name), "email": mask(person.email), "date": _date(person.time_s)}


def _date(time_s: int | None) -> str | None:
    try:
        return None if time_s is None else datetime.fromtimestamp(time_s, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return None


def coverage(report: Report, mask: Masker) -> dict[str, Any]:
    """Return what was read and what was not."""
    stats = report.stats
    return {
        "complete": stats.is_complete,
        "blobs": stats.blobs,
        "bytes": stats.bytes,
        "commits": stats.commits,
        "skipped": [{"reason": s.reason, "what": mask(s.what), "detail": mask(s.detail)} for s in stats.skipped],
        "dropped": dict(sorted(stats.dropped.items())),
    }


def summary(report: Report) -> dict[str, Any]:
    """Return the counts and the exit code."""
    severities = Counter(finding.severity for finding in report.findings)
    return {
        "findings": len(report.findings),
        "by_severity": {severity: severities[severity] for severity in SEVERITIES},
        "by_rule": dict(sorted(Counter(finding.rule_id for finding in report.findings).items())),
        "below_threshold": report.below_threshold,
        "exit_code": report.exit_code,
    }


def target(report: Report, mask: Masker) -> dict[str, Any]:
    """Return what was asked for."""
    asked = report.target
    return {
        "mode": asked.mode,
        "location": mask(asked.location),
        "detail": mask(asked.detail),
        "revision": asked.revision,
    }
