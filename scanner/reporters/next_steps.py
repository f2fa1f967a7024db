"""What a person who sees a failing build is told to do next, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model import Finding, Report
from scanner.reporters.safe import Masker, safe_url
from scanner.reporters.selection import is_in_head, open_findings

_MAX_RULES = 5


def next_steps(report: Report) -> Iterator[str]:
    """Yield the lines of what to do, most urgent first; none if nothing is new."""
    findings = [finding for finding in open_findings(report) if finding.baseline_state != "unchanged"]
    if not findings:
        return
    yield "what to do:"
    yield "  1. replace the secrets where they were issued; taking them out of the code does not take them back"
    yield from (f"     {line}" for line in _rules(report, findings))
    if any(is_in_head(finding) for finding in findings):
        yield "  2. then take them out of the code: read them from the environment or a secret manager"
    else:
        yield "  2. they are in the history only: rewriting it does not help once it was pushed, replacing them does"
    yield "  3. no secret? mark its line with leaksweep:allow and a reason, or note it down: leaksweep baseline create"


def _rules(report: Report, findings: list[Finding]) -> Iterator[str]:
    ids = list(dict.fromkeys(finding.rule_id for finding in findings))
    for rule_id in ids[:_MAX_RULES]:
        url = safe_url(report.rules[rule_id].revoke_url)
        yield f"{rule_id}: {url}" if url else f"{rule_id}: leaksweep explain {rule_id}"
    if len(ids) > _MAX_RULES:
        yield f"and {len(ids) - _MAX_RULES} more rules: leaksweep explain RULE"


def urgency_line(finding: Finding, mask: Masker) -> str:
    """Return priority, owners and what makes a finding worse than others; empty if it was not assessed."""
    made = finding.assessment
    if made is None:
        return ""
    told = [f"priority {made.priority}"]
    told += [f"overdue by {made.overdue_days:,} days"] if made.overdue_days else []
    told += [f"the same secret at {made.reuse_count} paths"] if made.reuse_count > 1 else []
    told += [f"{made.environment} by its path"] if made.environment else []
    told += ["reaches users"] if made.is_client_side else []
    told += [f"owned by {' '.join(mask(owner) for owner in made.owners)}"] if made.owners else []
    return ", ".join(told)
