"""The processes of this machine that read the repositories of a sweep, and what each of them says of its progress."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from types import TracebackType
from typing import Any

from scanner.scan import BatchResult, Tally
from scanner.workers import end_with_parent

WAITING, CLONING, READING, TELLING = range(4)
_FIELDS = 2

_CONTEXT: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
# A forked process starts with the rules in memory, at a tenth of the cost. It has the parent's database open, and never
# uses it; the lock on it would outlive the parent, and so is closed.

_board: Any = None
# Memory that all processes share, set by the initializer: numbers without a lock, so that a process that is killed
# holds nothing that others wait for.


def new_board(slots: int) -> Any:
    """Return shared memory for so many slots: for each the phase and the bytes that were read."""
    return _CONTEXT.RawArray("Q", _FIELDS * slots)


def said(board: Sequence[int], slot: int) -> tuple[int, int]:
    """Return phase and bytes of a slot."""
    return board[_FIELDS * slot], board[_FIELDS * slot + 1]


def say_phase(slot: int, phase: int) -> None:
    """Note what this process does in its slot, if anybody looks."""
    if _board is not None:
        _board[_FIELDS * slot] = phase
        if phase < READING:
            _board[_FIELDS * slot + 1] = 0


class WatchedTally(Tally):
    """A tally whose bytes are seen on the board while they come in."""

    def __init__(self, slot: int) -> None:
        super().__init__()
        self._slot = slot

    def add(self, result: BatchResult) -> None:
        """Take in the result of one batch."""
        super().add(result)
        if _board is not None:
            _board[_FIELDS * self._slot + 1] = self.bytes


class Processes(ProcessPoolExecutor):
    """Processes that end at once, whatever they are doing, when this one is interrupted or ends."""

    def __init__(self, workers: int, *, board: Any, lock: int) -> None:
        """Start `workers` processes that write to `board`; `lock` is the descriptor that none of them may keep."""
        super().__init__(workers, _CONTEXT, initializer=_begin, initargs=(board, lock))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        if kind is not None:
            for child in multiprocessing.active_children():
                child.terminate()
        return super().__exit__(kind, error, trace)


def _begin(board: Any, lock: int) -> None:
    """Set up a process: its parent decides about interrupts; if that ends, this one and its own workers end too."""
    global _board
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if _CONTEXT.get_start_method() == "fork":
        os.close(lock)
    end_with_parent()
    _board = board
