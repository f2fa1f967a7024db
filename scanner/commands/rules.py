"""The commands `rules` and `explain`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scanner.commands.console import CLEAN, FOUND, say
from scanner.ruleset import Ruleset, load_catalogue, load_ruleset


def rules_list(*, rules: Sequence[str] = (), list_format: str = "text", **_: Any) -> int:
    """Print every rule, those that are switched off included, as text, JSON or Markdown."""
    from scanner.commands import catalogue

    write = {"text": catalogue.as_text, "json": catalogue.as_json, "markdown": catalogue.as_markdown}[list_format]
    for line in write(load_catalogue([Path(path) for path in rules])):
        say(line)
    return CLEAN


def rules_show(*, rule_id: str, rules: Sequence[str] = (), **_: Any) -> int:
    """Print one rule with every field."""
    import json
    from dataclasses import asdict

    rule = load_ruleset([Path(path) for path in rules], only=[rule_id]).rules[0]
    say(json.dumps(asdict(rule), indent=2))
    return CLEAN


def rules_check(*, path: str | None = None, **_: Any) -> int:
    """Print what is wrong with the rules of `path`, or of the package; 1 if anything is."""
    from scanner.engine.rule_checks import faults, slowness, warnings

    ruleset = _ruleset_of(path)
    count = 0
    for rule, anchor in zip(ruleset.rules, ruleset.anchors, strict=True):
        for fault in [*faults(rule)] or slowness(rule):
            say(f"{rule.id}: {fault}")
            count += 1
        for warning in warnings(rule, anchor):
            say(f"{rule.id}: warning: {warning}")
    say(f"{len(ruleset.rules)} rules checked, {count} faults")
    return FOUND if count else CLEAN


def rules_test(*, path: str | None = None, **_: Any) -> int:
    """Run the examples and near misses of the rules of `path`, or of the package; 1 if one fails."""
    from scanner.engine.rule_checks import example_engines, example_faults

    ruleset = _ruleset_of(path)
    engines = example_engines(ruleset.rules, ruleset.anchors)
    count = 0
    for rule in ruleset.rules:
        for fault in example_faults(rule, engines[rule.enabled]):
            say(f"{rule.id}: {fault}")
            count += 1
    say(f"{len(ruleset.rules)} rules tested, {count} faults")
    return FOUND if count else CLEAN


def _ruleset_of(path: str | None) -> Ruleset:
    return load_catalogue() if path is None else load_catalogue([Path(path)], use_default_rules=False)


def explain(*, rule_id: str, rules: Sequence[str] = (), **_: Any) -> int:
    """Print what a rule finds, why it matters and where to revoke it."""
    from scanner.reporters.advice import playbook

    rule = load_ruleset([Path(path) for path in rules], only=[rule_id]).rules[0]
    say(f"{rule.name} ({rule.id})\n\n{rule.description}\n")
    say(f"severity {rule.severity}, confidence {rule.confidence}, kind {rule.rotation_class}")
    say("\nIf it is real:")
    for number, step in enumerate(playbook(rule), 1):
        say(f"  {number}. {step.name.capitalize()}: {step.text}")
    for word, urls in (("revoke", [rule.revoke_url] if rule.revoke_url else []), ("read", rule.references)):
        for url in urls:
            say(f"{word}: {url}")
    return CLEAN
