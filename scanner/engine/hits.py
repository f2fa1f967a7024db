"""What a search gives: hits, drops, and what was not tried to its end."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from scanner.model import Match


class Found(NamedTuple):
    """What one blob gave: its matches, drops by reason, rules that ran out of time, rules that hit the cap."""

    matches: tuple[Match, ...]
    dropped: Counter[str]
    timed_out: tuple[str, ...]
    capped: tuple[str, ...]


class Hit(NamedTuple):
    """A hit that no filter dropped, not yet judged against others: the rule's index, the secret, its byte span.

    If it was seen through decoders, they are named outermost first, and `layer` and `inner` tell which decoded text
    it was found in and where; its own span is that of what was decoded.
    """

    rule: int
    secret: str
    start: int
    end: int
    checksum_failed: bool
    decoding: tuple[str, ...] = ()
    layer: int = 0
    inner: tuple[int, int] = (0, 0)
    confidence: str | None = None


class Hits:
    """What patterns and filters gave, before hits are judged against each other.

    `drops` holds (offset, reason) of what a filter dropped, `timed_out` (rule, offset) of the windows that ran out of
    time. `blocks` holds (offset, rule) of where a rule that looks across lines could match; only `search_lines` fills
    it, since it does not run those rules. `runs` holds the half-open spans of long runs of token characters, in which
    something may be encoded.
    """

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.drops: list[tuple[int, str]] = []
        self.timed_out: list[tuple[int, int]] = []
        self.capped: set[int] = set()
        self.blocks: list[tuple[int, int]] = []
        self.runs: list[tuple[int, int]] = []

    def add_runs(self, runs: list[tuple[int, int]], begin: int) -> None:
        """Add the runs of a slice that begins at `begin`; what a slice before it saw already is one with that."""
        if begin:
            runs = [(begin + start, begin + end) for start, end in runs]
        while runs and self.runs and runs[0][0] < self.runs[-1][1]:
            _, end = runs.pop(0)
            self.runs[-1] = self.runs[-1][0], max(end, self.runs[-1][1])
        self.runs = self.runs + runs if self.runs else runs

    @property
    def dropped(self) -> Counter[str]:
        """Return how many hits were dropped for each reason."""
        return Counter(reason for _, reason in self.drops)

    def merge(self, other: Hits) -> None:
        """Take in what another search of the same content gave."""
        self.hits += other.hits
        self.blocks += other.blocks
        self.runs += other.runs
        self.note(other)

    def note(self, other: Hits) -> None:
        """Take in what another search gave beside its hits: drops, and what was not tried to its end."""
        self.drops += other.drops
        self.timed_out += other.timed_out
        self.capped |= other.capped
