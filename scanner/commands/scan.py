"""The command `scan`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from scanner.commands.console import wants_colour
from scanner.commands.decisions import asked_by, decisions_of
from scanner.commands.judging import report_of
from scanner.commands.targets import Job, index_job, job_of
from scanner.commands.trust import Trusted, trusted_at
from scanner.config import FILE_NAME, Config, load_config
from scanner.errors import ReportError, ScannerError, TerminatedError, UsageError
from scanner.globs import PathGlobs
from scanner.model import Blob, Report, Skip, SkipReason, Target
from scanner.progress import progress_bar
from scanner.reporters import RenderOptions
from scanner.reporters.output import Output, check_outputs, write_reports
from scanner.ruleset import Ruleset, load_ruleset
from scanner.scan import BatchResult, Entry, Scanner, Tally, batches, lost
from scanner.sources import files, history
from scanner.sources.git import Repository
from scanner.workers import run, usable_cores


class Done(NamedTuple):
    """A scan that has ended: its report, what it was made of, and the interrupts that ended it early, if any."""

    report: Report
    job: Job
    ruleset: Ruleset
    settings: Config
    interrupts: Sequence[BaseException] = ()


def scan(
    *,
    outputs: Sequence[Output] = (Output("text"),),
    show_secrets: bool = False,
    show_authors: bool = False,
    all_occurrences: bool = False,
    verbose: bool = False,
    quiet: bool = False,
    show_suppressed: bool = False,
    **options: Any,
) -> int:
    """Scan what was asked for, write the reports, return the exit code. Raises ScannerError."""
    check_outputs(outputs)
    done = scanned(quiet=quiet, **options)
    shown = RenderOptions(
        show_secrets=show_secrets,
        colour=wants_colour(),
        verbose=verbose,
        quiet=quiet,
        show_authors=show_authors,
        all_occurrences=all_occurrences,
        show_suppressed=show_suppressed,
    )
    try:
        write_reports(done.report, outputs, shown, sys.stdout)
    except ReportError as error:
        raise ReportError(f"{error} ({len(done.report.findings)} findings)") from error
    if done.interrupts:
        raise done.interrupts[0]
    return done.report.exit_code


def scanned(
    *,
    path: str,
    history: bool = False,
    range: str | None = None,  # noqa: A002
    since: str | None = None,
    staged: bool = False,
    whole_index: bool = False,
    stream: IO[bytes] | None = None,
    path_hint: str | None = None,
    config: str | None = None,
    trust_ref: str | None = None,
    exit_zero: bool = False,
    quiet: bool = False,
    progress: bool = True,
    **options: Any,
) -> Done:
    """Return the report on what was asked for, and what it was made of. Raises ScannerError."""
    if path != "-" and not os.path.lexists(path):
        raise UsageError(f"{path}: no such file or folder")
    with ExitStack() as stack:
        trusted = trusted_at(os.curdir if path == "-" else path, trust_ref)
        if trusted is not None:
            stack.enter_context(trusted)
        settings, ruleset = _settings_and_rules(path, config, options, trusted)
        tally, interrupts = Tally(), []
        if path == "-":
            job = _stream_job(stream or sys.stdin.buffer, path_hint or "<standard input>", settings, tally)
        elif whole_index:
            job = index_job(path)
        else:
            job = job_of(path, is_history=history, span=range, since=since, is_staged=staged, settings=settings)
        decisions = decisions_of(asked_by(options), job, trusted)
        if path != "-":
            interrupts = scan_entries(job, ruleset, settings, tally, is_progress_wanted=progress and not quiet)
        elif job.data is not None:
            blob = Blob(job.data, path=job.target.location)
            tally.add(_make_scanner(ruleset, None, settings)().search_blob(blob))
        report = report_of(job, ruleset, settings, tally, decisions, exit_zero=exit_zero)
        return Done(report, job, ruleset, settings, interrupts)


def _settings_and_rules(
    path: str, config: str | None, options: Mapping[str, Any], trusted: Trusted | None
) -> tuple[Config, Ruleset]:
    """Return the configuration and the rules in force: those of the trusted revision, if there is one."""
    root = path if os.path.isdir(path) else None
    if trusted is not None:
        try:
            return trusted_rules(trusted, root, config, options)
        except ScannerError as error:
            raise type(error)(trusted.named(str(error))) from error
    settings, _ = load_config(options, root=root, path=config)
    return settings, _rules_of(settings)


def _rules_of(settings: Config) -> Ruleset:
    return load_ruleset(
        [Path(rule) for rule in settings.rules],
        use_default_rules=settings.use_default_rules,
        only=settings.only_rules,
    )


def trusted_rules(
    trusted: Trusted, root: str | None, config: str | None, options: Mapping[str, Any]
) -> tuple[Config, Ruleset]:
    """Return configuration and rules as they stand at the trusted revision; what is outside of it counts as it is.

    A rule file that is not there yet is left out if the default rules are in force. Raises ScannerError.
    """
    location = config or (os.path.join(root, FILE_NAME) if root is not None else None)
    file = trusted.export(location) if location is not None and (config or os.path.lexists(location)) else None
    if file is None and config is None and root is not None:
        file = trusted.export_path(trusted.path_inside(os.path.join(root, FILE_NAME)) or FILE_NAME)
    settings, _ = load_config(options, root=None, path=file)
    rules = [trusted.export_again(rule) for rule in settings.rules]
    if None in rules and not settings.use_default_rules:
        raise UsageError(
            f"{trusted.revision}: {settings.rules[rules.index(None)]} is not there: no rules would be left"
        )
    settings = replace(settings, rules=tuple(rule for rule in rules if rule is not None))
    return settings, _rules_of(settings)


def _stream_job(stream: IO[bytes], path: str, settings: Config, tally: Tally) -> Job:
    """Return the job that holds all of a stream, or none of it if it is too long."""
    blob = files.read_stdin(stream, path=path, max_bytes=settings.max_blob_bytes)
    if isinstance(blob, Skip):
        tally.skipped.append(blob)
        return Job(Target("stdin", path), ())
    return Job(Target("stdin", path), (), data=blob.data)


def _make_scanner(ruleset: Ruleset, repository: Repository | None, settings: Config) -> Callable[[], Scanner]:
    limits = {"max_blob_bytes": settings.max_blob_bytes, "max_decode_depth": settings.max_decode_depth}
    return partial(Scanner, ruleset, repository, **limits)


def scan_entries(
    job: Job, ruleset: Ruleset, settings: Config, tally: Tally, *, is_progress_wanted: bool
) -> list[BaseException]:
    """Scan all entries into `tally`; return the interrupt that ended it early, if one did."""
    is_history = job.revisions == history.EVERYTHING and job.repository is not None
    check = history.start_connectivity_check(job.repository) if is_history and job.repository else None
    try:
        with progress_bar(is_wanted=is_progress_wanted) as show:
            for result in _results(job, ruleset, settings, tally):
                tally.add(result)
                show(items=result.blobs, done_bytes=result.bytes, findings=len(tally.found))
        if check is not None and job.repository is not None:
            tally.skipped += history.boundary_skips(job.repository)
            from scanner.commands.reading import CYCLE

            # Git does not end at an object that builds on itself, and the scan is incomplete anyway.
            if all(skip.detail != CYCLE for skip in tally.skipped) and check.wait():
                tally.skipped += history.missing_objects(job.repository)
    except (KeyboardInterrupt, TerminatedError) as interrupt:
        tally.skipped.append(Skip(SkipReason.INTERRUPTED, job.target.location))
        return [interrupt]
    finally:
        if check is not None:
            check.kill()
            check.wait()
    return []


def _results(job: Job, ruleset: Ruleset, settings: Config, tally: Tally) -> Iterator[BatchResult]:
    """Yield the results of all that the job asks for, worked on by as many processes as the settings allow."""
    workers = settings.jobs or usable_cores()
    if job.repository is not None and job.revisions == history.EVERYTHING:
        from scanner.commands.reading import read_database

        return read_database(job.repository, ruleset, settings, workers=workers, wants=job.wants)
    make_work = _make_scanner(ruleset, job.repository, settings)
    todo: Iterator[tuple[Entry, ...]] = batches(job.entries, PathGlobs(settings.exclude), tally.skipped)
    return run(make_work, todo, workers=workers, give_up=lost)
