"""One self-contained page: nothing is fetched, nothing but our own script and style may run."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, TextIO

from scanner.model import EventKind, Finding, Person, Report, Rule, StoryEvent
from scanner.reporters import RenderOptions
from scanner.reporters.advice import playbook
from scanner.reporters.html_parts import coverage_part, figures_part, findings_part, summary_part
from scanner.reporters.people import shown_name
from scanner.reporters.safe import Masker, printable, safe_url
from scanner.reporters.selection import by_priority, current_region, is_open, state_of, story_words
from scanner.reporters.taxonomies import owasp_of, weaknesses

MAX_FINDINGS = 20_000
"""What a browser holds with ease; the page tells how many it leaves out, the least urgent."""
MAX_EVENTS = 50
MAX_NAMES = 8
_SCRIPTS = ("charts.js", "telling.js", "app.js")


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write the page: what can be read without a script first, then the findings as data, then the script."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    findings = by_priority(report.findings)
    script = "".join(_part(name) for name in _SCRIPTS)
    stream.write(_page(report, findings, script, mask))
    rules = sorted(report.rules.values(), key=lambda rule: rule.id)
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    stream.write('<script id="data" type="application/json">{"rules": ')
    stream.write(_json([_rule(rule) for rule in rules]))
    stream.write(f', "now": {json.dumps(_now(findings))}, "findings": [')
    for number, finding in enumerate(findings[:MAX_FINDINGS]):
        shown = {"number": number, "rule": numbers[finding.rule_id], **_finding(finding, options, mask)}
        stream.write(f"{',' * bool(number)}\n{_json(shown)}")
    stream.write(f"]}}</script>\n<script>{script}</script>\n</body>\n</html>\n")


def _page(report: Report, findings: tuple[Finding, ...], script: str, mask: Masker) -> str:
    style = _part("style.css")
    verdict, explanation, mood = summary_part(report)
    left_out = len(findings) - MAX_FINDINGS
    place = mask(report.target.location) + (f" at {report.target.revision[:12]}" if report.target.revision else "")
    parts = {
        "policy": (
            f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        ),
        "title": html.escape(f"leaksweep: {verdict}"),
        "style": style,
        "target": html.escape(f"{place} ({printable(report.target.mode)})"),
        "mood": mood,
        "verdict": html.escape(verdict),
        "explanation": html.escape(explanation),
        "figures": figures_part(report),
        "findings": findings_part(report, findings, mask, left_out=max(0, left_out)),
        "coverage": coverage_part(report, mask),
        "footer": html.escape(
            f"leaksweep {printable(report.tool_version)}, {report.rule_count} rules. Secrets are masked; "
            "this page fetches nothing."
        ),
    }
    return _filled(_part("page.html"), parts)


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """Return the template with its holes filled; what fills one is not looked through for holes again."""
    first, *rest = template.split("{{")
    return first + "".join(parts[name] + text for name, _, text in (piece.partition("}}") for piece in rest))


def _part(name: str) -> str:
    return (files("scanner.reporters") / "data" / "html" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(value: Any) -> str:
    """Return JSON in which no tag and no entity can begin."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _now(findings: tuple[Finding, ...]) -> int | None:
    """Return the time up to which exposures run, in seconds: that of the scan, as far as its stories tell it."""
    ends = []
    for finding in findings:
        story = finding.story
        since = story.introduced.commit.committer if story and story.introduced else None
        if story and story.removed is None and story.exposure_days is not None and since and since.time_s is not None:
            ends.append(since.time_s + story.exposure_days * 86_400)
    return max(ends, default=None)


def _rule(rule: Rule) -> dict[str, Any]:
    cwe_ids = weaknesses(rule)
    links = [("Revoke it here", rule.revoke_url), *(("Read more", url) for url in rule.references[:3])]
    return {
        "id": rule.id,
        "name": printable(rule.name),
        "description": printable(rule.description),
        "steps": [[step.name, step.text] for step in playbook(rule)],
        "links": [[f"{words}: {url}", url] for words, raw in links if (url := safe_url(raw))],
        "weaknesses": [*cwe_ids, *(f"OWASP {one}:2021" for one in owasp_of(cwe_ids))],
    }


def _finding(finding: Finding, options: RenderOptions, mask: Masker) -> dict[str, Any]:
    made, story = finding.assessment, finding.story
    text, start, end = finding.snippet.text, finding.snippet.mark_start, finding.snippet.mark_end
    secret = finding.secret.value if options.show_secrets else text[start:end]
    events = list(_events(finding, options, mask))
    return {
        "severity": finding.severity,
        "confidence": finding.confidence,
        "path": mask(finding.provenance.path),
        "line": current_region(finding).start_line,
        "line_parts": [mask(text[:start]), mask(secret), mask(text[end:])],
        "state": state_of(finding),
        "story": story_words(finding),
        "events": events,
        "moreEvents": len(story.events) + story.more_events - len(events) if story else 0,
        "unknowns": [mask(one) for one in story.unknowns] if story else [],
        "branches": _names(story.branches, story.more_refs[0], mask) if story else [[], 0],
        "tags": _names(story.tags, story.more_refs[1], mask) if story else [[], 0],
        "days": story.exposure_days if story else None,
        "commit": finding.provenance.commit,
        "committed": _seconds(finding.provenance.committer),
        "places": len(finding.occurrences) + finding.more_occurrences,
        "decoding": [printable(one) for one in finding.decoding],
        "notes": [mask(note) for note in finding.notes],
        "priority": made.priority if made else None,
        "reasons": [mask(reason) for reason in made.reasons] if made else [],
        "overdue": made.overdue_days if made else None,
        "reuse": made.reuse_count if made else 1,
        "owners": [mask(owner) for owner in made.owners] if made else [],
        "standing": finding.baseline_state,
        "settled": not is_open(finding),
        "suppressions": [mask(one.justification) or one.kind for one in finding.suppressions],
        "fingerprint": finding.fingerprint,
    }


def _names(names: tuple[str, ...], more: int, mask: Masker) -> tuple[list[str], int]:
    """Return the first names of refs, and how many there are besides."""
    return [mask(name) for name in names[:MAX_NAMES]], max(0, len(names) - MAX_NAMES) + more


def _events(finding: Finding, options: RenderOptions, mask: Masker) -> Iterator[dict[str, Any]]:
    """Yield the events of a story, the first and the last ones if there are very many."""
    events = finding.story.events if finding.story else ()
    kept = events if len(events) <= MAX_EVENTS else (*events[: MAX_EVENTS - 10], *events[-10:])
    for event in kept:
        yield _event(event, options, mask)


def _event(event: StoryEvent, options: RenderOptions, mask: Masker) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "path": mask(event.path),
        "from": mask(event.from_path) if event.from_path is not None and event.kind is EventKind.MOVED else None,
        "at": _seconds(event.commit.committer),
        "commit": event.commit.oid[:12],
        "who": shown_name(event.commit.author, options, mask) if event.commit.author else "",
    }


def _seconds(person: Person | None) -> int | None:
    """Return the time a commit states if it is one that a calendar knows, else None."""
    time_s = person.time_s if person else None
    return time_s if time_s is not None and -62_135_596_800 <= time_s < 253_402_300_800 else None
