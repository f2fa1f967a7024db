"""Every rule of the package keeps its own promises."""

from __future__ import annotations

import pytest

from scanner.engine.rule_checks import example_faults, faults
from scanner.model import Rule
from scanner.ruleset import load_ruleset

RULESET = load_ruleset()


@pytest.mark.parametrize("rule", RULESET.rules, ids=lambda rule: rule.id)
def test_a_rule_is_sound_and_matches_its_examples_only(rule: Rule) -> None:
    assert list(faults(rule)) == []
    assert list(example_faults(rule, RULESET.rules, RULESET.anchors)) == []


def test_every_rule_has_an_anchor() -> None:
    assert [r.id for r, a in zip(RULESET.rules, RULESET.anchors, strict=True) if a.is_everywhere] == []
