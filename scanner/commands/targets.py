"""What to scan: the entries, the repository behind them, and how to find the places of a blob."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from scanner.config import Config
from scanner.errors import UsageError
from scanner.model import Skip, SkipReason, Target
from scanner.scan import Entry
from scanner.sources import files, git, history, staged
from scanner.sources.objects import ObjectEntry, objects_of


class Job(NamedTuple):
    """What to scan: the entries, the repository behind them, and how to find the places of a blob.

    With `wants`, of a whole history only the objects for whose binary id it is true.
    """

    target: Target
    entries: Iterable[Entry | Skip]
    repository: git.Repository | None = None
    revisions: tuple[str, ...] = ()
    before: dict[str, str] | None = None
    data: bytes | None = None
    wants: Callable[[bytes], bool] | None = None


def job_of(
    path: str, *, is_history: bool, span: str | None, since: str | None, is_staged: bool, settings: Config
) -> Job:
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
    return _index_entries(repository, path, staged.staged_files(repository), "staged")


def index_job(path: str) -> Job:
    """Return the job that reads every file of the index, changed or not."""
    repository = git.open_repository(path)
    return _index_entries(repository, path, staged.index_files(repository), "index")


def _index_entries(repository: git.Repository, path: str, listed: Iterable[staged.StagedFile | Skip], mode: str) -> Job:
    changed = list(listed)
    known = [one for one in changed if not isinstance(one, Skip)]
    sizes = {e.oid: e for e in objects_of(repository, {one.oid for one in known}) if isinstance(e, ObjectEntry)}
    entries: list[Entry | Skip] = [one for one in changed if isinstance(one, Skip)]
    for one in known:
        entry = sizes.get(one.oid)
        missing = Skip(SkipReason.MISSING_OBJECT, one.path, one.oid)
        entries.append(entry._replace(path=one.path) if entry else missing)
    return Job(Target(mode, path), entries, repository, before={one.path: one.before for one in known})
