"""The commands `baseline create`, `update`, `prune`, `show` and `diff`; no other command writes the file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple

from scanner.baseline.document import (
    FILE_NAME,
    Baseline,
    check_day,
    is_expired,
    ordered,
    read_baseline,
    write_baseline,
)
from scanner.baseline.hashing import Hasher
from scanner.baseline.matching import Comparison, compare
from scanner.baseline.recording import Recorder, Verdict, codes_of, empty_baseline, finished, updated
from scanner.commands.console import CLEAN, FOUND, INCOMPLETE, say
from scanner.commands.decisions import baseline_key, is_covered
from scanner.commands.places import Places, root_of
from scanner.commands.scan import Done, scanned
from scanner.errors import BaselineError, UsageError
from scanner.globs import PathGlobs
from scanner.model import BaselineEntry, Finding
from scanner.reporters.safe import Masker, printable
from scanner.sources import files, git


class Session(NamedTuple):
    """A scan beside a baseline: what both know, and what notes down the rest."""

    baseline: Baseline
    hasher: Hasher
    done: Done
    findings: tuple[Finding, ...]
    families: dict[str, str]
    compared: Comparison
    recorder: Recorder
    mask: Masker
    places: Places

    def finished(self, entries: Sequence[BaselineEntry]) -> Baseline:
        """Return the baseline with these entries, ready to be written."""
        rules = codes_of(self.done.ruleset.rules)
        if self.done.settings.only_rules:
            rules |= self.baseline.rules
        return finished(self.baseline, entries, self.findings, self.hasher, self.families, rules=rules)

    def line_of(self, finding: Finding) -> str:
        """Return the text of the line on which a finding stands in its newest text, or an empty one."""
        newest = finding.occurrences[-1]
        text = (self.places.text_of(newest) or b"").decode("utf-8", "surrogateescape").split("\n")
        number = newest.region.start_line
        return text[number - 1] if number <= len(text) else ""

    def absent(self) -> tuple[BaselineEntry, ...]:
        """Return the entries whose secret the scan looked for and did not find."""
        rules = {rule.id: rule for rule in self.done.ruleset.rules}
        exclude = PathGlobs(self.done.settings.exclude)
        return tuple(e for e in self.compared.unmatched if is_covered(e, rules, self.done.job, exclude))


def create(
    *,
    path: str,
    baseline: str | None = None,
    history: bool = False,
    force: bool = False,
    state: str = "known",
    reason: str = "",
    owner: str = "",
    expires: str = "",
    outputs: object = None,
    **options: Any,
) -> int:
    """Scan, and note down every finding in a new file. Raises ScannerError, also if there is one already."""
    check_day(expires, where="--expires")
    file = baseline_file(path, baseline)
    if os.path.lexists(file) and not force:
        raise UsageError(f"{file}: is there already; 'leaksweep baseline update' adds to it, --force starts anew")
    empty = empty_baseline(file, key=baseline_key(), scope="history" if history else "tree")
    with session(empty, path=path, history=history, **options) as now:
        entries = updated(empty, now.findings, now.compared, now.recorder, Verdict(state, reason, owner, expires))
        write_baseline(now.finished(entries))
        say(printable(f"{file}: {_number(len(entries), 'entry', 'entries')}"))
        return _code(now.done)


def update(
    *,
    path: str,
    baseline: str | None = None,
    history: bool = False,
    state: str = "known",
    reason: str = "",
    owner: str = "",
    expires: str = "",
    outputs: object = None,
    **options: Any,
) -> int:
    """Scan, add what is new and follow what moved; nothing is taken out. Raises ScannerError."""
    check_day(expires, where="--expires")
    old = read_baseline(baseline_file(path, baseline))
    with session(old, path=path, history=history, **options) as now:
        entries = updated(old, now.findings, now.compared, now.recorder, Verdict(state, reason, owner, expires))
        is_changed = write_baseline(now.finished(entries))
        added, moved = len(now.findings) - len(now.compared.known), len(now.compared.moved)
        told = f"{added} added, {moved} moved" if is_changed else "unchanged"
        say(printable(f"{old.path}: {told}, {_number(len(entries), 'entry', 'entries')}"))
        return _code(now.done)


def prune(
    *,
    path: str,
    baseline: str | None = None,
    history: bool = False,
    dry_run: bool = False,
    outputs: object = None,
    **options: Any,
) -> int:
    """Scan, and take out the entries that are expired or whose secret is gone. Raises ScannerError."""
    old = read_baseline(baseline_file(path, baseline))
    today = date.today()
    with session(old, path=path, history=history, **options) as now:
        if not now.done.report.stats.is_complete:
            raise BaselineError(f"{old.path}: not pruned: the scan is incomplete, so what it did not find may be there")
        gone = now.absent()
        expired = [e for e in old.entries if is_expired(e, today) and e not in gone]
        for word, entries in (("gone", gone), ("expired", expired)):
            for entry in entries:
                say(f"{word}  {told(entry)}")
        out = {id(entry) for entry in (*gone, *expired)}
        kept = [entry for entry in old.entries if id(entry) not in out]
        if not dry_run:
            write_baseline(now.finished(kept))
        word = "would go" if dry_run else "removed"
        say(printable(f"{old.path}: {word}: {len(gone)} gone, {len(expired)} expired; {len(kept)} stay"))
    return CLEAN


def diff(
    *, path: str, baseline: str | None = None, history: bool = False, outputs: object = None, **options: Any
) -> int:
    """Scan, and tell what the baseline does not say yet; 1 if a finding is new or its entry expired."""
    old = read_baseline(baseline_file(path, baseline))
    today = date.today()
    with session(old, path=path, history=history, **options) as now:
        is_new = False
        for index, finding in enumerate(now.findings):
            entry = now.compared.known.get(index)
            place = f"{now.mask(finding.provenance.path)}:{finding.region.start_line}"
            if entry is None or is_expired(entry, today):
                is_new = True
                sign = "+" if entry is None else "!"
                late = "" if entry is None else f"  expired {entry.expires}"
                say(f"{sign} {place}  {finding.rule_id}  {finding.secret.mask}{late}")
            elif index in now.compared.moved:
                say(f"> {place}  {finding.rule_id}  {finding.secret.mask}  from {printable(entry.path)}")
        for entry in now.absent():
            say(f"- {told(entry)}")
        return FOUND if is_new else _code(now.done)


def show(
    *,
    path: str,
    baseline: str | None = None,
    states: Sequence[str] = (),
    expired: bool = False,
    outputs: Sequence[Any] = (),
    **_: Any,
) -> int:
    """Print the entries, those of `states` only if any are named. Raises BaselineError."""
    known = read_baseline(baseline_file(path, baseline))
    today = date.today()
    for entry in ordered(known.entries):
        if (not states or entry.state in states) and (not expired or is_expired(entry, today)):
            say(told(entry))
    return CLEAN


def told(entry: BaselineEntry) -> str:
    """Return an entry in one line."""
    parts = [
        entry.state,
        printable(entry.path),
        printable(entry.rule_id),
        printable(entry.hint),
        f"until {entry.expires}" if entry.expires else "",
        f"owner {printable(entry.owner)}" if entry.owner else "",
        printable(entry.reason),
        "(in history only)" if entry.was_gone else "",
    ]
    return "  ".join(part for part in parts if part)


@contextmanager
def session(baseline: Baseline, *, path: str, history: bool = False, **options: Any) -> Iterator[Session]:
    """Scan what the baseline is about, and compare; what marks and the ignore file settle is left out."""
    hasher = baseline.hasher(baseline_key())
    done = scanned(path=path, history=history or baseline.scope == "history", **{**options, "use_baseline": False})
    if done.interrupts:
        raise done.interrupts[0]
    findings = tuple(finding for finding in done.report.findings if finding.is_open)
    families = {rule.id: rule.family for rule in done.ruleset.rules}
    mask = Masker(done.report.findings, show_secrets=False)
    is_history = baseline.scope == "history"
    with Places(done.job, root_of(done.job), max_blob_bytes=done.settings.max_blob_bytes) as places:
        compared = compare(baseline, hasher, findings, families, places)
        recorder = Recorder(
            hasher,
            families,
            ruleset=done.report.rules_digest,
            hide=mask.hide,
            is_gone=lambda file, secret: is_history and places.is_gone(file, secret),
        )
        yield Session(baseline, hasher, done, findings, families, compared, recorder, mask, places)


def old_or_empty(file: str, *, scope: str) -> Baseline:
    """Return the baseline in a file, or an empty one under a fresh salt if there is none."""
    return read_baseline(file) if os.path.lexists(file) else empty_baseline(file, key=baseline_key(), scope=scope)


def baseline_file(path: str, asked: str | None) -> str:
    """Return the path of the file to write or read: the one asked for, else the usual name in the root."""
    if asked is not None:
        return asked
    folder = path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path))
    repository = git.find_repository(folder) if files.has_git_above(folder) else None
    return os.path.join(repository.work_tree if repository and repository.work_tree else folder, FILE_NAME)


def _code(done: Done) -> int:
    if done.report.stats.is_complete:
        return CLEAN
    sys.stderr.write("leaksweep: the scan is incomplete: what was not read is not noted down either\n")
    return INCOMPLETE


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
