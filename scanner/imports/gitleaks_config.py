"""A configuration of gitleaks (TOML) -> rules of ours, lines for the ignore file, and what could not be carried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scanner.engine.samples import template_of
from scanner.errors import RuleError

_FIELDS = ("id", "description", "regex", "secretGroup", "entropy", "path", "keywords", "tags")
_RULE_KEYS = frozenset((*_FIELDS, "allowlist", "allowlists", "required", "skipReport"))
_TOP_KEYS = frozenset(("title", "extend", "rules", "allowlist", "allowlists", "minVersion"))
_ALLOW_KEYS = frozenset(
    ("description", "condition", "commits", "paths", "regexes", "regexTarget", "stopwords", "targetRules")
)
_KIND_OF_TARGET = {"": "secret", "secret": "secret", "line": "line", "match": "line"}


@dataclass(slots=True)
class Carried:
    """What a configuration gave: rules as plain values, ignore lines by rule id (`*` for all), and what is left."""

    rules: list[dict[str, Any]] = field(default_factory=list)
    ignore: dict[str, list[str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def carry(content: str, *, path: str) -> Carried:
    """Return what of a `.gitleaks.toml` has a meaning here. Raises RuleError with `path` and the line."""
    document = _toml(content, path)
    out = Carried()
    out.left += [f"key {key!r} has no meaning here" for key in document if key not in _TOP_KEYS]
    _extend(document.get("extend"), out)
    for number, entry in enumerate(_tables(document, "rules", path), 1):
        _rule(entry, f"rule {entry.get('id') or number!r}", out)
    for entry in _allowlists(document, path):
        names = [kebab(name) for name in _texts(entry.get("targetRules"))] or ["*"]
        _allow(entry, names, "top level", out)
    return out


def _toml(content: str, path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        raise RuleError(f"{path}:{at[1] if at else 1}: {error}") from error
    except RecursionError as error:
        raise RuleError(f"{path}: nested too deeply") from error


def _tables(document: Mapping[str, Any], key: str, path: str) -> list[dict[str, Any]]:
    value = document.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise RuleError(f"{path}: {key!r} is a list of tables, [[{key}]]")
    return value


def _allowlists(document: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    single = document.get("allowlist")
    return [*([single] if isinstance(single, dict) else []), *_tables(document, "allowlists", path)]


def _extend(value: object, out: Carried) -> None:
    if not isinstance(value, dict):
        return
    if value.get("useDefault"):
        out.left.append("extend.useDefault: the rules of leaksweep take the place of the default rules")
    if value.get("path"):
        out.left.append(f"extend.path: import {value['path']!r} by itself")
    for name in _texts(value.get("disabledRules")):
        out.left.append(f"extend.disabledRules: {name!r}: leave out the rule of leaksweep by hand, if there is one")


# --- rules -------------------------------------------------------------------------------------------


def _rule(entry: Mapping[str, Any], where: str, out: Carried) -> None:
    name, pattern = entry.get("id"), entry.get("regex")
    if not isinstance(name, str) or not kebab(name):
        out.left.append(f"{where}: has no id")
        return
    out.left += [f"{where}: key {key!r} has no meaning here" for key in entry if key not in _RULE_KEYS]
    for one in _allowlists(entry, where):
        _allow(one, [kebab(name)], where, out)
    if not isinstance(pattern, str) or not pattern:
        out.left.append(f"{where}: finds files by their path alone; leaksweep looks at contents")
        return
    secret = _with_secret(translated(pattern), entry.get("secretGroup", 0))
    fault = _fault(secret)
    if fault:
        out.left.append(f"{where}: regex: {fault}")
        return
    out.left += [f"{where}: required: give it as 'companions' by hand"] if entry.get("required") else []
    out.rules.append(_plain_rule(entry, name, secret, where, out))


def _plain_rule(entry: Mapping[str, Any], name: str, secret: str, where: str, out: Carried) -> dict[str, Any]:
    example = template_of(secret)
    if example is None:
        out.left.append(f"{where}: write an example that it matches")
    told = str(entry.get("description") or name)
    rule: dict[str, Any] = {
        "id": kebab(name),
        "name": told.split(".")[0][:80] or name,
        "description": told,
        "severity": "high",
        "confidence": "medium",
        "pattern": secret,
        "rotation_class": "other",
        "tags": [kebab(tag) for tag in _texts(entry.get("tags")) if kebab(tag)],
        "keywords": _texts(entry.get("keywords")),
        "examples": [example if example is not None else "an example is to be written"],
        "negative_examples": ["nothing to find here"],
    }
    if isinstance(entry.get("path"), str):
        rule["path_pattern"] = translated(entry["path"])
    entropy = entry.get("entropy")
    if isinstance(entropy, int | float) and entropy > 0:
        rule["min_entropy_bits"] = float(entropy)
    return {key: value for key, value in rule.items() if value not in ([], None)}


def kebab(name: str) -> str:
    """Return a name in the form of our ids: small letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def translated(pattern: str) -> str:
    """Return a pattern of Go's RE2 as one of Python's: the same but for a few spellings."""
    pattern = pattern.replace(r"\z", r"\Z")
    pattern = re.sub(r"\\x\{([0-9A-Fa-f]{1,8})\}", lambda found: re.escape(chr(int(found[1], 16))), pattern)
    return re.sub(r"\\[QE]", "", pattern) if r"\Q" in pattern else pattern


