"""Which of two rules that match the same text speaks for it."""

from __future__ import annotations

from scanner.engine.checksums import STRUCTURAL
from scanner.model import CONFIDENCES, Rule

_LAST = 3


def rank(
    rule: Rule, *, checksum_failed: bool, depth: int, length: int, confidence: str | None = None
) -> tuple[int, bool, int, int, bool, int, str]:
    """Return a key by which the rule to believe comes first.

    A rule of a provider goes before a generic one, that before one that leaves its matches to the judge, and that
    before one whose structure the text only seems to have; one whose checksum holds before one whose fails, then the
    surer one, one that needs less decoding (more, of the generic ones), the one that needs no help of the path, the
    one that takes more of the text.
    """
    is_generic = "generic" in rule.tags
    is_pretence = checksum_failed and rule.checksum in STRUCTURAL
    return (
        _LAST if is_pretence else is_generic + (rule.judge is not None),
        checksum_failed,
        CONFIDENCES.index(confidence or rule.confidence),
        -depth if is_generic else depth,
        rule.path_pattern is not None,
        -length,
        rule.id,
    )
