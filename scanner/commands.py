"""One function per subcommand: build the rooms, connect them, return the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from scanner import __version__
from scanner.config import Config, load_config
from scanner.errors import ReportError, TerminatedError, UsageError
from scanner.findings import Seen, build_findings, seen_in, split_by_threshold
from scanner.globs import PathGlobs
from scanner.model import (
    ABSENT_BY_CLONE,
    HARMLESS_SKIPS,
    BlobKind,
    BlobMatches,
    Finding,
    Provenance,
    Report,
    ScanStats,
    Skip,
    SkipReason,
    Target,
)
from scanner.progress import progress_bar
from scanner.reporters import RenderOptions
from scanner.reporters.output import Output, write_reports
from scanner.ruleset import Ruleset, load_ruleset
from scanner.scan import Entry, Scanner, Tally, batches, lost
from scanner.sources import files, git, history, staged
from scanner.sources.objects import ObjectEntry, ObjectReader, objects_of
from scanner.workers import run

CLEAN, FOUND, INCOMPLETE, INTERRUPTED = 0, 1, 3, 130


class Job(NamedTuple):
    """What to scan: the entries, the repository behind them, and how to find the places of a blob."""

    target: Target
    entries: Iterable[Entry | Skip]
    repository: git.Repository | None = None
    revisions: tuple[str, ...] = ()
    before: dict[str, str] | None = None


def scan(
    *,
    path: str,
    history: bool = False,
    range: str | None = None,  # noqa: A002
    since: str | None = None,
    staged: bool = False,
    path_hint: str | None = None,
    config: str | None = None,
    outputs: Sequence[Output] = (Output("text"),),
    show_secrets: bool = False,
    exit_zero: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    progress: bool = True,
    **options: Any,
) -> int:
    """Scan what was asked for, write the reports, return the exit code. Raises ScannerError."""
    if path != "-" and not os.path.lexists(path):
        raise UsageError(f"{path}: no such file or folder")
    settings, _ = load_config(options, root=path if os.path.isdir(path) else None, path=config)
    ruleset = load_ruleset(
        [_as_path(rule) for rule in settings.rules],
        use_default_rules=settings.use_default_rules,
        only=settings.only_rules,
    )
    tally, notes = Tally(), []
    if path == "-":
        job = Job(Target("stdin", path_hint or "<standard input>"), ())
        _scan_stdin(path_hint or "<standard input>", ruleset, settings, tally)
    else:
        job = _job(path, is_history=history, span=range, since=since, is_staged=staged, settings=settings)
        notes = _scan_entries(job, ruleset, settings, tally, is_progress_wanted=progress and not quiet)
    report = _report(job, ruleset, settings, tally, exit_zero=exit_zero)
    shown = RenderOptions(show_secrets, _wants_colour(), verbose, quiet)
    try:
        write_reports(report, outputs, shown, sys.stdout)
    except ReportError as error:
        raise ReportError(f"{error} ({len(report.findings)} findings)") from error
    if notes:
        raise notes[0]
    return report.exit_code


def _as_path(text: str) -> Any:
    from pathlib import Path

    return Path(text)


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


# --- what to scan ------------------------------------------------------------------------------------


def _job(path: str, *, is_history: bool, span: str | None, since: str | None, is_staged: bool, settings: Config) -> Job:
    if sum((is_history, span is not None, since is not None, is_staged)) > 1:
        raise UsageError("--history, --range, --since and --staged exclude each other")
    if is_history:
        return _history_job(path)
    if span is not None or since is not None:
        return _range_job(path, span, since)
    if is_staged:
        return _staged_job(path)
    if os.path.isdir(path) and not os.path.islink(path):
        return Job(Target("tree", path), files.tree_entries(path, all_files=settings.all_files))
    return Job(Target("file", path), files.file_entry(path))


def _history_job(path: str) -> Job:
    repository = git.open_repository(path)
    return Job(Target("history", path), history.history_entries(repository), repository, history.EVERYTHING)


def _range_job(path: str, span: str | None, since: str | None) -> Job:
    repository = git.open_repository(path)
    if span is None:
        start, end = str(since), "HEAD"
    else:
        start, dots, end = span.partition("..")
        if not dots or not start or end.startswith("."):
            raise UsageError(f"--range {span}: a range is written A..B")
    revisions = history.range_revisions(repository, since=start, until=end or "HEAD")
    return Job(
        Target("range", path, f"{start}..{end or 'HEAD'}", revisions[0]),
        history.range_entries(repository, revisions),
        repository,
        revisions,
    )


def _staged_job(path: str) -> Job:
    repository = git.open_repository(path)
    changed = list(staged.staged_files(repository))
    known = [one for one in changed if not isinstance(one, Skip)]
    sizes = {e.oid: e for e in objects_of(repository, {one.oid for one in known}) if isinstance(e, ObjectEntry)}
    entries: list[Entry | Skip] = [one for one in changed if isinstance(one, Skip)]
    for one in known:
        entry = sizes.get(one.oid)
        missing = Skip(SkipReason.MISSING_OBJECT, one.path, one.oid)
        entries.append(entry._replace(path=one.path) if entry else missing)
    return Job(Target("staged", path), entries, repository, before={one.path: one.before for one in known})


# --- scanning ----------------------------------------------------------------------------------------


def _scan_stdin(path: str, ruleset: Ruleset, settings: Config, tally: Tally) -> None:
    blob = files.read_stdin(sys.stdin.buffer, path=path, max_bytes=settings.max_blob_bytes)
    if isinstance(blob, Skip):
        tally.skipped.append(blob)
    else:
        tally.add(Scanner(ruleset, None, max_blob_bytes=settings.max_blob_bytes).search_blob(blob))


def _scan_entries(
    job: Job, ruleset: Ruleset, settings: Config, tally: Tally, *, is_progress_wanted: bool
) -> list[BaseException]:
    """Scan all entries into `tally`; return the interrupt that ended it early, if one did."""
    is_history = job.revisions == history.EVERYTHING and job.repository is not None
    check = history.start_connectivity_check(job.repository) if is_history and job.repository else None
    make_work = partial(Scanner, ruleset, job.repository, max_blob_bytes=settings.max_blob_bytes)
    todo: Iterator[tuple[Entry, ...]] = batches(job.entries, PathGlobs(settings.exclude), tally.skipped)
    jobs = settings.jobs or _usable_cores()
    try:
        with progress_bar(is_wanted=is_progress_wanted) as show:
            for result in run(make_work, todo, workers=jobs, give_up=lost):
                tally.add(result)
                show(items=result.blobs, done_bytes=result.bytes, findings=len(tally.found))
        if check is not None and job.repository is not None:
            tally.skipped += history.boundary_skips(job.repository)
            if check.wait():
                tally.skipped += history.missing_objects(job.repository)
    except (KeyboardInterrupt, TerminatedError) as interrupt:
        tally.skipped.append(Skip(SkipReason.INTERRUPTED, job.target.location))
        return [interrupt]
    finally:
        if check is not None:
            check.kill()
            check.wait()
    return []


def _usable_cores() -> int:
    """Return how many cores this process may use; not every system can tell, and those count all."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


