"""The command `sweep`: read many repositories, remember what was read, tell it all."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import chain
from typing import IO, Any, NamedTuple

from scanner.commands.console import now_s
from scanner.commands.sweep_check import is_unchanged, reading_digest, rules_of
from scanner.commands.sweep_display import Display
from scanner.commands.sweep_telling import ACTIONS, ended, told
from scanner.errors import UsageError
from scanner.model import Skip
from scanner.reporters.safe import printable
from scanner.sweep import schedule
from scanner.sweep.clones import folder_of, remove_leftovers
from scanner.sweep.store import Store
from scanner.sweep.targets import read_list, targets_of
from scanner.sweep.values import Outcome, SweepOptions, SweepTarget, Task


def sweep(
    *,
    targets: Sequence[str] = (),
    store: str | None = None,
    report_directory: str | None = None,
    fail_on: str | None = None,
    **options: Any,
) -> int:
    """Read what `targets` name, or tell about a store if the first of them is one of ACTIONS; return the exit code.

    1 if a finding reaches `fail_on`, else 3 if anything was not read, else 0. Raises ScannerError.
    """
    path = store or default_store()
    if targets and targets[0] in ACTIONS:
        return told(targets[0], targets[1:], path, report_directory)
    return _swept(list(targets), path, report_directory, fail_on, **options)


def default_store() -> str:
    """Return the path of the user's own store."""
    root = os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA")
    return os.path.join(root or os.path.join(os.path.expanduser("~"), ".local", "state"), "leaksweep", "sweep.sqlite")


# --- sweeping ----------------------------------------------------------------------------------------


def _swept(
    words: list[str],
    path: str,
    report_directory: str | None,
    fail_on: str | None,
    *,
    lists: Sequence[str] | None = None,
    cache: str | None = None,
    executor: str | None = None,
    log: str | None = None,
    progress: bool = True,
    jobs: int | None = None,
    memory_megabytes: int = 4_096,
    **options: Any,
) -> int:
    listed = list(_listed(words, lists or (), options))
    gaps = [one for one in listed if isinstance(one, Skip)]
    wanted = [one for one in listed if isinstance(one, SweepTarget)]
    if not wanted and not gaps:
        raise UsageError("nothing to sweep: name folders, URLs, --from FILE, --github-org or --gitlab-group")
    with ExitStack() as stack:
        held = stack.enter_context(Store(path))
        tell = _logger(stack, log)
        swept = held.begin(wanted, now_s=now_s(), gaps=gaps)
        done = held.done_in(swept)
        scan_options = _scan_options(cache or f"{os.path.splitext(path)[0]}-clones", options)
        left = [one for one in wanted if one.id not in done]
        tell("begin", sweep=swept, repositories=len(wanted), left=len(left))
        by_id = {one.id: one for one in wanted}
        display = stack.enter_context(Display(len(wanted), len(done), is_wanted=progress))
        how = _How(scan_options, executor, jobs, memory_megabytes << 20)
        for outcome in _outcomes(stack, held, left, how, display):
            held.save(by_id[outcome.target_id], outcome, sweep=swept)
            tell("repository", id=outcome.target_id, status=outcome.status, error=outcome.error, s=outcome.seconds)
            display.done(outcome)
        held.end()
        tell("end", sweep=swept)
        return ended(held, by_id, report_directory, fail_on)


def _listed(words: list[str], lists: Sequence[str], options: dict[str, Any]) -> Iterator[SweepTarget | Skip]:
    more = chain.from_iterable(_from_list(name) for name in lists)
    return targets_of(chain(words, more, _from_platforms(options)))


def _from_list(name: str) -> list[str]:
    try:
        if name == "-":
            return list(read_list(os.fsdecode(line) for line in sys.stdin.buffer))
        with open(name, encoding="utf-8-sig", errors="surrogateescape") as stream:
            return list(read_list(stream))
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror}") from error


def _from_platforms(options: dict[str, Any]) -> Iterator[str]:
    from scanner.sweep.platforms import clone_urls, platform_of

    for kind, key in (("github", "github_org"), ("gitlab", "gitlab_group")):
        for owner in options.get(key) or ():
            platform = platform_of(kind, os.environ, base_url=options.get(f"{kind}_api"))
            yield from clone_urls(
                platform,
                owner,
                with_archived=not options.get("skip_archived"),
                with_forks=not options.get("skip_forks"),
            )


