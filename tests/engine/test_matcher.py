"""The candidates miss nothing that the patterns would find."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.matcher import Engine
from scanner.engine.templates import expand
from scanner.ruleset import load_ruleset

RULESET = load_ruleset()
ENGINE = Engine(RULESET.rules, RULESET.anchors)
PARTS = st.sampled_from(
    [
        expand(template, seed=f"{rule.id} {number}", checksum=rule.checksum)
        for rule in RULESET.rules
        for number, template in enumerate(rule.examples + rule.negative_examples)
    ]
)
FILLERS = st.sampled_from(["\n", " ", "\r\n", "-", "_", "x", '"', "é", "\x00", ".", "a" * 25, "\t", "=", "'", "0"])


@settings(max_examples=150, deadline=None)
@given(st.lists(PARTS | FILLERS, max_size=12))
def test_the_fast_path_finds_what_running_every_rule_everywhere_finds(parts: list[str]) -> None:
    data = "".join(parts).encode("utf-8", "surrogateescape")
    assert ENGINE.search(data).matches == ENGINE.search_everywhere(data).matches
