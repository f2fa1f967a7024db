"""Markdown for a step summary or a comment: counts, the most urgent findings, what to do, what was not read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TextIO

from scanner.model import Finding, Report, Rule
from scanner.reporters import RenderOptions
from scanner.reporters.advice import playbook
from scanner.reporters.safe import Masker, safe_url
from scanner.reporters.selection import current_region, day, open_findings, state_of
from scanner.reporters.words import verdict

MAX_BYTES = 60_000
"""A comment on GitHub holds 65,536 characters, a step summary 1 MiB."""
MAX_ROWS = 50
_MAX_PLAYBOOKS = 5
_MAX_SKIPS = 10


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write no more than MAX_BYTES; findings that do not fit are counted."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    findings = open_findings(report)
    head = ["## leaksweep", "", f"**{verdict(report)}**", ""]
    tail = [*_what_to_do(report, findings), *_coverage(report, mask)]
    room = MAX_BYTES - _bytes(head) - _bytes(tail) - 200
    rows: list[str] = []
    for finding in findings[:MAX_ROWS]:
        row = _row(finding, report, options, mask)
        room -= _bytes([row])
        if room < 0:
            break
        rows.append(row)
    table = ["| severity | secret | where | state | since | owner |", "|---|---|---|---|---|---|", *rows, ""]
    if len(findings) > len(rows):
        table += [f"{len(findings) - len(rows)} more findings are not shown here.", ""]
    stream.write("\n".join([*head, *(table if findings else []), *tail]) + "\n")


def _bytes(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _row(finding: Finding, report: Report, options: RenderOptions, mask: Masker) -> str:
    rule, source = report.rules[finding.rule_id], finding.provenance
    secret = mask(finding.secret.value) if options.show_secrets else finding.secret.mask
    story = finding.story
    since = day(story.introduced.commit.committer if story and story.introduced else source.committer)
    days = f", {story.exposure_days:,} days" if story and story.exposure_days else ""
    owners = " ".join(code(mask(owner)) for owner in finding.assessment.owners) if finding.assessment else ""
    place = code(f"{mask(source.path)}:{current_region(finding).start_line}")
    named = f"{plain(mask(rule.name))}<br>{code(secret)}"
    cells = [finding.severity, named, place, state_of(finding) or "", f"{since or ''}{days}", owners]
    return f"| {' | '.join(map(_cell, cells))} |"


def _what_to_do(report: Report, findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the steps for the most urgent kinds of secrets, folded."""
    rules = list(dict.fromkeys(finding.rule_id for finding in findings))
    if rules:
        yield from ("### What to do", "", "Replace the secret first: deleting it leaves it in the history.", "")
    for rule_id in rules[:_MAX_PLAYBOOKS]:
        yield from _playbook(report.rules[rule_id])
    if len(rules) > _MAX_PLAYBOOKS:
        yield from (f"`leaksweep explain RULE_ID` tells it for the other {len(rules) - _MAX_PLAYBOOKS} rules.", "")


def _playbook(rule: Rule) -> Iterator[str]:
    yield from (f"<details><summary>{plain(rule.name)} ({rule.id})</summary>", "")
    yield from (f"{i}. **{step.name.capitalize()}.** {step.text}" for i, step in enumerate(playbook(rule), 1))
    url = safe_url(rule.revoke_url)
    yield from ("", *([f"Revoke it at <{url}>.", ""] if url else []), "</details>", "")


def _coverage(report: Report, mask: Masker) -> Iterator[str]:
    stats = report.stats
    commits = f", {stats.commits:,} commits" if stats.commits else ""
    yield f"Read {stats.blobs:,} files{commits}, {stats.bytes:,} bytes with {report.rule_count} rules."
    gaps = [skip for skip in stats.skipped if skip.reason not in stats.accepted]
    if gaps:
        yield from ("", f"**Not read: {len(gaps)}.**", "")
        yield from (f"- {skip.reason}: {code(mask(skip.what))}" for skip in gaps[:_MAX_SKIPS])
        if len(gaps) > _MAX_SKIPS:
            yield f"- and {len(gaps) - _MAX_SKIPS} more"


def code(text: str) -> str:
    """Return `text` as a code span, in which nothing is a link, a mention or HTML."""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _cell(text: str) -> str:
    """Return what stands in a cell of a table, which a pipe would end, in a code span too."""
    return text.replace("|", "\\|")


def plain(text: str) -> str:
    """Return `text` with everything escaped that Markdown, HTML or a mention could be made of."""
    escaped = re.sub(r"([\\`*_{}\[\]()#+\-.!~>:])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))
    return escaped.replace("@", "&#64;")