# --- judging -----------------------------------------------------------------------------------------


def _report(job: Job, ruleset: Ruleset, settings: Config, tally: Tally, *, exit_zero: bool) -> Report:
    rules = {rule.id: rule for rule in ruleset.rules}
    seen = _without_excluded(_seen(job, tally.found), rules, PathGlobs(settings.exclude))
    findings, below = split_by_threshold(
        build_findings(seen, rules),
        min_severity=settings.min_severity,
        min_confidence=settings.min_confidence,
    )
    stats = ScanStats(
        blobs=tally.blobs,
        bytes=tally.bytes,
        commits=tally.commits,
        skipped=tuple(sorted(set(tally.skipped))),
        dropped=dict(sorted(tally.dropped.items())),
        accepted=HARMLESS_SKIPS | ABSENT_BY_CLONE if settings.allow_shallow else HARMLESS_SKIPS,
    )
    return Report(
        target=job.target,
        findings=findings,
        rules={finding.rule_id: rules[finding.rule_id] for finding in findings},
        stats=stats,
        tool_version=__version__,
        rules_digest=ruleset.digest,
        rule_count=len(ruleset.rules),
        exit_code=_exit_code(findings, stats, exit_zero=exit_zero),
        below_threshold=below,
    )


def _exit_code(findings: Sequence[Finding], stats: ScanStats, *, exit_zero: bool) -> int:
    if any(skip.reason == SkipReason.INTERRUPTED for skip in stats.skipped):
        return INTERRUPTED
    if findings and not exit_zero:
        return FOUND
    return CLEAN if stats.is_complete else INCOMPLETE


def _without_excluded(seen: Iterable[Seen], rules: Any, exclude: PathGlobs) -> list[Seen]:
    import re

    kept = []
    for one in seen:
        path, pattern = one.provenance.path, rules[one.match.rule_id].path_pattern
        if not exclude.is_match(path) and (pattern is None or re.search(pattern, path)):
            kept.append(one)
    return kept


def _seen(job: Job, found: Sequence[BlobMatches]) -> list[Seen]:
    """Return every match at every place of its blob."""
    if job.repository is None or not found:
        return [one for blob in found for one in seen_in(blob, [(Provenance(blob.path or ""), 0)])]
    with ObjectReader(job.repository) as reader:
        if job.before is not None:
            return _seen_staged(found, job.before, reader)
        return _seen_in_history(job, job.repository, found, reader)


