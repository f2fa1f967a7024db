"""The command `scan`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from scanner.commands.console import wants_colour
from scanner.commands.judging import report_of
from scanner.commands.targets import Job, index_job, job_of
from scanner.config import Config, load_config
from scanner.errors import ReportError, TerminatedError, UsageError
from scanner.globs import PathGlobs
from scanner.model import Skip, SkipReason, Target
from scanner.progress import progress_bar
from scanner.reporters import RenderOptions
from scanner.reporters.output import Output, check_outputs, write_reports
from scanner.ruleset import Ruleset, load_ruleset
from scanner.scan import BatchResult, Entry, Scanner, Tally, batches, lost
from scanner.sources import files, history
from scanner.sources.git import Repository
from scanner.workers import run, usable_cores


def scan(
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
    outputs: Sequence[Output] = (Output("text"),),
    show_secrets: bool = False,
    show_authors: bool = False,
    all_occurrences: bool = False,
    exit_zero: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    progress: bool = True,
    **options: Any,
) -> int:
    """Scan what was asked for, write the reports, return the exit code. Raises ScannerError."""
    if path != "-" and not os.path.lexists(path):
        raise UsageError(f"{path}: no such file or folder")
    check_outputs(outputs)
    settings, _ = load_config(options, root=path if os.path.isdir(path) else None, path=config)
    ruleset = load_ruleset(
        [Path(rule) for rule in settings.rules],
        use_default_rules=settings.use_default_rules,
        only=settings.only_rules,
    )
    tally, notes = Tally(), []
    if path == "-":
        job = Job(Target("stdin", path_hint or "<standard input>"), ())
        _scan_stream(stream or sys.stdin.buffer, path_hint or "<standard input>", ruleset, settings, tally)
    else:
        job = (
            index_job(path)
            if whole_index
            else job_of(path, is_history=history, span=range, since=since, is_staged=staged, settings=settings)
        )
        notes = scan_entries(job, ruleset, settings, tally, is_progress_wanted=progress and not quiet)
    report = report_of(job, ruleset, settings, tally, exit_zero=exit_zero)
    shown = RenderOptions(
        show_secrets=show_secrets,
        colour=wants_colour(),
        verbose=verbose,
        quiet=quiet,
        show_authors=show_authors,
        all_occurrences=all_occurrences,
    )
    try:
        write_reports(report, outputs, shown, sys.stdout)
    except ReportError as error:
        raise ReportError(f"{error} ({len(report.findings)} findings)") from error
    if notes:
        raise notes[0]
    return report.exit_code


def _scan_stream(stream: IO[bytes], path: str, ruleset: Ruleset, settings: Config, tally: Tally) -> None:
    blob = files.read_stdin(stream, path=path, max_bytes=settings.max_blob_bytes)
    if isinstance(blob, Skip):
        tally.skipped.append(blob)
    else:
        tally.add(_make_scanner(ruleset, None, settings)().search_blob(blob))


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


def _results(job: Job, ruleset: Ruleset, settings: Config, tally: Tally) -> Iterator[BatchResult]:
    """Yield the results of all that the job asks for, worked on by as many processes as the settings allow."""
    workers = settings.jobs or usable_cores()
    if job.repository is not None and job.revisions == history.EVERYTHING:
        from scanner.commands.reading import read_database

        return read_database(job.repository, ruleset, settings, workers=workers)
    make_work = _make_scanner(ruleset, job.repository, settings)
    todo: Iterator[tuple[Entry, ...]] = batches(job.entries, PathGlobs(settings.exclude), tally.skipped)
    return run(make_work, todo, workers=workers, give_up=lost)