def _with_secret(pattern: str, number: object) -> str:
    """Return the pattern with a group named `secret`: the group of that number, the first one, or all of it."""
    groups = list(_groups(pattern))
    wanted = number if isinstance(number, int) and number > 0 else 1
    if wanted > len(groups):
        return f"(?P<secret>{pattern})"
    start, end = groups[wanted - 1]
    return f"{pattern[:start]}(?P<secret>{pattern[end:]}"


def _groups(pattern: str) -> Iterator[tuple[int, int]]:
    """Yield where each capturing group's opening stands: the half-open span of `(` or `(?P<name>`."""
    token = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P?<[A-Za-z_]\w*>|\(\?|\(|.", re.DOTALL)
    for found in token.finditer(pattern):
        if found[0] == "(" or re.fullmatch(r"\(\?P?<\w+>", found[0]):
            yield found.span()


def _fault(pattern: str) -> str | None:
    import regex

    try:
        regex.compile(pattern, regex.ASCII | regex.MULTILINE)
    except (regex.error, OverflowError) as error:
        return str(error)
    return None


# --- allowlists --------------------------------------------------------------------------------------


def _allow(entry: Mapping[str, Any], names: Sequence[str], where: str, out: Carried) -> None:
    out.left += [f"{where}: allowlist: key {key!r} has no meaning here" for key in entry if key not in _ALLOW_KEYS]
    kinds = [key for key in ("commits", "paths", "regexes", "stopwords") if entry.get(key)]
    if str(entry.get("condition", "OR")).upper() in ("AND", "&&") and len(kinds) > 1:
        out.left.append(f"{where}: allowlist: {' and '.join(kinds)} together: leaksweep settles by one of them alone")
        return
    if "commits" in kinds:
        out.left.append(f"{where}: allowlist: commits: use 'baseline import' for findings in old commits")
    target = str(entry.get("regexTarget", ""))
    if target == "match":
        out.left.append(f"{where}: allowlist: regexTarget match: carried as a pattern for the whole line")
    lines = [f"path: {translated(text)}" for text in _texts(entry.get("paths"))]
    lines += [f"{_KIND_OF_TARGET.get(target, 'secret')}: {translated(text)}" for text in _texts(entry.get("regexes"))]
    lines += [f"word: {text}" for text in _texts(entry.get("stopwords"))]
    for line in lines:
        fault = "an empty pattern" if not line.partition(": ")[2].strip() else _fault_of_line(line)
        if fault:
            out.left.append(f"{where}: allowlist: {line}: {fault}")
            continue
        for name in names:
            listed = out.ignore.setdefault(name, [])
            listed += [] if line in listed else [line]


def _fault_of_line(line: str) -> str | None:
    kind, _, source = line.partition(": ")
    if "\n" in line:
        return "a pattern of several lines"
    return None if kind == "word" else _fault(source)


def _texts(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
