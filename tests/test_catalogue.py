"""The catalogue of rules is whole and current."""

from __future__ import annotations

import json
from pathlib import Path

from tests.repositories import ROOT, leaksweep

PAGE = ROOT / "docs" / "rules-catalogue.md"
FORMATS = Path(__file__).parent / "formats.txt"


def _catalogue() -> list[dict[str, object]]:
    document = json.loads(leaksweep("rules", "list", "--format", "json").stdout)
    return list(document["rules"])


def _page() -> str:
    return leaksweep("rules", "list", "--format", "markdown").stdout.decode()


def test_the_page_is_the_catalogue() -> None:
    assert PAGE.read_text() == _page(), "write it anew with: python -m tests.test_catalogue"


def test_six_hundred_rules_are_on() -> None:
    assert sum(bool(rule["enabled"]) for rule in _catalogue()) >= 600


def test_every_known_format_has_a_rule_that_is_on_unless_little_is_known_of_it() -> None:
    rules = _catalogue()
    covered: dict[str, bool] = {}
    for rule in rules:
        for name in (rule["id"], *rule["formats"]):  # type: ignore[misc]
            covered[str(name)] = covered.get(str(name), False) or bool(rule["enabled"])
    wanted = dict(line.split() for line in FORMATS.read_text().splitlines() if not line.startswith("#"))
    missing = [name for name in wanted if name not in covered]
    switched_off = [name for name, known in wanted.items() if known == "well" and not covered.get(name)]
    assert (missing, switched_off) == ([], [])


if __name__ == "__main__":  # python -m tests.test_catalogue writes the page
    PAGE.write_text(_page())
