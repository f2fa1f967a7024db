"""Rules of the usual shapes, made up in any number."""

from __future__ import annotations

import random

from scanner.model import Rule

SHAPES = ("prefixed", "context", "context", "structured")


def generated_rules(count: int) -> list[Rule]:
    """Return so many rules: prefixed tokens, tokens told by a provider's word, and structured values."""
    rng = random.Random(count)
    words = [_word(rng) for _ in range(count)]
    return [_rule(i, word, SHAPES[i % len(SHAPES)]) for i, word in enumerate(words)]


def _word(rng: random.Random) -> str:
    return "".join(rng.choice(consonants) for consonants in ("bcdfglmnprstvz", "aeiou") * 4)[: rng.randint(5, 8)]


def _rule(number: int, word: str, shape: str) -> Rule:
    operator = r"""["'\]]{0,3}[ \t]{0,5}(?:=>|:=|[=:])[ \t]{0,5}["']?"""
    pattern = {
        "prefixed": rf"(?<![A-Za-z0-9_])(?P<secret>{word}_[A-Za-z0-9]{{32}})(?![A-Za-z0-9_])",
        "context": rf"(?i)(?<![a-z0-9]){word}[\w.-]{{0,30}}{operator}(?P<secret>(?=[a-f]*[0-9])[a-f0-9]{{32}})\b",
        "structured": rf"\bhttps://{word}\.example\.com/hooks/(?P<secret>[A-Za-z0-9_-]{{40}})(?![\w-])",
    }[shape]
    return Rule(f"made-up-{number}", "made-up", word, word, "high", "medium", pattern)


def example_of(rule: Rule, rng: random.Random) -> str:
    """Return a text that the rule matches."""
    hexadecimal = "".join(rng.choice("0123456789abcdef") for _ in range(40))
    if "example" in rule.pattern:
        return f"https://{rule.name}.example.com/hooks/{hexadecimal}"
    return f"{rule.name}_{hexadecimal[:32]}" if "_[A-Za" in rule.pattern else f'{rule.name}_KEY = "1{hexadecimal[:31]}"'
