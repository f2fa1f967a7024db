"""What people decided before: marks, ignore file and baseline that count for a scan, and how findings stand to them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from scanner.baseline.document import (
    FILE_NAME,
    Baseline,
    check_day,
    decoded,
    is_expired,
    parse_baseline,
    read_file,
)
from scanner.baseline.hashing import Hasher
from scanner.baseline.matching import Comparison, compare, rule_code
from scanner.commands.places import Places, Root, prefix_of, root_of
from scanner.commands.suppressing import stale_lines, stale_marks, suppress
from scanner.commands.targets import Job
from scanner.commands.trust import Trusted
from scanner.errors import ConfigError, ScannerError
from scanner.globs import PathGlobs
from scanner.model import BaselineEntry, Finding, Rule, Standing, Suppression
from scanner.suppress import IGNORE_FILE, IgnoreFile

KEY_VARIABLE = "LEAKSWEEP_BASELINE_KEY"
NEW, UNCHANGED = "new", "unchanged"
FROM_BASELINE = "baseline"


class Asked(NamedTuple):
    """The options about decisions, as the command line gives them; `today` is the day on which entries expire."""

    today: date
    baseline: str | None = None
    use_baseline: bool = True
    ignore_file: str | None = None
    reads_marks: bool = True
    grace_until: date | None = None


def asked_by(options: Mapping[str, Any]) -> Asked:
    """Return the options about decisions among all options of a command. Raises BaselineError."""
    known = {name: options[name] for name in Asked._fields if options.get(name) is not None}
    grace = options.get("grace_new_rules")
    if grace is not None:
        check_day(grace, where="--grace-new-rules")
        known["grace_until"] = date.fromisoformat(grace)
    return Asked(**{"today": date.today(), **known})


class Policy(NamedTuple):
    """The decisions of one state of the repository: its baseline and its ignore file."""

    baseline: Baseline | None = None
    hasher: Hasher | None = None
    ignore: IgnoreFile | None = None


class Decisions(NamedTuple):
    """All that was decided before the scan, read before it starts, so that a fault in it is told at once.

    With a trusted revision, `policy` is what stands there, and `proposed` what the change would make of it.
    """

    asked: Asked
    root: Root
    policy: Policy
    trusted: Trusted | None = None
    proposed: Policy | None = None


def decisions_of(asked: Asked, job: Job, trusted: Trusted | None = None) -> Decisions:
    """Return the decisions that count for a job. Raises BaselineError or ConfigError."""
    root = root_of(job)
    if trusted is None:
        return Decisions(asked, root, _policy(asked, root, None))
    try:
        proposed = _policy(asked, root, None)
    except ScannerError as error:
        trusted.notes.append(f"what this change makes of the decisions cannot be read: {error}")
        proposed = Policy()
    return Decisions(asked, root, _policy(asked, root, trusted), trusted, proposed)


def no_decisions(job: Job) -> Decisions:
    """Return the decisions of a scan for which nobody decided anything."""
    return Decisions(Asked(date.max, use_baseline=False, reads_marks=False), Root(None, job.repository), Policy())


def _policy(asked: Asked, root: Root, trusted: Trusted | None) -> Policy:
    baseline = None
    if asked.use_baseline and (content := _content(asked.baseline, FILE_NAME, root, trusted)):
        baseline = parse_baseline(content.data, path=content.name)
    ignore = None
    if content := _content(asked.ignore_file, IGNORE_FILE, root, trusted):
        ignore = IgnoreFile.parse(decoded(content.data, path=content.name, error=ConfigError), path=content.name)
    return Policy(baseline, baseline.hasher(baseline_key()) if baseline else None, ignore)


class _Content(NamedTuple):
    name: str
    data: bytes


def _content(asked: str | None, name: str, root: Root, trusted: Trusted | None) -> _Content | None:
    """Return the file that was asked for, or the usual one of the root if it is there; the trusted one, if one is."""
    if asked is None and root.folder is None and trusted is None:
        return None
    location = asked if asked is not None else os.path.join(root.folder or "", name)
    inside = None
    if trusted is not None:
        inside = name if asked is None else trusted.path_inside(asked)
    if trusted is None or inside is None:
        is_there = asked is not None or os.path.lexists(location)
        return _Content(asked or name, read_file(location)) if is_there else None
    data = trusted.read(inside)
    if root.folder is not None and trusted.differs(inside, location):
        trusted.notes.append(trusted.told_difference(inside))
    return None if data is None else _Content(f"{trusted.revision}:{inside}", data)


def baseline_key() -> str:
    """Return the user's own key, or an empty text."""
    return os.environ.get(KEY_VARIABLE, "")


class Settled(NamedTuple):
    """Every finding with the decisions on it, and what else is to be told of them."""

    findings: tuple[Finding, ...]
    standing: Standing


