"""The command `explain`: a rule, or what the rules made of one line."""

from __future__ import annotations

import os
import re
from typing import Any

from scanner.commands import rules
from scanner.commands.console import CLEAN, say
from scanner.config import Config
from scanner.engine.trace import Look, Span
from scanner.errors import UsageError
from scanner.reporters.safe import printable

_PLACE = re.compile(r"(.+):([1-9][0-9]*)")


def explain(*, what: str, **_: Any) -> int:
    """Tell what a rule finds, or, of FILE:LINE, which rules looked at the line and why each kept or dropped it."""
    place = _PLACE.fullmatch(what)
    if place is None:
        return rules.explain(rule_id=what)
    return _explain_line(place[1], int(place[2]))


def _explain_line(path: str, line: int) -> int:
    from scanner.chunks import normalise
    from scanner.engine.matcher import Engine
    from scanner.engine.snippets import masked_line
    from scanner.engine.trace import line_span, looks
    from scanner.ruleset import load_ruleset

    data = normalise(_content(path))
    span = line_span(data, line)
    if span is None:
        raise UsageError(f"{path} has no line {line}")
    ruleset = load_ruleset()
    found = looks(Engine(ruleset.rules, ruleset.anchors), data, span)
    spans = sorted({look.span for look in found if look.span})
    levels = {rule.id: rule.confidence for rule in ruleset.rules}
    paths = {rule.id: rule.path_pattern for rule in ruleset.rules if rule.path_pattern}
    say(f"{printable(path)}:{line}")
    for place in spans:
        say(f"  {printable(masked_line(data, place, spans).text.strip())}")
        for look in found:
            if look.span == place:
                say(f"    {look.rule_id}: {_outcome(look, levels[look.rule_id], path, paths.get(look.rule_id))}")
    _say_idle([look.rule_id for look in found if look.span is None], spans)
    return CLEAN


def _outcome(look: Look, confidence: str, path: str, path_pattern: str | None) -> str:
    told = ""
    if look.verdict is not None:
        moved = ", ".join(f"{name} {share:+.1f}" for name, share in look.moved)
        told = f" (the judge gives it {look.verdict.probability:.2f}: {moved})"
        confidence = look.verdict.confidence or confidence
    if look.reason:
        return f"dropped, {look.reason}{told}"
    if path_pattern and not re.search(path_pattern, path.replace(os.sep, "/")):
        return "dropped, not in a file of its kind"
    return f"kept, confidence {confidence}{told}"


def _say_idle(rule_ids: list[str], spans: list[Span]) -> None:
    if not rule_ids and not spans:
        say("  no rule looked at this line: it holds nothing by which one would be called")
    elif rule_ids:
        say(f"  looked and saw nothing: {', '.join(rule_ids)}")


def _content(path: str) -> bytes:
    from scanner.model import Blob
    from scanner.sources.files import FileEntry, file_entry, read_file

    for entry in file_entry(path):
        blob = read_file(entry, max_bytes=Config().max_blob_bytes) if isinstance(entry, FileEntry) else entry
        if isinstance(blob, Blob):
            return blob.data
        raise UsageError(f"{path}: {blob.reason}{f', {blob.detail}' if blob.detail else ''}")
    raise UsageError(f"{path}: nothing to read")
