"""The whole rule set as a list for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from scanner.engine.anchors import Anchor
from scanner.model import Rule
from scanner.ruleset import Ruleset


def as_text(catalogue: Ruleset) -> Iterator[str]:
    """Yield a line for each rule: id, severity, confidence, name; `off` behind those that are switched off."""
    for rule in catalogue.rules:
        line = f"{rule.id:<48} {rule.severity:<9} {rule.confidence:<7} {rule.name}"
        yield line if rule.enabled else f"{line} (off)"


def as_json(catalogue: Ruleset) -> Iterator[str]:
    """Yield one JSON document with every field of every rule."""
    import json

    pairs = zip(catalogue.rules, catalogue.anchors, strict=True)
    yield json.dumps({"rules": [_fields(rule, anchor) for rule, anchor in pairs]}, indent=2, ensure_ascii=False)


def _fields(rule: Rule, anchor: Anchor) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(rule), "min_entropy_bits": dict(rule.min_entropy_bits), "anchors": anchor.kinds}


def as_markdown(catalogue: Ruleset) -> Iterator[str]:
    """Yield the lines of docs/rules-catalogue.md: a table for each family."""
    rules = catalogue.rules
    on = sum(rule.enabled for rule in rules)
    yield "# Catalogue of rules"
    yield ""
    yield f"{len(rules)} rules, {on} of them on. Those that are off run only when named with `--rule`."
    yield "Written by `leaksweep rules list --format markdown`; what the columns mean is told in [rules.md](rules.md)."
    for family in sorted({rule.family for rule in rules}):
        yield ""
        yield f"## {family}"
        yield ""
        yield "| rule | finds | severity | confidence | checked | on |"
        yield "|---|---|---|---|---|---|"
        yield from (_row(rule) for rule in rules if rule.family == family)


def _row(rule: Rule) -> str:
    name = f"[{rule.name}]({rule.revoke_url})" if rule.revoke_url else rule.name
    cells: Sequence[str] = (
        f"`{rule.id}`",
        name,
        rule.severity,
        rule.confidence,
        f"`{rule.checksum}`" if rule.checksum else "",
        "yes" if rule.enabled else "no",
    )
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
