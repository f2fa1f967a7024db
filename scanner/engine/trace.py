"""Which rules looked at a line, and why each kept or dropped what it saw there: for people, not for scans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scanner.chunks import byte_offset, decode_window
from scanner.engine.hit import Hit, hit_of
from scanner.engine.hits import Hits
from scanner.engine.judge import Verdict, strongest, verdict
from scanner.engine.matcher import Engine

STRONGEST = 5

Span = tuple[int, int]
"""Half-open byte offsets."""


class Look(NamedTuple):
    """One rule at one line: what it saw, or None, why that was dropped, or None, and what the judge said of it."""

    rule_id: str
    span: Span | None = None
    reason: str | None = None
    verdict: Verdict | None = None
    moved: tuple[tuple[str, float], ...] = ()


def line_span(data: bytes, line: int) -> Span | None:
    """Return the span of a line, counted from 1, or None if there is no such line."""
    start = 0
    for _ in range(line - 1):
        start = data.find(b"\n", start) + 1
        if not start:
            return None
    end = data.find(b"\n", start)
    return start, len(data) if end < 0 else end


def looks(engine: Engine, data: bytes, line: Span) -> list[Look]:
    """Return what each rule with a candidate on a line of normalised `data` saw there, in order of place.

    A rule that runs out of time has seen nothing.
    """
    final = {(match.rule_id, match.start, match.end) for match in engine.search(data).matches}
    found: list[Look] = []
    for rule, all_windows in engine.windows(data, engine.candidates(data, Hits())).items():
        windows = [w for w in all_windows if w[0] <= line[1] and line[0] <= w[1]]
        seen = [look for window in windows for look in _in_window(engine, rule, data, window, final)]
        here = [look for look in seen if look.span and line[0] <= look.span[0] <= line[1]]
        found += here or ([Look(engine.rules[rule].id)] if windows else [])
    return sorted(set(found), key=lambda look: (look.span or (len(data), 0), look.rule_id))


def _in_window(
    engine: Engine, rule: int, data: bytes, window: Span, final: set[tuple[str, int, int]]
) -> Iterator[Look]:
    chunk = decode_window(data, *window)
    try:
        for matched in engine.pattern(rule).finditer(chunk.text, timeout=2.0):
            hit = hit_of(chunk.text, matched)
            span = byte_offset(chunk, hit.start), byte_offset(chunk, hit.end)
            yield _judged(engine, rule, hit, span, is_final=(engine.rules[rule].id, *span) in final)
    except TimeoutError:
        return


def _judged(engine: Engine, rule: int, hit: Hit, span: Span, *, is_final: bool) -> Look:
    reason, _ = engine.opinion(rule, hit)
    kind = engine.rules[rule].judge
    if reason is None and not is_final:
        reason = "covered by a better match, or without the companion that it needs"
    if kind is None or reason not in (None, "judged unlikely"):
        return Look(engine.rules[rule].id, span, reason)
    return Look(engine.rules[rule].id, span, reason, verdict(hit, kind), tuple(strongest(hit, kind, STRONGEST)))
