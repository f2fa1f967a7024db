"""Who is read when: largest first, giants split, memory bounded, a process that dies costs its one repository."""

from __future__ import annotations

import threading
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from scanner.sweep import schedule
from scanner.sweep.schedule import SMALL_COST, Sized, Work, run_anywhere, run_local, split_giants, useful_workers
from scanner.sweep.values import Outcome, SweepOptions, SweepTarget, Task

MIB = 1 << 20


def sized(*megabytes: float) -> list[Sized]:
    return [Sized(SweepTarget(f"r{i}", f"/r{i}"), int(size * MIB)) for i, size in enumerate(megabytes)]


def task_of(target: SweepTarget, jobs: int, slot: int) -> Task:
    return Task(target, SweepOptions("/cache"), b"", None, jobs, slot)


class Reader:
    """Reads a repository by noting down what was read at the same time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now: set[str] = set()
        self.order: list[str] = []
        self.jobs: dict[str, int] = {}
        self.together: list[set[str]] = []

    def __call__(self, task: Task) -> Outcome:
        with self.lock:
            self.now.add(task.target.id)
            self.order.append(task.target.id)
            self.jobs[task.target.id] = task.jobs
            self.together.append(set(self.now))
        threading.Event().wait(0.02)
        with self.lock:
            self.now.discard(task.target.id)
        return Outcome(task.target.id, "read")


def read(some: list[Sized], *, workers: int = 2, memory: int = 1 << 40) -> Reader:
    reader = Reader()
    outcomes = list(run_local(some, Work(task_of, reader), ThreadPoolExecutor, workers=workers, memory_bytes=memory))
    assert sorted(one.target_id for one in outcomes) == sorted(one.target.id for one in some)
    return reader


def test_a_giant_goes_first_and_is_split() -> None:
    reader = read(sized(1, 2, 30, 1, 1))
    assert reader.order[:2] == ["r2", "r1"]
    assert reader.jobs == {"r0": 1, "r1": 1, "r2": 2, "r3": 1, "r4": 1}


def test_when_the_giant_is_read_its_place_is_taken_by_the_rest() -> None:
    reader = read(sized(30, *[1] * 20))
    assert any(len(ids - {"r0"}) == 2 for ids in reader.together)


def test_without_others_of_its_size_nothing_is_split() -> None:
    assert split_giants(sized(5, 5, 5, 5), workers=2)[0] == []
    assert split_giants(sized(0.1), workers=2)[0] == []
    assert split_giants(sized(50), workers=1)[0] == []


def test_what_needs_more_than_the_memory_runs_alone() -> None:
    reader = read(sized(100, 90, 80, 70), memory=SMALL_COST + 100 * MIB)
    assert all(len(ids) == 1 for ids in reader.together)


@pytest.mark.parametrize(("sizes", "workers"), [((0.1,), 1), ((0,), 1), ((0, 0, 0), 2), ((0.3,) * 9, 2), ((9.0,), 2)])
def test_no_more_processes_are_started_than_there_is_work_for(sizes: tuple[float, ...], workers: int) -> None:
    assert useful_workers(sized(*sizes), 2) == workers


class Dying(Executor):
    """Dies, with all that it holds, at one repository; `deaths` counts how often."""

    deaths = 0

    def __init__(self, workers: int) -> None:
        self.is_dead = False

    def submit(self, fn: Any, /, *args: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.is_dead:
            raise BrokenExecutor
        if args[0].target.id == "r1":
            self.is_dead = True
            Dying.deaths += 1
            future.set_exception(BrokenExecutor())
        else:
            future.set_result(fn(args[0]))
        return future


def test_a_repository_at_which_two_processes_die_is_given_up_and_no_other() -> None:
    work = Work(task_of, lambda task: Outcome(task.target.id, "read"))
    outcomes = list(run_local(sized(3, 2, 1), work, Dying, workers=2, memory_bytes=1 << 40))
    assert {one.target_id: one.status for one in outcomes} == {"r0": "read", "r1": "failed", "r2": "read"}
    assert len(outcomes) == 3
    assert Dying.deaths == 2


def test_an_executor_gets_a_bounded_number_of_tasks_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MAX_WAITING", 3)
    ahead = 0
    most = 0

    def counted(target: SweepTarget, jobs: int, slot: int) -> Task:
        nonlocal ahead, most
        ahead += 1
        most = max(most, ahead)
        return task_of(target, jobs, slot)

    with ThreadPoolExecutor(1) as executor:
        for _ in run_anywhere(sized(*range(9)), Work(counted, lambda t: Outcome(t.target.id, "read")), executor):
            ahead -= 1
    assert most <= 4
