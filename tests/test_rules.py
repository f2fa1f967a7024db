"""Every rule of the package keeps its own promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.engine.rule_checks import example_engines, example_faults, faults, slowness
from scanner.model import Rule
from scanner.ruleset import load_catalogue
from tests.repositories import ROOT, leaksweep

CATALOGUE = load_catalogue()
ENGINES = example_engines(CATALOGUE.rules, CATALOGUE.anchors)
FAMILIES = sorted({rule.family for rule in CATALOGUE.rules})


def _rules_of(family: str) -> list[Rule]:
    return [rule for rule in CATALOGUE.rules if rule.family == family]


@pytest.mark.parametrize("family", FAMILIES)
def test_rules_are_sound_and_match_their_examples_only(family: str) -> None:
    for rule in _rules_of(family):
        found = [*faults(rule), *example_faults(rule, ENGINES[rule.enabled])]
        assert (rule.id, found) == (rule.id, [])


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_no_pattern_is_slow_on_hostile_text(family: str) -> None:
    assert {rule.id: found for rule in _rules_of(family) if (found := list(slowness(rule)))} == {}


def test_every_rule_has_an_anchor() -> None:
    assert [r.id for r, a in zip(CATALOGUE.rules, CATALOGUE.anchors, strict=True) if a.is_everywhere] == []


def test_rules_check_goes_through_a_rule_of_every_kind(tmp_path: Path) -> None:
    for family in ("databases", "slack", "private-keys"):
        (tmp_path / f"{family}.yaml").write_bytes((ROOT / "rules" / f"{family}.yaml").read_bytes())
    done = leaksweep("rules", "check", str(tmp_path))
    assert (done.returncode, done.stdout.decode().splitlines()[-1].partition(", ")[2]) == (0, "0 faults"), done.stdout
