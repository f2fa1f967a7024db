"""SARIF 2.1.0 for GitHub code scanning and other consumers, built of sarif-om's objects."""

from __future__ import annotations

import json
from typing import Any, TextIO
from urllib.parse import quote

import attr
import sarif_om as om

from scanner.model import Finding, Region, Report, Rule
from scanner.reporters import RenderOptions
from scanner.reporters.safe import Masker

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
HOME = "https://github.com/leaksweep/leaksweep"
MAX_RESULTS = 25_000
MAX_RELATED = 100
"""GitHub's limits: more results reject the upload, and more locations are cut (contracts of code scanning)."""

_SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.0", "low": "2.0"}


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write one run; no secret, no e-mail address; results past the limit are cut and the cut is told."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    ranked = sorted(report.findings, key=lambda finding: float(_SECURITY_SEVERITY[finding.severity]), reverse=True)
    kept = set(map(id, ranked[:MAX_RESULTS]))
    findings = [finding for finding in report.findings if id(finding) in kept]
    rules = sorted(report.rules.values(), key=lambda rule: rule.id)
    index = {rule.id: number for number, rule in enumerate(rules)}
    run = om.Run(
        tool=om.Tool(
            driver=om.ToolComponent(
                name="leaksweep",
                version=report.tool_version,
                semantic_version=report.tool_version,
                information_uri=HOME,
                rules=[_rule(rule) for rule in rules],
            )
        ),
        results=[_result(finding, index[finding.rule_id], mask) for finding in findings],
        column_kind="unicodeCodePoints",
        automation_details=om.RunAutomationDetails(id=f"leaksweep/{report.target.mode}/"),
        invocations=[_invocation(report, len(report.findings) - len(findings), mask)],
        original_uri_base_ids={"%SRCROOT%": {"description": {"text": "The root of what was scanned."}}},
    )
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [to_plain(run)]}
    json.dump(document, stream, indent=1)
    stream.write("\n")


def to_plain(value: Any) -> Any:
    """Return sarif-om's objects as plain values under their schema names, defaults left out."""
    if attr.has(type(value)):
        plain = {}
        for field in attr.fields(type(value)):
            item = getattr(value, field.name)
            if item is not None and item != _default(field):
                plain[field.metadata["schema_property_name"]] = to_plain(item)
        return plain
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def _default(field: Any) -> Any:
    """Return a field's default; a list default is made anew by a factory."""
    return field.default.factory() if isinstance(field.default, attr.Factory) else field.default  # type: ignore[arg-type]


def _rule(rule: Rule) -> Any:
    advice = f"{rule.description} Revoke it, then replace it, then look for its use."
    if rule.revoke_url:
        advice += f" Revoke it at {rule.revoke_url}"
    return om.ReportingDescriptor(
        id=rule.id,
        name="".join(part.capitalize() for part in rule.id.split("-")),
        short_description=om.MultiformatMessageString(text=_sentence(rule.name)),
        full_description=om.MultiformatMessageString(text=rule.description),
        help=om.MultiformatMessageString(text=advice, markdown=advice),
        help_uri=rule.references[0] if rule.references else HOME,
        default_configuration=om.ReportingConfiguration(level=_level(rule.severity)),
        properties={
            "tags": ["security", "external/cwe/cwe-798", *rule.tags][:10],
            "precision": {"high": "very-high", "medium": "high", "low": "medium"}[rule.confidence],
            "security-severity": _SECURITY_SEVERITY[rule.severity],
        },
    )


def _level(severity: str) -> str:
    return {"critical": "error", "high": "error", "medium": "warning", "low": "note"}[severity]


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _result(finding: Finding, rule_index: int, mask: Masker) -> Any:
    source = finding.provenance
    # SARIF wants the elements to be different: places that differ by their commit only are one.
    others = list(dict.fromkeys((o.provenance.path, o.region) for o in finding.occurrences))[1 : MAX_RELATED + 1]
    message = mask(finding.message)
    told = f"{message} Commit {source.commit}." if source.commit else message
    prints = {"secretFingerprint/v1": finding.fingerprint}
    if source.commit:
        prints["primaryLocationLineHash"] = finding.fingerprint.replace(":", "")[:32] + ":1"
    return om.Result(
        rule_id=finding.rule_id,
        rule_index=rule_index,
        level=finding.level,
        message=om.Message(text=told),
        locations=[_location(source.path, finding.region, mask, snippet=mask(finding.snippet.text))],
        related_locations=[_location(path, region, mask) for path, region in others] or None,
        partial_fingerprints=prints,
        properties={
            "severity": finding.severity,
            "confidence": finding.confidence,
            "commit": source.commit or "",
            "occurrences": len(finding.occurrences),
            "notes": [mask(note) for note in finding.notes],
        },
    )


def _location(path: str, region: Region, mask: Masker, *, snippet: str | None = None) -> Any:
    return om.Location(
        physical_location=om.PhysicalLocation(
            artifact_location=om.ArtifactLocation(uri=_uri(path, mask), uri_base_id="%SRCROOT%"),
            region=om.Region(
                start_line=region.start_line,
                start_column=region.start_column,
                end_line=region.end_line,
                end_column=region.end_column,
                snippet=om.ArtifactContent(text=snippet) if snippet else None,
            ),
        )
    )


def _uri(path: str, mask: Masker) -> str:
    """Return a relative reference of RFC 3986: any byte of a path is kept, secrets are masked."""
    return quote(mask.hide(path).encode("utf-8", "surrogateescape"), safe="/") or "unknown"


def _invocation(report: Report, trimmed: int, mask: Masker) -> Any:
    told = [f"{skip.reason}: {mask(skip.what)} {mask(skip.detail)}".strip() for skip in report.stats.skipped]
    if trimmed:
        told.append(f"{trimmed} results of the lowest severity were cut: at most {MAX_RESULTS} can be uploaded")
    return om.Invocation(
        execution_successful=report.stats.is_complete,
        exit_code=report.exit_code,
        tool_execution_notifications=[om.Notification(message=om.Message(text=text), level="warning") for text in told],
    )
