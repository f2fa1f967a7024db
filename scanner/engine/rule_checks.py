"""What is wrong with a rule: its pattern, its keywords, its examples."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence

import regex

from scanner.engine.anchors import Anchor, derive_anchor, has_left_edge, is_head, literals_of
from scanner.engine.matcher import Engine
from scanner.engine.templates import expand
from scanner.engine.windows import LINE_AFTER, LINE_BEFORE
from scanner.model import Rule

HOSTILE_CPU_S = 0.9
HOSTILE_TIMEOUT_S = 6.0
"""What one pattern may take for the longest window the engine hands it; a good one takes a few milliseconds.

The time of the processor counts, so that a busy machine makes no pattern slow.
"""


def faults(rule: Rule) -> Iterator[str]:
    """Yield what makes the rule wrong: it does not compile, is unguarded, or its keywords cannot match."""
    try:
        pattern = regex.compile(rule.pattern, regex.ASCII | regex.MULTILINE)
    except regex.error as error:
        yield f"pattern: {error}"
        return
    if pattern.search("") is not None:
        yield "pattern: matches the empty text"
    if not is_head(rule.pattern) and has_left_edge(rule.pattern) is False:
        yield r"pattern: no left edge: begin with \b, ^ or a look-behind"
    yield from _keyword_faults(rule)
    if rule.path_pattern is not None:
        yield from _path_pattern_faults(rule.path_pattern)


def slowness(rule: Rule) -> Iterator[str]:
    """Yield the first hostile text on which the pattern takes too long; the pattern must compile."""
    pattern = regex.compile(rule.pattern, regex.ASCII | regex.MULTILINE)
    for text in hostile_texts(rule):
        if _cpu_s(pattern, text) > HOSTILE_CPU_S:
            yield f"pattern: slower than {HOSTILE_CPU_S} s on hostile text such as {text[:24]!r} repeated"
            return


def _cpu_s(pattern: regex.Pattern[str], text: str) -> float:
    """Return how long it takes to find all matches, in seconds of this thread; endless if HOSTILE_TIMEOUT_S pass."""
    start = time.thread_time()
    try:
        for _ in pattern.finditer(text, timeout=HOSTILE_TIMEOUT_S):
            pass
    except TimeoutError:
        return math.inf
    return time.thread_time() - start


def warnings(rule: Rule, anchor: Anchor) -> Iterator[str]:
    """Yield what is worth a thought: a pattern that must run on every line."""
    if anchor.is_everywhere:
        yield "no anchor: the pattern runs on every line"


def _keyword_faults(rule: Rule) -> Iterator[str]:
    """Every sequence of the pattern must contain one of the keywords, or the rule would miss what it describes."""
    sequences = literals_of(rule.pattern) if rule.keywords else None
    for literals in sequences or ():
        if not any(keyword in text for keyword in rule.keywords for text in literals):
            yield f"keywords: the pattern can match without any of {', '.join(rule.keywords)}"
            return


def _path_pattern_faults(path_pattern: str) -> Iterator[str]:
    try:
        compiled = regex.compile(path_pattern)
    except regex.error as error:
        yield f"path_pattern: {error}"
        return
    if any(_cpu_s(compiled, text) > HOSTILE_CPU_S for text in ("a/" * 2_000, "a" * 4_000, "." * 4_000)):
        yield "path_pattern: slow on a long path"


def hostile_texts(rule: Rule) -> Iterator[str]:
    """Yield texts as long as the engine's longest line window, made to let a pattern start over and over."""
    size = LINE_BEFORE + LINE_AFTER
    anchor = derive_anchor(rule.pattern, rule.keywords)
    words = sorted(set(anchor.texts) - {""})[:6]
    for unit in (
        "a",
        "A1",
        "a ",
        " ",
        "\t",
        "-",
        "_",
        ".",
        "=",
        '"',
        "'",
        "a.",
        "a-",
        "a=",
        "a:",
        "/",
        "0",
        "eyJ",
        "-----",
    ):
        yield unit * (size // len(unit))
    for word in words:
        for tail in ("", " ", "a", "=", '="', ".", "-----", " = ", '": "', "0123456789abcdef" * 2):
            unit = word + tail
            yield unit * (size // len(unit))
            yield word + (tail or "a") * (size // len(tail or "a"))


def example_engines(rules: Sequence[Rule], anchors: Sequence[Anchor]) -> dict[bool, Engine]:
    """Return the engine in which an enabled rule is tried (among its like), and the one for the others (among all)."""
    enabled = [i for i, rule in enumerate(rules) if rule.enabled]
    return {
        True: Engine([rules[i] for i in enabled], [anchors[i] for i in enabled]),
        False: Engine(rules, anchors),
    }


def example_faults(rule: Rule, engine: Engine) -> Iterator[str]:
    """Yield the examples in which the rule does not match, and the near misses in which it does.

    An example must hold a match of the rule that no other rule of `engine` is preferred to, and whose checksum,
    if it has one, is right. All companions of the rule are expected in the example itself.
    """
    for kind, templates, is_wanted in (
        ("example", rule.examples, True),
        ("negative example", rule.negative_examples, False),
    ):
        for number, template in enumerate(templates, 1):
            try:
                text = expand(template, seed=f"{rule.id} {kind} {number}", checksum=rule.checksum)
            except ValueError as error:
                yield f"{kind} {number}: {error}"
                continue
            found = engine.search(text.encode("utf-8", "surrogateescape")).matches
            matches = [m for m in found if m.rule_id == rule.id]
            if is_wanted and not matches:
                others = sorted({m.rule_id for m in found})
                yield f"{kind} {number} does not match" + (f" (but {', '.join(others)} does)" if others else "")
            elif is_wanted and all(match.checksum_failed for match in matches):
                yield f"{kind} {number} fails its checksum"
            elif not is_wanted and matches:
                yield f"{kind} {number} matches"
