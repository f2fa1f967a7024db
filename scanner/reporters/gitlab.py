"""GitLab's secret detection report, version 15 of its schema: `artifacts: reports: secret_detection`."""

from __future__ import annotations

import json
import os
import time
import uuid
from typing import Any, TextIO

from scanner.model import Finding, Report, Rule
from scanner.reporters import RenderOptions
from scanner.reporters.advice import playbook
from scanner.reporters.safe import Masker, printable, safe_url
from scanner.reporters.selection import current_region, day, open_findings, story_words
from scanner.reporters.taxonomies import weaknesses

VERSION = "15.2.1"
SCHEMA = (
    "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/"
    f"v{VERSION}/dist/secret-detection-report-format.json"
)
_NAMESPACE = uuid.UUID("6f4f1b0e-6a86-5d0a-9a3e-0d8f8a2b6c11")
_NO_COMMIT = "0000000"
"""What GitLab's own analyser writes where there is no commit; the schema wants one."""
_MAX_MESSAGES = 100


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write the open findings, one vulnerability at a time. GitLab wants a time: that of the writing."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    stream.write(f'{{\n "version": "{VERSION}",\n "schema": "{SCHEMA}",\n "scan": {json.dumps(_scan(report, mask))},\n')
    stream.write(' "vulnerabilities": [')
    for number, finding in enumerate(open_findings(report)):
        text = json.dumps(_vulnerability(finding, report.rules[finding.rule_id], mask))
        stream.write(f"{',' * bool(number)}\n  {text}")
    stream.write("\n ]\n}\n")


def _scan(report: Report, mask: Masker) -> dict[str, Any]:
    tool = {
        "id": "leaksweep",
        "name": "leaksweep",
        "version": printable(report.tool_version),
        "vendor": {"name": "leaksweep"},
    }
    now = _now()
    skipped = report.stats.skipped
    messages = [f"not read, {skip.reason}: {mask(skip.what)} {mask(skip.detail)}".strip() for skip in skipped]
    if len(messages) > _MAX_MESSAGES:
        messages[_MAX_MESSAGES:] = [f"{len(messages) - _MAX_MESSAGES} more things were not read"]
    return {
        "analyzer": tool,
        "scanner": tool,
        "type": "secret_detection",
        "start_time": now,
        "end_time": now,
        "status": "success" if report.stats.is_complete else "failure",
        "messages": [{"level": "warn", "value": text} for text in messages],
    }


def _now() -> str:
    """Return the time in UTC as GitLab writes it; SOURCE_DATE_EPOCH, if set, makes it the same each time."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(fixed) if fixed.isdecimal() else None))


def _vulnerability(finding: Finding, rule: Rule, mask: Masker) -> dict[str, Any]:
    region, source = current_region(finding), finding.provenance
    steps = [step for step in playbook(rule) if step.name in ("rotate", "revoke")]
    commit: dict[str, str] = {"sha": source.commit or _NO_COMMIT}
    date = day(source.committer)
    if date:
        commit["date"] = date
    urls = [url for url in map(safe_url, (rule.revoke_url, *rule.references)) if url]
    return {
        "id": str(uuid.uuid5(_NAMESPACE, finding.fingerprint)),
        "name": printable(rule.name)[:255],
        "description": f"{printable(rule.description)} {story_words(finding)}".strip(),
        "severity": finding.severity.capitalize(),
        "solution": " ".join(f"{step.name.capitalize()}: {step.text}" for step in steps),
        "identifiers": _identifiers(rule),
        "links": [{"url": url} for url in dict.fromkeys(urls)],
        "location": {
            "file": mask(source.path),
            "start_line": region.start_line,
            "end_line": region.end_line,
            "commit": commit,
        },
    }


def _identifiers(rule: Rule) -> list[dict[str, str]]:
    """Return what the vulnerability is an instance of, the rule first: GitLab tracks it by the first one."""
    own = {"type": "leaksweep_rule_id", "name": f"leaksweep rule {rule.id}", "value": rule.id}
    cwe = [
        {
            "type": "cwe",
            "name": one,
            "value": one.removeprefix("CWE-"),
            "url": f"https://cwe.mitre.org/data/definitions/{one.removeprefix('CWE-')}.html",
        }
        for one in weaknesses(rule)
    ]
    return [own, *cwe]