def _seen_staged(found: Sequence[BlobMatches], before: dict[str, str], reader: ObjectReader) -> list[Seen]:
    out = []
    for blob in found:
        path = blob.path or ""
        old = (before[path],) if before.get(path) else ()
        out += _new_only(seen_in(blob, [(Provenance(path), 0)]), old, reader)
    return out


def _seen_in_history(
    job: Job, repository: git.Repository, found: Sequence[BlobMatches], reader: ObjectReader
) -> list[Seen]:
    oids = {blob.oid for blob in found if blob.oid and blob.kind is BlobKind.FILE}
    places = history.places_of(repository, oids, revisions=job.revisions)
    is_range = job.revisions != history.EVERYTHING
    out: list[Seen] = []
    for blob in found:
        if blob.kind is not BlobKind.FILE:
            out += seen_in(blob, [(history.text_provenance(reader, str(blob.oid), path=str(blob.path)), 0)])
            continue
        for place in places.get(str(blob.oid), ()):
            seen = seen_in(blob, [(place.provenance, place.order)])
            out += _new_only(seen, place.before, reader) if is_range else seen
    return out


def _new_only(seen: Sequence[Seen], before: Sequence[str], reader: ObjectReader) -> list[Seen]:
    """Return those whose secret none of the blobs `before` holds: what a change did not bring in is not its own."""
    contents = [data for oid in before if isinstance(data := reader.read(oid), bytes)]
    if not contents:
        return list(seen)
    return [
        one
        for one in seen
        if not any(one.match.secret.value.encode("utf-8", "surrogateescape") in data for data in contents)
    ]


# --- rules and configuration -------------------------------------------------------------------------


def rules_list(*, rules: Sequence[str] = (), **_: Any) -> int:
    """Print id, severity, confidence and name of every rule."""
    for rule in load_ruleset([_as_path(path) for path in rules]).rules:
        _say(f"{rule.id:<48} {rule.severity:<9} {rule.confidence:<7} {rule.name}")
    return CLEAN


def rules_show(*, rule_id: str, rules: Sequence[str] = (), **_: Any) -> int:
    """Print one rule with every field."""
    import json
    from dataclasses import asdict

    rule = load_ruleset([_as_path(path) for path in rules], only=[rule_id]).rules[0]
    _say(json.dumps(asdict(rule), indent=2))
    return CLEAN


def rules_check(*, path: str | None = None, **_: Any) -> int:
    """Print what is wrong with the rules of `path`, or of the package; 1 if anything is."""
    from scanner.engine.rule_checks import faults, warnings

    ruleset = _ruleset_of(path)
    count = 0
    for rule, anchor in zip(ruleset.rules, ruleset.anchors, strict=True):
        for fault in faults(rule):
            _say(f"{rule.id}: {fault}")
            count += 1
        for warning in warnings(rule, anchor):
            _say(f"{rule.id}: warning: {warning}")
    _say(f"{len(ruleset.rules)} rules checked, {count} faults")
    return FOUND if count else CLEAN


def rules_test(*, path: str | None = None, **_: Any) -> int:
    """Run the examples and near misses of the rules of `path`, or of the package; 1 if one fails."""
    from scanner.engine.rule_checks import example_faults

    ruleset = _ruleset_of(path)
    count = 0
    for rule in ruleset.rules:
        for fault in example_faults(rule, ruleset.rules, ruleset.anchors):
            _say(f"{rule.id}: {fault}")
            count += 1
    _say(f"{len(ruleset.rules)} rules tested, {count} faults")
    return FOUND if count else CLEAN


def _ruleset_of(path: str | None) -> Ruleset:
    return load_ruleset() if path is None else load_ruleset([_as_path(path)], use_default_rules=False)


def explain(*, rule_id: str, rules: Sequence[str] = (), **_: Any) -> int:
    """Print what a rule finds, why it matters and where to revoke it."""
    rule = load_ruleset([_as_path(path) for path in rules], only=[rule_id]).rules[0]
    _say(f"{rule.name} ({rule.id})\n\n{rule.description}\n")
    _say(f"severity {rule.severity}, confidence {rule.confidence}, kind {rule.rotation_class}")
    _say("\nIf it is real: revoke it at the issuer first, issue a new one, then look for its use in the logs.")
    for word, urls in (("revoke", [rule.revoke_url] if rule.revoke_url else []), ("read", rule.references)):
        for url in urls:
            _say(f"{word}: {url}")
    return CLEAN


def config_show(*, config: str | None = None, **options: Any) -> int:
    """Print the effective values and where each came from."""
    settings, origins = load_config(options, root=os.curdir, path=config)
    for key, origin in origins.items():
        _say(f"{key}: {getattr(settings, key)!r}  # {origin}")
    return CLEAN


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
