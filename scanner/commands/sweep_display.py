"""What a sweep shows on a terminal: a line for the whole, and one for each repository that is being read."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from scanner.reporters.safe import printable
from scanner.sweep.schedule import Sized
from scanner.sweep.values import Outcome

_PHASES = ("waiting", "cloning", "reading", "telling")
_NAME_WIDTH = 40


class Display:
    """Lines of tqdm on standard error; nothing if that is no terminal, or if they are not wanted."""

    def __init__(self, total: int, done: int, *, is_wanted: bool) -> None:
        self._is_shown = is_wanted and sys.stderr.isatty()
        self._findings = self._failed = 0
        self._lines: dict[int, _Line] = {}
        self._whole: Any = None
        if self._is_shown:
            from tqdm import tqdm

            # No thread of its own: processes are forked from this one.
            tqdm.monitor_interval = 0
            self._whole = tqdm(total=total, initial=done, unit="repo", desc="sweep", dynamic_ncols=True, position=0)

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        self.tick({}, None)
        if self._whole is not None:
            self._whole.close()

    def done(self, outcome: Outcome) -> None:
        """Count a repository that has ended."""
        self._findings += len(outcome.found)
        self._failed += outcome.status == "failed"
        if self._whole is not None:
            failed = f", {self._failed} failed" if self._failed else ""
            self._whole.set_postfix_str(f"{self._findings} findings in what was read{failed}", refresh=False)
            self._whole.update(1)

    def tick(self, running: Mapping[int, Sized], said: Callable[[int], tuple[int, int]] | None) -> None:
        """Show what is being read, by slot; `said` tells the phase and the bytes of a slot."""
        if not self._is_shown:
            return
        begun = {slot: sized for slot, sized in running.items() if said and said(slot)[0]}
        for slot in [slot for slot, line in self._lines.items() if line.sized is not begun.get(slot)]:
            self._lines.pop(slot).bar.close()
        for slot, sized in begun.items():
            if slot not in self._lines:
                self._lines[slot] = _Line(self._free_row(), sized)
            if said:
                self._lines[slot].show(*said(slot))
        if self._whole is not None and running:
            self._whole.refresh()

    def _free_row(self) -> int:
        taken = {line.row for line in self._lines.values()}
        return next(row for row in count(1) if row not in taken)


class _Line:
    """The line of one repository, so many rows below that of the whole."""

    def __init__(self, row: int, sized: Sized) -> None:
        from tqdm import tqdm

        self.sized, self.row = sized, row
        self._started = time.monotonic()
        self._name = printable(sized.target.location)[-_NAME_WIDTH:]
        self.bar = tqdm(bar_format="  {desc}", position=row, leave=False, dynamic_ncols=True)

    def show(self, phase: int, done_bytes: int) -> None:
        """Draw the line anew."""
        seconds = int(time.monotonic() - self._started)
        read = f"{done_bytes / 1e6:,.1f} MB" if done_bytes else ""
        text = f"{self._name:<{_NAME_WIDTH}} {seconds // 60:3}:{seconds % 60:02}  {_PHASES[phase]} {read}"
        self.bar.set_description_str(text)
