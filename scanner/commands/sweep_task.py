"""One repository of a sweep, read wherever the executor has it read. The values that come back hold no secret."""

from __future__ import annotations

import hashlib
import hmac
import io
import time
from collections.abc import Callable, Iterator

from scanner.commands.decisions import no_decisions
from scanner.commands.judging import report_of
from scanner.commands.reading import object_names
from scanner.commands.scan import scan_entries
from scanner.commands.sweep_check import reading_digest, rules_of, state_in, state_with
from scanner.commands.sweep_processes import CLONING, READING, TELLING, WAITING, WatchedTally, say_phase
from scanner.commands.targets import Job
from scanner.config import Config, load_config
from scanner.errors import ScannerError
from scanner.model import Finding, Report, Skip, SkipReason, Target
from scanner.reporters import RenderOptions, render
from scanner.reporters.safe import Masker, printable
from scanner.ruleset import Ruleset
from scanner.sources import git, history
from scanner.sweep.clones import ensure
from scanner.sweep.object_ids import pack_names, unpack_names
from scanner.sweep.values import FoundSecret, Known, Outcome, SweepOptions, Task

_PASSING = frozenset(
    [
        *(SkipReason.TIME_LIMIT, SkipReason.WORKER_DIED, SkipReason.NO_MEMORY, SkipReason.INTERRUPTED),
        *(SkipReason.GIT_FAILED, SkipReason.UNREADABLE, SkipReason.CHANGED_WHILE_READ),
    ]
)
"""What may be read the next time: after one of these, the next sweep reads the whole repository again."""

_ASKED_ANEW = frozenset([SkipReason.MISSING_OBJECT, SkipReason.PARTIAL_CLONE, SkipReason.SHALLOW_BOUNDARY])
"""What every scan finds out by itself, so that it need not be remembered."""


def sweep_one(task: Task) -> Outcome:
    """Return what one repository gave; never raises for what is wrong with the repository or its server."""
    started = time.monotonic()
    try:
        outcome = _read(task)
    except (ScannerError, OSError, MemoryError) as error:
        cause = str(error) or type(error).__name__
        return Outcome(task.target.id, "failed", printable(cause)[:500], seconds=time.monotonic() - started)
    finally:
        say_phase(task.slot, WAITING)
    return outcome if outcome.status == "unchanged" else _timed(outcome, time.monotonic() - started)


def _timed(outcome: Outcome, seconds: float) -> Outcome:
    from dataclasses import replace

    return replace(outcome, seconds=round(seconds, 3))


def _read(task: Task) -> Outcome:
    target, options = task.target, task.options
    folder = target.location
    say_phase(task.slot, CLONING if target.is_remote else READING)
    if target.is_remote:
        folder = ensure(target, options.cache, protocols=options.allowed_protocols)
    ruleset = rules_of(options)
    digest = reading_digest(ruleset, options)
    known = task.known if task.known is not None and task.known.rules_digest == digest else None
    if known is not None and state_in(folder, options) == known.state:
        return Outcome(target.id, "unchanged")
    repository = git.open_repository(folder)
    # Asked before anything is read: what is pushed meanwhile changes it, and so is read the next time.
    state = state_with(repository.common_dir, options)
    settings = _settings(options, task.jobs)
    names = object_names(repository)
    report, matched = _scanned(task, repository, ruleset, settings, known)
    remembered = None
    if not any(skip.reason in _PASSING for skip in report.stats.skipped):
        seen = pack_names(names, width=len(repository.zero_oid) // 2)
        kept = [skip for skip in report.stats.skipped if skip.reason not in _ASKED_ANEW]
        remembered = Known(state, digest, seen, matched, tuple((s.reason.value, s.what, s.detail) for s in kept))
    return Outcome(
        target.id,
        "read",
        document=_document(report),
        known=remembered,
        found=tuple(_found(report, ruleset, task.key)),
        is_complete=report.stats.is_complete,
        read_blobs=report.stats.blobs,
        read_bytes=report.stats.bytes,
    )


def _settings(options: SweepOptions, jobs: int) -> Config:
    """Return the settings of a scan; a swept repository's own configuration does not count."""
    values = {
        name: getattr(options, name) for name in ("max_blob_bytes", "min_severity", "min_confidence", "allow_shallow")
    }
    return load_config({**values, "jobs": jobs}, root=None)[0]


def _wants(known: Known | None) -> Callable[[bytes], bool] | None:
    """Return what tells the objects to read: those not seen, and the blobs of earlier findings for their story."""
    if known is None:
        return None
    passed = unpack_names(known.seen).difference(map(bytes.fromhex, known.matched))
    return lambda name: name not in passed


def _scanned(
    task: Task,
    repository: git.Repository,
    ruleset: Ruleset,
    settings: Config,
    known: Known | None,
) -> tuple[Report, tuple[str, ...]]:
    """Return the report, and the ids of all objects in which something was found."""
    job = Job(Target("history", task.target.id), (), repository, history.EVERYTHING, wants=_wants(known))
    tally = WatchedTally(task.slot)
    say_phase(task.slot, READING)
    tally.skipped += [Skip(SkipReason(reason), what, detail) for reason, what, detail in (known.skips if known else ())]
    scan_entries(job, ruleset, settings, tally, is_progress_wanted=False)
    say_phase(task.slot, TELLING)
    matched = tuple(sorted({blob.oid for blob in tally.found if blob.oid}))
    return report_of(job, ruleset, settings, tally, no_decisions(job), exit_zero=True), matched


def _document(report: Report) -> bytes:
    stream = io.StringIO()
    render("json", report, stream, RenderOptions())
    return stream.getvalue().encode()


def _found(report: Report, ruleset: Ruleset, key: bytes) -> Iterator[FoundSecret]:
    mask = Masker(report.findings, show_secrets=False)
    families = {rule.id: rule.family for rule in ruleset.rules}
    for finding in report.findings:
        introduced = finding.story.introduced if finding.story else None
        committer = introduced.commit.committer if introduced else None
        yield FoundSecret(
            fingerprint=finding.fingerprint,
            cluster=_cluster(key, families[finding.rule_id], finding),
            rule_id=finding.rule_id,
            severity=finding.severity,
            path=mask(finding.provenance.path),
            state=finding.story.state.value if finding.story else "",
            introduced_s=committer.time_s if committer else None,
            exposure_days=finding.story.exposure_days if finding.story else None,
        )


def _cluster(key: bytes, family: str, finding: Finding) -> str:
    """Return the same text for the same secret in every repository of this store, and in no other store."""
    secret = finding.secret.value.encode("utf-8", "surrogateescape")
    return hmac.new(key, family.encode() + b"\0" + secret, hashlib.sha256).hexdigest()[:24]
