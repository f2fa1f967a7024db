"""A text that a pattern matches, made from the pattern itself, and the template of an example."""

from __future__ import annotations

import re
import string
from random import Random
from typing import Any

from scanner.engine.templates import expand

TRIES = 40
_PLAIN = string.ascii_letters + string.digits
_CATEGORIES = {"CATEGORY_DIGIT": string.digits, "CATEGORY_WORD": _PLAIN + "_", "CATEGORY_SPACE": " "}
_MOST_REPEATS = 40


def sample_of(pattern: str) -> str | None:
    """Return a text in which `pattern` matches, the same one each time; None if none was found.

    What a pattern only looks at (look-arounds, bounds) is left to chance, and the result is checked.
    """
    import regex

    try:
        tree = re._parser.parse(pattern)  # type: ignore[attr-defined]
    except (re.error, OverflowError, RecursionError):
        return None
    for seed in range(TRIES):
        text = _drawn(tree, Random(f"{seed} {pattern}"), {})
        try:
            found = regex.search(pattern, text, regex.ASCII | regex.MULTILINE, timeout=1)
        except (regex.error, TimeoutError):
            return None
        if found and "\n" not in text:
            return text
    return None


_SETS = ("hex", "HEX", "digits", "lower", "upper", "alnum", "ALNUM", "base62", "base64url", "base64")
_LEAST = 6


def template_of(pattern: str) -> str | None:
    """Return a template of an example for `pattern`, a rule's, so that no file holds a whole text that it matches.

    The longest plain run of the secret is drawn anew each time; None if no set of characters fits.
    """
    import regex

    text = sample_of(pattern)
    found = regex.search(pattern, text, regex.ASCII | regex.MULTILINE, timeout=1) if text else None
    if text is None or found is None:
        return None
    start, end = found.span("secret")
    runs = [run.span() for run in re.finditer(r"[A-Za-z0-9]+", text[start:end])]
    low, high = max(runs, key=lambda span: span[1] - span[0], default=(0, 0))
    for kept in range(0, max(1, high - low - _LEAST), 1) if high - low >= _LEAST else ():
        for name in _SETS:
            head, tail = text[: start + low + kept], text[start + high :]
            template = f"{head}{{{{{name}:{high - low - kept}}}}}{tail}"
            if all(_is_match(pattern, expand(template, seed=str(seed))) for seed in range(5)):
                return template
    return None


def _is_match(pattern: str, text: str) -> bool:
    import regex

    return regex.search(pattern, text, regex.ASCII | regex.MULTILINE, timeout=1) is not None


def _drawn(tree: Any, random: Random, groups: dict[int, str]) -> str:
    return "".join(_one(str(kind), value, random, groups) for kind, value in tree)


def _one(kind: str, value: Any, random: Random, groups: dict[int, str]) -> str:
    match kind:
        case "LITERAL":
            return chr(value)
        case "NOT_LITERAL":
            return random.choice([c for c in _PLAIN if ord(c) != value])
        case "ANY":
            return random.choice(_PLAIN)
        case "IN":
            return _from_set(value, random)
        case "BRANCH":
            return _drawn(random.choice(value[1]), random, groups)
        case "SUBPATTERN":
            text = _drawn(value[-1], random, groups)
            groups[value[0]] = text
            return text
        case "GROUPREF":
            return groups.get(value, "")
        case "ATOMIC_GROUP":
            return _drawn(value, random, groups)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            low, high, tree = value
            count = random.randint(low, max(low, min(int(high), low + 3, _MOST_REPEATS)))
            return "".join(_drawn(tree, random, groups) for _ in range(count))
    return ""


def _from_set(items: Any, random: Random) -> str:
    is_negated = bool(items) and str(items[0][0]) == "NEGATE"
    members: set[str] = set()
    for kind, value in items:
        if str(kind) == "LITERAL":
            members.add(chr(value))
        elif str(kind) == "RANGE":
            members.update(chr(code) for code in range(value[0], min(value[1], value[0] + 127) + 1))
        elif str(kind) == "CATEGORY":
            members.update(_CATEGORIES.get(str(value), "-"))
    if is_negated:
        members = set(_PLAIN) - members or {"~"}
    usual = sorted(members & set(_PLAIN)) or sorted(members)
    return random.choice(usual)
