"""SARIF 2.1.0 for GitHub code scanning and other consumers, written result by result from sarif-om's objects."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TextIO

import sarif_om as om

from scanner.model import Finding, Report, Skip
from scanner.reporters import RenderOptions
from scanner.reporters.safe import Masker, printable
from scanner.reporters.sarif_objects import to_plain
from scanner.reporters.sarif_results import Context, absent_result, places, result
from scanner.reporters.sarif_rules import driver, notification_id, taxonomy_component
from scanner.reporters.selection import by_priority, is_in_head, is_open, same_secret
from scanner.reporters.taxonomies import TAXONOMIES

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MAX_RESULTS = 25_000
MAX_COMPRESSED_BYTES = 9_000_000
MAX_NOTIFICATIONS = 1_000
"""GitHub refuses an upload of more than 25,000 results, or of 10 MB under gzip; a tenth is left for the rest."""

_CATEGORIES = {"tree": "head", "history": "all"}


@dataclass(frozen=True, slots=True)
class _View:
    """Which findings a file holds, and under which category; None is the one of the scan's mode."""

    category: str | None = None
    in_head: bool | None = None
    is_archive: bool = False


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write all open findings in one run, the category after what was scanned."""
    _render(report, stream, options, _View())


def render_head(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write the open findings whose file is in HEAD."""
    _render(report, stream, options, _View("head", in_head=True))


def render_history(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write the open findings that are in the history only."""
    _render(report, stream, options, _View("history", in_head=False))


def render_full(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write every finding, suppressed and absent ones marked as such, without limits: an archive, not an upload."""
    _render(report, stream, options, _View("full", is_archive=True))


def _render(report: Report, stream: TextIO, options: RenderOptions, view: _View) -> None:
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    findings = by_priority(f for f in report.findings if _is_in(f, view, options))
    rules = sorted(report.rules.values(), key=lambda rule: rule.id)
    stream.write(f'{{\n "$schema": "{SCHEMA}",\n "version": "2.1.0",\n "runs": [\n  {{\n')
    for key, value in _head(report, rules, view, mask).items():
        stream.write(f'   "{key}": {json.dumps(to_plain(value))},\n')
    context = Context(
        mask,
        {rule.id: number for number, rule in enumerate(rules)},
        {rule.id: rule.name for rule in rules},
        same_secret(findings),
    )
    stream.write('   "results": [')
    written = 0
    for text in _within_limits(findings, context, view):
        stream.write(f"{',' * bool(written)}\n    {text}")
        written += 1
    for entry in report.standing.absent if view.is_archive else ():
        stream.write(f"{',' * bool(written)}\n    {json.dumps(to_plain(absent_result(entry, mask)))}")
        written += 1
    stream.write("\n   ],\n" if written else "],\n")
    stream.write(f'   "properties": {json.dumps(_counts(report))},\n')
    trimmed = max(0, sum(len(places(finding)) for finding in findings) - written)
    invocations = [_invocation(report, trimmed, mask)]
    stream.write(f'   "invocations": {json.dumps(to_plain(invocations))}\n  }}\n ]\n}}\n')


def _counts(report: Report) -> dict[str, int]:
    known = report.standing
    return {
        "new": known.new,
        "unchanged": known.unchanged,
        "absent": len(known.absent),
        "suppressed": known.suppressed,
        "inGrace": known.in_grace,
        "belowThreshold": report.below_threshold,
    }


def _is_in(finding: Finding, view: _View, options: RenderOptions) -> bool:
    return (view.is_archive or options.show_suppressed or is_open(finding)) and (
        view.in_head is None or view.in_head is is_in_head(finding)
    )


def _head(report: Report, rules: list[Any], view: _View, mask: Masker) -> dict[str, Any]:
    """Return what stands before the results, by its name in the schema."""
    category = view.category or _CATEGORIES.get(report.target.mode, printable(report.target.mode))
    head = {
        "tool": om.Tool(driver=driver(report, rules)),
        "columnKind": "unicodeCodePoints",
        "automationDetails": om.RunAutomationDetails(id=f"leaksweep/{category}/"),
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of what was scanned."}}},
        "taxonomies": [taxonomy_component(taxonomy) for taxonomy in TAXONOMIES],
    }
    target = report.target
    if target.repository_uri:
        provenance = om.VersionControlDetails(
            repository_uri=target.repository_uri,
            revision_id=target.revision,
            mapped_to=om.ArtifactLocation(uri_base_id="%SRCROOT%"),
        )
        head["versionControlProvenance"] = [provenance]
    return head


def _within_limits(findings: Sequence[Finding], context: Context, view: _View) -> Iterator[str]:
    """Yield results as JSON, most urgent first, until the next one could make GitHub refuse the file."""
    compressor, size = zlib.compressobj(), 0
    results = ((finding, place) for finding in findings for place in range(len(places(finding))))
    for finding, place in results if view.is_archive else islice(results, MAX_RESULTS):
        text = json.dumps(to_plain(result(finding, context, place=place)))
        size += len(compressor.compress(text.encode()))
        if size > MAX_COMPRESSED_BYTES and not view.is_archive:
            return
        yield text


def _invocation(report: Report, trimmed: int, mask: Masker) -> Any:
    skipped = report.stats.skipped
    notifications = [_notification(skip, report, mask) for skip in skipped[:MAX_NOTIFICATIONS]]
    if len(skipped) > MAX_NOTIFICATIONS:
        more = f"{len(skipped) - MAX_NOTIFICATIONS} more things were not read; the JSON report names them."
        notifications.append(om.Notification(message=om.Message(text=more), level="warning"))
    if trimmed:
        told = (
            f"{trimmed} results were left out, the least urgent first: GitHub takes at most {MAX_RESULTS} results and "
            "10 MB. The JSON report has them all."
        )
        notifications.append(om.Notification(message=om.Message(text=told), level="warning"))
    return om.Invocation(
        execution_successful=report.stats.is_complete,
        exit_code=report.exit_code,
        tool_execution_notifications=notifications,
    )


def _notification(skip: Skip, report: Report, mask: Masker) -> Any:
    detail = f" ({mask(skip.detail)})" if skip.detail else ""
    told = f"Not read, {skip.reason}: '{mask(skip.what)}'{detail}."
    return om.Notification(
        message=om.Message(text=told),
        level="note" if skip.reason in report.stats.accepted else "warning",
        descriptor=om.ReportingDescriptorReference(id=notification_id(skip.reason)),
    )
