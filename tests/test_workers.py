"""A worker that dies costs its one item; the order of results is that of the batches."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence

from scanner.workers import run

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
