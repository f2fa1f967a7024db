"""A worker that dies costs its one item; the order of results is that of the batches."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from scanner.workers import run
from tests.repositories import ROOT

DEADLY = 13


def doubled(batch: Sequence[int]) -> list[int]:
    if DEADLY in batch:
        os.kill(os.getpid(), signal.SIGKILL)
    return [number * 2 for number in batch]


def make_work() -> Callable[[Sequence[int]], list[int]]:
    return doubled


def test_the_item_at_which_workers_die_is_given_up_and_no_other() -> None:
    batches = [list(range(start, start + 4)) for start in range(0, 40, 4)]
    results = list(run(make_work, iter(batches), workers=2, give_up=lambda number: [-number]))
    expected = [-number if number == DEADLY else number * 2 for number in range(40)]
    assert [number for result in results for number in result] == expected


def slow_batches() -> Iterator[list[int]]:
    for start in range(0, 40, 4):
        yield list(range(start, start + 4))
        time.sleep(0.1 if start > DEADLY else 0)


def test_a_pool_that_broke_while_batches_were_read_is_replaced() -> None:
    results = list(run(make_work, slow_batches(), workers=2, give_up=lambda number: [-number]))
    assert [-DEADLY if number == DEADLY else number * 2 for number in range(40)] == [n for r in results for n in r]


_KILLED_PARENT = """
import sys, time
from tests.test_workers import waiting
from scanner.workers import run
next(iter(run(lambda: waiting, iter([[1], [2], [3]]), workers=2, give_up=lambda item: [])))
"""


def waiting(batch: Sequence[int]) -> list[int]:
    os.write(1, b"%d\n" % os.getpid())  # one write: the workers share the pipe
    time.sleep(60)
    return []


def test_workers_end_when_their_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", _KILLED_PARENT], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        parent.kill()
        parent.wait()
        assert ended(workers)


def ended(processes: Sequence[int]) -> bool:
    """Return whether all processes end within some seconds."""
    for _ in range(100):
        if not any(is_alive(process) for process in processes):
            return True
        time.sleep(0.1)
    return False


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