def _scan_options(cache: str, options: dict[str, Any]) -> SweepOptions:
    defaults = SweepOptions(cache)
    return SweepOptions(
        cache=os.path.abspath(cache),
        rules=tuple(os.path.abspath(rule) for rule in options.get("rules") or ()),
        use_default_rules=options.get("use_default_rules") is not False,
        max_blob_bytes=options.get("max_blob_bytes") or defaults.max_blob_bytes,
        min_severity=options.get("min_severity") or defaults.min_severity,
        min_confidence=options.get("min_confidence") or defaults.min_confidence,
        allow_shallow=bool(options.get("allow_shallow")),
    )


class _How(NamedTuple):
    """How repositories are read, and where."""

    options: SweepOptions
    executor: str | None
    jobs: int | None
    memory_bytes: int


def _outcomes(
    stack: ExitStack, store: Store, left: list[SweepTarget], how: _How, display: Display
) -> Iterator[Outcome]:
    options = how.options
    if how.executor is None:
        remove_leftovers(options.cache)
        states = store.states(reading_digest(rules_of(options), options)) if left else {}
        unchanged = {one.id for one in left if one.id in states and is_unchanged(one, options, states[one.id])}
        yield from (Outcome(one.id, "unchanged") for one in left if one.id in unchanged)
        left = [one for one in left if one.id not in unchanged]
    if left:
        yield from _read(stack, store, left, how, display)


def _read(stack: ExitStack, store: Store, left: list[SweepTarget], how: _How, display: Display) -> Iterator[Outcome]:
    """Yield what each repository gave, read by the executor."""
    from scanner.commands.sweep_processes import Processes, new_board, said
    from scanner.commands.sweep_task import sweep_one
    from scanner.workers import usable_cores

    key = store.key

    def task_of(target: SweepTarget, processes: int, slot: int) -> Task:
        return Task(target, how.options, key, store.known(target.id), processes, slot)

    sized = [schedule.Sized(one, _pack_bytes(one, how.options.cache)) for one in left]
    if how.executor is not None:
        executor = _remote_executor(stack, how.executor)
        yield from schedule.run_anywhere(sized, schedule.Work(task_of, sweep_one), executor)
        return
    workers = schedule.useful_workers(sized, how.jobs or usable_cores())
    board = new_board(schedule.slots_of(workers))
    work = schedule.Work(task_of, sweep_one, lambda running: display.tick(running, partial(said, board)))
    make_executor = partial(Processes, board=board, lock=store.lock)
    yield from schedule.run_local(sized, work, make_executor, workers=workers, memory_bytes=how.memory_bytes)


def _remote_executor(stack: ExitStack, address: str) -> Any:
    scheme, _, place = address.partition("://")
    if scheme != "dask" or not place:
        raise UsageError(f"--executor {address}: the form is dask://HOST:PORT")
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError("--executor dask:// needs the extra: pip install 'leaksweep[dask]'") from error
    try:
        client = stack.enter_context(Client(f"tcp://{place}", timeout="20s", set_as_default=False))  # type: ignore[no-untyped-call, unused-ignore]
    except OSError as error:
        raise UsageError(f"--executor {address}: no scheduler answers there") from error
    return client.get_executor(pure=False)


def _pack_bytes(target: SweepTarget, cache: str) -> int:
    """Return the size of a repository's packs, as far as a look at its folders or its clone tells, else 0."""
    place = folder_of(target, cache) if target.is_remote else target.id
    total = 0
    for folder in (place, os.path.join(place, ".git")):
        try:
            with os.scandir(os.path.join(folder, "objects", "pack")) as listing:
                total += sum(entry.stat(follow_symlinks=False).st_size for entry in listing)
        except OSError:
            continue
    return total


# --- telling -----------------------------------------------------------------------------------------


def _logger(stack: ExitStack, log: str | None) -> Callable[..., None]:
    if log is None:
        return lambda event, **values: None
    try:
        stream = stack.enter_context(open(log, "a", encoding="utf-8", buffering=1))  # noqa: SIM115 - the stack closes it
    except OSError as error:
        raise UsageError(f"{log}: {error.strerror}") from error
    return partial(_log_line, stream)


def _log_line(stream: IO[str], event: str, **values: Any) -> None:
    import json
    import time

    shown = {name: printable(value) if isinstance(value, str) else value for name, value in values.items()}
    stream.write(json.dumps({"time": round(time.time(), 3), "event": event, **shown}) + "\n")
