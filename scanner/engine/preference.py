"""Which of two rules that match the same text speaks for it."""

from __future__ import annotations

from typing import Protocol

from scanner.engine.checksums import STRUCTURAL
from scanner.model import CONFIDENCES, Rule

_LAST = 3


class Ranked(Protocol):
    """A hit or a match."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def checksum_failed(self) -> bool: ...
    @property
    def decoding(self) -> tuple[str, ...]: ...
    @property
    def confidence(self) -> str | None: ...


def rank(rule: Rule, one: Ranked) -> tuple[int, bool, int, int, bool, int, str]:
    """Return a key by which the rule to believe comes first.

    A rule of a provider goes before a generic one, that before one that leaves its matches to the judge, and that
    before one whose structure the text only seems to have; one whose checksum holds before one whose fails, then the
    surer one, one that needs less decoding (more, of the generic ones), the one that needs no help of the path, the
    one that takes more of the text.
    """
    is_generic = "generic" in rule.tags
    is_pretence = one.checksum_failed and rule.checksum in STRUCTURAL
    return (
        _LAST if is_pretence else is_generic + (rule.judge is not None),
        one.checksum_failed,
        CONFIDENCES.index(one.confidence or rule.confidence),
        -len(one.decoding) if is_generic else len(one.decoding),
        rule.path_pattern is not None,
        one.start - one.end,
        rule.id,
    )
