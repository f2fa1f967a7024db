"""What the generic rules' patterns and filters leave for the judge, in labelled files and in quiet trees."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import regex

from scanner.engine.filters import Filter, drop_reason, filters_of
from scanner.engine.hit import Hit
from scanner.engine.shapes import is_word
from scanner.ruleset import load_ruleset
from tests.training.invented import lines

MAX_LINE = 20_000
MAX_FILE_BYTES = 2_000_000
_SPACES = re.compile(r"[\s\"'`\\]+")


class Candidate(NamedTuple):
    """A hit that the filters kept, the kind of its rule, the project it is from, and its label, None for unlabelled."""

    kind: str
    hit: Hit
    project: str
    label: bool | None


class JudgedRule(NamedTuple):
    """A rule whose matches the judge decides."""

    kind: str
    keywords: tuple[str, ...]
    pattern: regex.Pattern[str]
    filters: tuple[Filter, ...]


def judged_rules() -> list[JudgedRule]:
    """Return the rules of the package that leave their matches to the judge.

    The words that a filter drops where only a random text is a secret are kept: a word is learned from them.
    """
    flags = regex.ASCII | regex.MULTILINE
    return [
        JudgedRule(rule.judge, rule.keywords, regex.compile(rule.pattern, flags), _without_words(filters_of(rule)))
        for rule in load_ruleset().rules
        if rule.judge
    ]


def _without_words(filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
    return tuple(one for one in filters if one is not is_word)


def hits_of(rules: Iterable[JudgedRule], line: str) -> Iterator[tuple[str, Hit]]:
    """Yield kind and hit of what the filters keep of one line."""
    low = line.lower()
    for rule in rules:
        if not any(word in low for word in rule.keywords):
            continue
        for found in rule.pattern.finditer(line[:MAX_LINE]):
            named = found.span("name") if "name" in rule.pattern.groupindex else (0, 0)
            hit = Hit(line, *found.span("secret"), *named)
            if drop_reason(hit, rule.filters) is None:
                yield rule.kind, hit


def labelled(corpus: Path) -> Iterator[Candidate]:
    """Yield the candidates of a corpus folder that holds `files/` and `labels.jsonl`."""
    rules = judged_rules()
    by_path: dict[str, list[dict[str, object]]] = {}
    for row in (corpus / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        label = json.loads(row)
        by_path.setdefault(label["path"], []).append(label)
    for path, labels in sorted(by_path.items()):
        text = (corpus / "files" / path).read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.split("\n"), 1):
            here = [x for x in labels if int(str(x["line"])) <= number <= int(str(x["line_end"]))]
            for kind, hit in hits_of(rules, line[:MAX_LINE]):
                near = [x for x in here if _is_same(str(x["value"] or ""), hit.secret)]
                if not any(x.get("core") is False for x in near):
                    label_of = any(x["label"] for x in near) if near else None
                    yield Candidate(kind, hit, str(labels[0]["group"]), label_of)


def _is_same(value: str, secret: str) -> bool:
    a, b = _SPACES.sub("", value), _SPACES.sub("", secret)
    return not a or bool(b and (a in b or b in a))


def quiet(roots: Iterable[Path]) -> Iterator[Candidate]:
    """Yield the candidates of trees that hold no secrets, each line and secret once."""
    rules = judged_rules()
    seen: set[tuple[str, str, str]] = set()
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES or ".git" in path.parts:
                continue
            data = path.read_bytes()
            if b"\0" in data[:4096]:
                continue
            for line in data.decode("utf-8", "surrogateescape").split("\n"):
                for kind, hit in hits_of(rules, line[:MAX_LINE]):
                    key = (kind, hit.secret, line[:60])
                    if key not in seen:
                        seen.add(key)
                        yield Candidate(kind, hit, str(root), label=False)


def invented(seed: int, count: int) -> Iterator[Candidate]:
    """Yield the candidates that are the made-up secrets of made-up lines."""
    rules = judged_rules()
    for line, secret in lines(seed, count):
        for kind, hit in hits_of(rules, line):
            if hit.secret == secret:
                yield Candidate(kind, hit, "invented", label=True)
