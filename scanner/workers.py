"""Process pool: batches out to workers, results back, order kept; a worker that dies costs its one entry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")
_AHEAD = 4
"""Batches in flight per worker: enough to keep it busy, few enough to bound memory."""

_work: Callable[[Sequence[Any]], object] | None = None
# The one way to hand an unpicklable context to pool processes once: set by the initializer, read by the task.


def usable_cores() -> int:
    """Return how many cores this process may use; not every system can tell, and those count all."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def run_inline(
    make_work: Callable[[], Callable[[Sequence[Item]], Result]], batches: Iterator[Sequence[Item]]
) -> Iterator[Result]:
    """Yield the result of each batch, worked on in this process."""
    work = make_work()
    for batch in batches:
        yield work(batch)


def run(
    make_work: Callable[[], Callable[[Sequence[Item]], Result]],
    batches: Iterator[Sequence[Item]],
    *,
    workers: int,
    give_up: Callable[[Item], Result],
) -> Iterator[Result]:
    """Yield the result of each batch in order, from `workers` processes; from this one if there is little to do.

    `make_work` runs once in each process. An item whose worker dies is tried again alone; if that worker dies
    too, its result is `give_up(item)`.
    """
    head = list(islice(batches, 2))
    everything = chain(head, batches)
    if workers <= 1 or len(head) < 2:
        yield from run_inline(make_work, everything)
        return
    pool = _Pool(make_work, workers, give_up)
    try:
        yield from pool.map(everything)
    finally:
        pool.end()


class _Pool(Generic[Item, Result]):
    def __init__(
        self,
        make_work: Callable[[], Callable[[Sequence[Item]], Result]],
        workers: int,
        give_up: Callable[[Item], Result],
    ) -> None:
        self._make_work = make_work
        self._workers = workers
        self._give_up = give_up
        self._executor = self._new_executor()

    def _new_executor(self) -> ProcessPoolExecutor:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        can_fork = "fork" in multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("fork" if can_fork else None)
        return ProcessPoolExecutor(self._workers, context, initializer=partial(_begin, self._make_work))

    def map(self, batches: Iterator[Sequence[Item]]) -> Iterator[Result]:
        """Yield results in the order of the batches, with a bounded number of them in flight."""
        waiting: list[tuple[Sequence[Item], Future[object]]] = []
        for batch in batches:
            waiting.append((batch, self._submit(batch)))
            if len(waiting) >= self._workers * _AHEAD:
                yield from self._first(waiting)
        while waiting:
            yield from self._first(waiting)

    def _submit(self, batch: Sequence[Item]) -> Future[object]:
        """Return the future of a batch; one that is broken already if the pool broke since the last look."""
        from concurrent.futures import Future
        from concurrent.futures.process import BrokenProcessPool

        try:
            with _undisturbed():
                return self._executor.submit(_do, batch)
        except BrokenProcessPool as error:
            broken: Future[object] = Future()
            broken.set_exception(error)
            return broken

    def _first(self, waiting: list[tuple[Sequence[Item], Future[object]]]) -> Iterator[Result]:
        from concurrent.futures.process import BrokenProcessPool

        batch, future = waiting.pop(0)
        try:
            results: list[object] = [future.result()]
        except BrokenProcessPool:
            self._executor = self._new_executor()
            results = [self._alone(item) for item in batch]
            waiting[:] = [(later, self._submit(later)) for later, _ in waiting]
        yield from results  # type: ignore[misc]

    def _alone(self, item: Item) -> object:
        from concurrent.futures.process import BrokenProcessPool

        try:
            return self._submit((item,)).result()
        except BrokenProcessPool:
            self._executor = self._new_executor()
            return self._give_up(item)

    def end(self) -> None:
        """End all processes at once; what they still do is not wanted."""
        import multiprocessing

        children = multiprocessing.active_children()
        self._executor.shutdown(wait=False, cancel_futures=True)
        for child in children:
            with suppress(OSError, ValueError):
                child.terminate()
        for child in children:
            child.join(timeout=5)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back interrupts: one that comes while a process forks is lost in a hook of the interpreter."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(make_work: Callable[[], Callable[[Sequence[Any]], object]]) -> None:
    """Set up a worker: the parent decides about interrupts, and the default action ends a terminated child."""
    import signal

    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
    end_with_parent()
    _work = make_work()


def end_with_parent() -> None:
    """Have this process end when the one that started it ends, however it ends.

    A worker waits for work on a pipe that its siblings hold open too: nothing else tells that the parent was killed.
    """
    import multiprocessing
    import threading

    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _do(batch: Sequence[object]) -> object:
    if _work is None:
        raise RuntimeError("the worker was not set up")
    return _work(batch)
