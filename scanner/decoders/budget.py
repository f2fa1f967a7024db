"""How much may be decoded of one blob: bytes, members and time, shared by all that comes out of it."""

from __future__ import annotations

from collections.abc import Callable

from scanner.model import SkipReason

PIECE_BYTES = 1 << 18
"""Decompressors are asked for that much at a time."""

_LOOK_BYTES = 1 << 18
_STEP_BYTES = 1 << 12
"""Decoded bytes after which the clock is looked at again, and what a step counts beside its bytes: in a sandbox a look
costs as much as a hundred small steps (0.4 ms)."""


class LimitError(Exception):
    """A budget is spent; `reason` says which one."""

    def __init__(self, reason: SkipReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Budget:
    """What is left to one blob. Every decoder takes from it before it goes on, and raises LimitError if it is spent."""

    def __init__(
        self, *, max_live_bytes: int, max_total_bytes: int, max_members: int, max_s: float, clock: Callable[[], float]
    ) -> None:
        self._live_left = max_live_bytes
        self._total_left = max_total_bytes
        self._max_total_bytes = max_total_bytes
        self._members_left = max_members
        self._max_members = max_members
        self._max_s = max_s
        self._clock = clock
        self._end: float | None = None
        self._until_look = _LOOK_BYTES

    @property
    def max_item_bytes(self) -> int:
        """Return how large the next thing to decode may be: half of what is left, since it is copied once."""
        return self._live_left // 2

    def hold(self, number: int) -> None:
        """Count bytes that stay in memory while what is inside them is read; a negative number gives them back."""
        self._live_left -= number

    def take_bytes(self, number: int) -> None:
        """Count decoded bytes."""
        self._total_left -= number
        if self._total_left < 0:
            raise LimitError(SkipReason.ARCHIVE_LIMIT, f"more than {self._max_total_bytes} bytes in all")
        self._step(number)

    def take_member(self) -> None:
        """Count a member of a container."""
        self._members_left -= 1
        if self._members_left < 0:
            raise LimitError(SkipReason.ARCHIVE_LIMIT, f"more than {self._max_members} members")
        self._step(0)

    def _step(self, number: int) -> None:
        self._until_look -= number + _STEP_BYTES
        if self._until_look < 0:
            self._until_look = _LOOK_BYTES
            self.check_time()

    def check_time(self) -> None:
        """Raise LimitError if the time of the blob is over; it runs from the first thing that is decoded."""
        now = self._clock()
        if self._end is None:
            self._end = now + self._max_s
        if now > self._end:
            raise LimitError(SkipReason.TIME_LIMIT, f"more than {self._max_s:g} s")