def settle(
    findings: Sequence[Finding],
    rules: Mapping[str, Rule],
    decisions: Decisions,
    *,
    job: Job,
    places: Places,
    exclude: PathGlobs,
    marked: Sequence[str] = (),
) -> Settled:
    """Return the findings with what marks, ignore file and baseline say of each.

    `marked` are the paths of the files that hold a mark of ours, whether it settles something or not.
    """
    asked, policy, trusted = decisions.asked, decisions.policy, decisions.trusted
    suppressed = suppress(findings, rules, policy.ignore, places, reads_marks=asked.reads_marks, trusted=trusted)
    settled = against_baseline(suppressed.findings, rules, policy, asked, job=job, places=places, exclude=exclude)
    stale: list[str] = []
    if job.target.mode in ("tree", "history"):
        stale += stale_lines(policy.ignore, suppressed.lines) if policy.ignore else []
        stale += stale_marks(marked, suppressed.marks, places) if asked.reads_marks and trusted is None else []
    notes = tuple(dict.fromkeys(trusted.notes)) if trusted else ()
    standing = replace(settled.standing, stale=tuple(stale), notes=notes)
    if trusted is None or decisions.proposed is None:
        return Settled(settled.findings, standing)
    hidden = suppress(findings, rules, decisions.proposed.ignore, places, reads_marks=asked.reads_marks)
    proposed = against_baseline(
        hidden.findings, rules, decisions.proposed, asked, job=job, places=places, exclude=exclude
    )
    told = tuple(map(partial(_told_proposal, trusted), settled.findings, proposed.findings))
    return Settled(told, standing)


def _told_proposal(trusted: Trusted, finding: Finding, proposed: Finding) -> Finding:
    """Return a finding with a note if only the change at hand would settle it."""
    if finding.suppressions or not proposed.suppressions:
        return finding
    origin = proposed.suppressions[0].origin
    note = (
        f"this change itself would settle it ({origin}): that does not count, since {trusted.revision} does not have it"
    )
    return replace(finding, notes=(*finding.notes, note))


def against_baseline(
    findings: Sequence[Finding],
    rules: Mapping[str, Rule],
    policy: Policy,
    asked: Asked,
    *,
    job: Job,
    places: Places,
    exclude: PathGlobs,
) -> Settled:
    """Return the findings with what the baseline says of each."""
    baseline = policy.baseline
    if baseline is None or policy.hasher is None:
        return Settled(tuple(findings), Standing())
    families = {rule.id: rule.family for rule in rules.values()}
    compared = compare(baseline, policy.hasher, findings, families, places)
    known_rules = {rule.id for rule in rules.values() if rule_code(rule) in baseline.rules}
    standing = Standing(
        baseline=baseline.path,
        absent=tuple(entry for entry in compared.unmatched if is_covered(entry, rules, job, exclude)),
    )
    judged = (_judged(index, finding, compared, asked) for index, finding in enumerate(findings))
    return Settled(tuple(_with_grace(finding, known_rules, asked) for finding in judged), standing)


def counted(findings: Sequence[Finding], standing: Standing) -> Standing:
    """Return `standing` with the counts of the findings that are at or above the thresholds."""
    return replace(
        standing,
        new=sum(map(counts_as_new, findings)),
        unchanged=sum(f.baseline_state == UNCHANGED for f in findings),
        suppressed=sum(f.baseline_state != UNCHANGED and bool(f.suppressions) for f in findings),
        in_grace=sum(f.in_grace and not f.suppressions for f in findings),
    )


def counts_as_new(finding: Finding) -> bool:
    """Return whether a finding fails the scan."""
    return not finding.suppressions and not finding.in_grace


def is_covered(entry: BaselineEntry, rules: Mapping[str, Rule], job: Job, exclude: PathGlobs) -> bool:
    """Return whether the scan would have found an entry's secret if it were still there."""
    if entry.rule_id not in rules or exclude.is_match(entry.path):
        return False
    if job.target.mode == "history":
        return True
    return job.target.mode == "tree" and not entry.was_gone and entry.path.startswith(prefix_of(job))


def _judged(index: int, finding: Finding, compared: Comparison, asked: Asked) -> Finding:
    entry = compared.known.get(index)
    if entry is None:
        return replace(finding, baseline_state=NEW)
    if is_expired(entry, asked.today):
        note = f"known, but accepted only until {entry.expires}" + (f": {entry.reason}" if entry.reason else "")
        return replace(finding, baseline_state=NEW, notes=(*finding.notes, note))
    told = entry.state + (f": {entry.reason}" if entry.reason else "")
    moved = (f"moved here from {entry.path}",) if index in compared.moved else ()
    return replace(
        finding,
        baseline_state=UNCHANGED,
        suppressions=(*finding.suppressions, Suppression("external", told, FROM_BASELINE)),
        notes=(*finding.notes, *moved),
    )


def _with_grace(finding: Finding, known_rules: set[str], asked: Asked) -> Finding:
    is_late = asked.grace_until is None or asked.today > asked.grace_until
    if is_late or finding.baseline_state != NEW or finding.rule_id in known_rules:
        return finding
    note = f"the rule is newer than the baseline: a warning up to {asked.grace_until}, a failure from then on"
    return replace(finding, in_grace=True, notes=(*finding.notes, note))
