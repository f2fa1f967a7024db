"""Tasks to an executor, outcomes back: giants in one lane with all cores, the rest in the other, memory bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, replace

from scanner.sweep.values import Outcome, Task

MAX_TRIES = 2
"""A worker that dies may have been killed for its neighbour's sake; one that dies twice at one repository is not."""

SMALL_COST = 64 << 20
MEMORY_PER_PACK_BYTE = 1.0
"""Measured on redis and git: a process holds about the mapped packs and 200 MB; mapped pages can be given back."""


@dataclass(frozen=True, slots=True)
class Sized:
    """A task and the bytes of its repository's packs, 0 where they are not known (a remote one)."""

    task: Task
    pack_bytes: int = 0


def split_lanes(sized: Sequence[Sized], *, workers: int) -> tuple[list[Sized], list[Sized]]:
    """Return the giants, largest first, and the rest, largest first.

    A giant is larger than an even share of the work: in one process it would run on when all others have ended.
    """
    ordered = sorted(sized, key=lambda one: (-one.pack_bytes, one.task.target.id))
    share = sum(one.pack_bytes for one in ordered) / max(1, workers)
    giants = [one for one in ordered if workers > 1 and one.pack_bytes > max(share / 2, SMALL_COST)]
    return giants, ordered[len(giants) :]


def run_local(
    sized: Sequence[Sized],
    work: Callable[[Task], Outcome],
    make_executor: Callable[[int], Executor],
    *,
    workers: int,
    memory_bytes: int,
) -> Iterator[Outcome]:
    """Yield each outcome as it comes, from processes of this machine.

    A giant is read by a process that hands its parts to `workers` more; meanwhile the rest go one a process.
    What waits for memory starts when enough is free; what needs more than all of it runs alone.
    """
    giants, rest = split_lanes(sized, workers=workers)
    lanes = []
    with ExitStack() as stack:
        if giants:
            lanes.append(_Lane(stack, make_executor, 1, [_with_jobs(one, workers) for one in giants]))
        if rest:
            lanes.append(_Lane(stack, make_executor, max(1, workers - bool(giants)), rest))
        yield from _drained(lanes, work, memory_bytes)


def run_anywhere(sized: Sequence[Sized], work: Callable[[Task], Outcome], executor: Executor) -> Iterator[Outcome]:
    """Yield each outcome as it comes, from any executor of `concurrent.futures`; it looks after lost workers itself."""
    ordered = sorted(sized, key=lambda one: (-one.pack_bytes, one.task.target.id))
    pending = {executor.submit(work, one.task): one.task for one in ordered}
    while pending:
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            task = pending.pop(future)
            try:
                yield future.result()
            except Exception as error:
                yield failed(task, f"the worker failed: {type(error).__name__}")


def failed(task: Task, error: str) -> Outcome:
    """Return the outcome of a repository that could not be read at all."""
    return Outcome(task.target.id, "failed", error)


def _with_jobs(one: Sized, jobs: int) -> Sized:
    return Sized(replace(one.task, jobs=jobs), one.pack_bytes)


class _Lane:
    """An executor of so many processes, what it still has to do, and what it is doing."""

    def __init__(
        self, stack: ExitStack, make_executor: Callable[[int], Executor], workers: int, todo: list[Sized]
    ) -> None:
        self._stack, self._make_executor, self.workers = stack, make_executor, workers
        self.todo = todo
        self.running: dict[Future[Outcome], tuple[Sized, int]] = {}
        self.executor = stack.enter_context(make_executor(workers))

    def renew(self) -> None:
        """Put a new executor in the place of a broken one."""
        self.executor = self._stack.enter_context(self._make_executor(self.workers))


def _drained(lanes: Sequence[_Lane], work: Callable[[Task], Outcome], memory_bytes: int) -> Iterator[Outcome]:
    while any(lane.todo or lane.running for lane in lanes):
        _fill(lanes, work, memory_bytes)
        running = {future for lane in lanes for future in lane.running}
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for lane in lanes:
            broken: list[tuple[Sized, int]] = []
            for future in [one for one in lane.running if one in done]:
                one, tried = lane.running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    broken.append((one, tried))
                except Exception as error:
                    yield failed(one.task, f"internal error: {type(error).__name__}")
            if broken:
                yield from _after_death(lane, work, broken)


def _after_death(lane: _Lane, work: Callable[[Task], Outcome], broken: list[tuple[Sized, int]]) -> Iterator[Outcome]:
    """Try what a dead worker took with it once more, one at a time, so that the culprit alone is given up."""
    broken += [lane.running.pop(future) for future in list(lane.running)]
    for one, tried in broken:
        lane.renew()
        try:
            yield lane.executor.submit(work, one.task).result()
        except BrokenProcessPool:
            yield failed(one.task, f"the worker died, {tried + 1} times")
    lane.renew()


def _fill(lanes: Sequence[_Lane], work: Callable[[Task], Outcome], memory_bytes: int) -> None:
    used = sum(_cost(one) for lane in lanes for one, _ in lane.running.values())
    for lane in lanes:
        while lane.todo and len(lane.running) < lane.workers:
            cost = _cost(lane.todo[0])
            if used and used + cost > memory_bytes:
                break
            one = lane.todo.pop(0)
            lane.running[lane.executor.submit(work, one.task)] = (one, 1)
            used += cost


def _cost(one: Sized) -> int:
    return SMALL_COST * one.task.jobs + int(one.pack_bytes * MEMORY_PER_PACK_BYTE)
