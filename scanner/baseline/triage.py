"""A person's way through findings: a verdict each, undone at will, ended at any point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scanner.baseline.recording import Verdict

STATE_OF_KEY = {
    "k": "known",
    "f": "false-positive",
    "a": "accepted-risk",
    "r": "revoked",
    "t": "used-in-tests",
}


class _Step(NamedTuple):
    position: int
    before: Verdict | None


class Triage:
    """Where a person stands in a list of findings, named by index, and what was decided so far."""

    def __init__(self, indices: Sequence[int]) -> None:
        self.indices = tuple(indices)
        self.position = 0
        self.verdicts: dict[int, Verdict] = {}
        self._steps: list[_Step] = []

    @property
    def current(self) -> int | None:
        """Return the index of the finding to decide on, or None at the end of the list."""
        return self.indices[self.position] if self.position < len(self.indices) else None

    def decide(self, verdict: Verdict) -> None:
        """Note down a verdict on the current finding, and go on."""
        current = self.current
        if current is not None:
            self._steps.append(_Step(self.position, self.verdicts.get(current)))
            self.verdicts[current] = verdict
            self.position += 1

    def skip(self) -> None:
        """Go on without a verdict."""
        current = self.current
        if current is not None:
            self._steps.append(_Step(self.position, self.verdicts.get(current)))
            self.position += 1

    def undo(self) -> bool:
        """Take back the last step; return whether there was one."""
        if not self._steps:
            return False
        step = self._steps.pop()
        self.position = step.position
        index = self.indices[step.position]
        if step.before is None:
            self.verdicts.pop(index, None)
        else:
            self.verdicts[index] = step.before
        return True
