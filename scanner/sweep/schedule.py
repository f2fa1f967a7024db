"""Repositories to an executor, outcomes back: largest first, giants split over all cores, memory bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import ExitStack
from dataclasses import dataclass, field

from scanner.sweep.values import Outcome, SweepTarget, Task

SMALL_COST = 64 << 20
MEMORY_PER_PACK_BYTE = 1.0
"""Measured on redis and git: a process holds about the mapped packs and 200 MB; mapped pages can be given back."""

MAX_WAITING = 1_024
"""Tasks that an executor is given ahead. Each holds the object ids that are known: thousands of them, not millions."""

TICK_S = 0.5


@dataclass(frozen=True, slots=True)
class Sized:
    """A repository and the bytes of its packs, 0 where they are not known (a remote one)."""

    target: SweepTarget
    pack_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """How a repository is read: `task_of` gives the task for so many processes and a slot, made when its turn comes.

    `on_tick` is called about twice a second with what is being read, by slot.
    """

    task_of: Callable[[SweepTarget, int, int], Task]
    read: Callable[[Task], Outcome]
    on_tick: Callable[[dict[int, Sized]], None] = field(default=lambda running: None)


SMALL_BYTES = 1 << 20
"""A repository up to this size may wait behind another one at a process: it is soon read."""


def slots_of(workers: int) -> int:
    """Return how many repositories are with the processes at a time: one each, and one that waits."""
    return 2 * workers


def useful_workers(sized: Sequence[Sized], wanted: int) -> int:
    """Return how many processes to start, `wanted` at most: one for each MIN_GIANT_BYTES, or unknown size, to read."""
    total = sum(one.pack_bytes or MIN_GIANT_BYTES for one in sized)
    return max(1, min(wanted, -(-total // MIN_GIANT_BYTES)))


def split_giants(sized: Sequence[Sized], *, workers: int) -> tuple[list[Sized], list[Sized]]:
    """Return the giants, largest first, and the rest, largest first.

    A giant is larger than half of an even share of the work: in one process it could run on when all others have ended.
    """
    ordered = sorted(sized, key=lambda one: (-one.pack_bytes, one.target.id))
    share = sum(one.pack_bytes for one in ordered) / max(1, workers)
    giants = [one for one in ordered if workers > 1 and one.pack_bytes > max(share / 2, MIN_GIANT_BYTES)]
    return giants, ordered[len(giants) :]


MIN_GIANT_BYTES = 1 << 20
"""Below, a repository is read within seconds, and more processes would cost more than they gain."""


def run_local(
    sized: Sequence[Sized],
    work: Work,
    make_executor: Callable[[int], Executor],
    *,
    workers: int,
    memory_bytes: int,
) -> Iterator[Outcome]:
    """Yield each outcome as it comes, from `workers` processes of this machine.

    A giant is read by a process that hands its parts to `workers` more; meanwhile the rest go one a process. What waits
    for memory starts when enough is free; what needs more than all of it runs alone.
    """
    with ExitStack() as stack:
        yield from _Local(stack, work, make_executor, sized, workers=workers, memory_bytes=memory_bytes).drained()


def run_anywhere(sized: Sequence[Sized], work: Work, executor: Executor) -> Iterator[Outcome]:
    """Yield each outcome as it comes, from any executor of `concurrent.futures`; it looks after lost workers itself."""
    todo = sorted(sized, key=lambda one: (one.pack_bytes, one.target.id))
    pending: dict[Future[Outcome], SweepTarget] = {}
    while todo or pending:
        while todo and len(pending) < MAX_WAITING:
            target = todo.pop().target
            pending[executor.submit(work.read, work.task_of(target, 1, 0))] = target
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            target = pending.pop(future)
            try:
                yield future.result()
            except Exception as error:
                yield failed(target, f"the worker failed: {type(error).__name__}")


def failed(target: SweepTarget, error: str) -> Outcome:
    """Return the outcome of a repository that could not be read at all."""
    return Outcome(target.id, "failed", error)


@dataclass(frozen=True, slots=True)
class _Running:
    sized: Sized
    slot: int
    cost: int
    is_giant: bool


class _Local:
    """The processes of this machine, what they still have to do, and what they are doing."""

    def __init__(
        self,
        stack: ExitStack,
        work: Work,
        make_executor: Callable[[int], Executor],
        sized: Sequence[Sized],
        *,
        workers: int,
        memory_bytes: int,
    ) -> None:
        self._stack, self._work, self._make_executor = stack, work, make_executor
        self._workers, self._memory_bytes = workers, memory_bytes
        giants, rest = split_giants(sized, workers=workers)
        self._giants, self._rest = giants[::-1], rest[::-1]
        self._running: dict[Future[Outcome], _Running] = {}
        self._executor = self._new_executor()

    def _new_executor(self) -> Executor:
        return self._stack.enter_context(self._make_executor(self._workers))

    def drained(self) -> Iterator[Outcome]:
        """Yield all outcomes."""
        while self._giants or self._rest or self._running:
            self._fill()
            done, _ = wait(self._running, timeout=TICK_S, return_when=FIRST_COMPLETED)
            self._work.on_tick({one.slot: one.sized for one in self._running.values()})
            broken: list[_Running] = []
            for future in done:
                one = self._running.pop(future)
                try:
                    yield future.result()
                except BrokenExecutor:
                    broken.append(one)
                except Exception as error:
                    yield failed(one.sized.target, f"internal error: {type(error).__name__}")
            if broken:
                yield from self._after_death(broken)

    def _fill(self) -> None:
        while len(self._running) < slots_of(self._workers):
            todo = self._next_list()
            if not todo or (len(self._running) >= self._workers and todo[-1].pack_bytes > SMALL_BYTES):
                return
            one = self._placed(todo[-1], is_giant=todo is self._giants)
            used = sum(other.cost for other in self._running.values())
            if used and used + one.cost > self._memory_bytes:
                return
            todo.pop()
            self._running[self._submit(one)] = one

    def _next_list(self) -> list[Sized]:
        """Return the giants if none of them is being read, or nothing else is left to do beside it; else the rest."""
        is_free = not any(one.is_giant for one in self._running.values())
        return self._giants if self._giants and (is_free or not self._rest) else self._rest

    def _placed(self, sized: Sized, *, is_giant: bool) -> _Running:
        taken = {one.slot for one in self._running.values()}
        slot = next(slot for slot in range(slots_of(self._workers)) if slot not in taken)
        processes = self._workers if is_giant else 1
        return _Running(sized, slot, SMALL_COST * processes + int(sized.pack_bytes * MEMORY_PER_PACK_BYTE), is_giant)

    def _submit(self, one: _Running) -> Future[Outcome]:
        """Return the future of a repository; one that is broken already if a process has died since the last look."""
        task = self._work.task_of(one.sized.target, self._workers if one.is_giant else 1, one.slot)
        try:
            return self._executor.submit(self._work.read, task)
        except BrokenExecutor as error:
            broken: Future[Outcome] = Future()
            broken.set_exception(error)
            return broken

    def _after_death(self, broken: list[_Running]) -> Iterator[Outcome]:
        """Try what a dead process took with it once more, one at a time, so that the culprit alone is given up."""
        for future in list(self._running):
            one = self._running.pop(future)
            if future.done() and future.exception() is None:
                yield future.result()
            else:
                broken.append(one)
        for one in broken:
            self._executor = self._new_executor()
            try:
                yield self._submit(one).result()
            except BrokenExecutor:
                yield failed(one.sized.target, "the process that read it died, twice")
        self._executor = self._new_executor()
