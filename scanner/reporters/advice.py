"""What to do about a secret that is out: the playbook of its rule, in five steps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from scanner.errors import ScannerError
from scanner.model import Rule

STEPS = ("rotate", "audit", "revoke", "investigate", "prevent")
_FILE = "playbooks.yaml"


class Step(NamedTuple):
    """One step: its name, one of STEPS, and what to do, with names and commands in `backticks`."""

    name: str
    text: str


def playbook(rule: Rule) -> tuple[Step, ...]:
    """Return the five steps for `rule`: of its family, of its rotation class where that has none, else of any."""
    books = _books()
    families, classes = books["families"], books["classes"]
    sources = families.get(rule.family, {}), classes.get(rule.rotation_class, {}), classes["other"]
    return tuple(Step(name, next(source[name] for source in sources if name in source)) for name in STEPS)


def families_with_playbook() -> frozenset[str]:
    """Return the rule families that have steps of their own."""
    return frozenset(_books()["families"])


@lru_cache(maxsize=1)
def _books() -> Mapping[str, Any]:
    from scanner.safe_yaml import load_yaml

    content = (files("scanner.reporters") / "data" / _FILE).read_bytes()
    books = load_yaml(content, path=_FILE, error=ScannerError)
    if not isinstance(books, dict):
        raise ScannerError(f"{_FILE}: the package is damaged")
    return books
