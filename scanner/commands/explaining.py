"""The command `explain`: a rule, or what the rules made of one line."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from scanner.commands import rules
from scanner.commands.console import CLEAN, say
from scanner.config import Config
from scanner.engine.trace import Look, Span
from scanner.errors import UsageError
from scanner.model import Rule
from scanner.reporters.safe import printable

if TYPE_CHECKING:
    from scanner.engine.matcher import Engine

MAX_DECODED_LINES = 20
"""Lines of decoded texts that are told of one line of a file."""

_PLACE = re.compile(r"(.+):([1-9][0-9]*)")


def explain(*, what: str, **_: Any) -> int:
    """Tell what a rule finds, or, of FILE:LINE, which rules looked at the line and why each kept or dropped it."""
    place = _PLACE.fullmatch(what)
    if place is None:
        return rules.explain(rule_id=what)
    return _explain_line(place[1], int(place[2]))


class _Explainer(NamedTuple):
    """The rules, and the file that they looked at."""

    engine: Engine
    path: str

    def tell(self, data: bytes, found: list[Look], *, indent: str) -> None:
        """Print what each rule saw on a line of a text, at the place that it saw."""
        from scanner.engine.snippets import masked_line

        spans = sorted({look.span for look in found if look.span})
        rules = {rule.id: rule for rule in self.engine.rules}
        for place in spans:
            say(f"{indent}{printable(masked_line(data, place, spans).text.strip())}")
            for look in found:
                if look.span == place:
                    say(f"{indent}  {look.rule_id}: {_outcome(look, rules[look.rule_id], self.path)}")
        idle = [look.rule_id for look in found if look.span is None]
        if idle:
            say(f"{indent}looked and saw nothing: {', '.join(idle)}")
        elif not spans:
            say(f"{indent}no rule looked at this line: it holds nothing by which one would be called")


def _explain_line(path: str, line: int) -> int:
    from scanner.chunks import normalise
    from scanner.engine.matcher import Engine
    from scanner.engine.trace import line_span, looks
    from scanner.ruleset import load_ruleset

    content = _content(path)
    data = normalise(content)
    span = line_span(data, line)
    if span is None:
        raise UsageError(f"{path} has no line {line}")
    ruleset = load_ruleset()
    explainer = _Explainer(Engine(ruleset.rules, ruleset.anchors), path)
    say(f"{printable(path)}:{line}")
    explainer.tell(data, looks(explainer.engine, data, span), indent="  ")
    for text, inner, decoding in _decoded(explainer.engine, content, span):
        found = looks(explainer.engine, text, inner)
        if any(look.span for look in found):
            say(f"  decoded, {' in '.join(reversed(decoding)) or 'joined'}:")
            explainer.tell(text, found, indent="    ")
    return CLEAN


def _decoded(engine: Engine, content: bytes, span: Span) -> list[tuple[bytes, Span, tuple[str, ...]]]:
    """Return the lines of decoded texts that come from the line at `span`, each with its text and its decoders."""
    from scanner.deep import DeepSearch
    from scanner.views import View

    views: list[View] = []
    DeepSearch(engine, on_view=views.append).search(content, "")
    found: list[tuple[bytes, Span, tuple[str, ...]]] = []
    for view in views:
        at = 0
        for text in view.text.split(b"\n"):
            inner = at, at + len(text)
            at = inner[1] + 1
            if len(found) < MAX_DECODED_LINES and text.strip():
                place, decoding = view.to_base(*inner)
                if place[0] <= span[1] and span[0] <= place[1]:
                    found.append((view.text, inner, tuple(filter(None, decoding))))
    return found


def _outcome(look: Look, rule: Rule, path: str) -> str:
    told, confidence = "", rule.confidence
    if look.verdict is not None:
        moved = ", ".join(f"{name} {share:+.1f}" for name, share in look.moved)
        told = f" (the judge gives it {look.verdict.probability:.2f}: {moved})"
        confidence = look.verdict.confidence or confidence
    if look.reason:
        return f"dropped, {look.reason}{told}"
    if rule.path_pattern and not re.search(rule.path_pattern, path.replace(os.sep, "/")):
        return "dropped, not in a file of its kind"
    return f"kept, confidence {confidence}{told}"


def _content(path: str) -> bytes:
    from scanner.model import Blob
    from scanner.sources.files import FileEntry, file_entry, read_file

    for entry in file_entry(path):
        blob = read_file(entry, max_bytes=Config().max_blob_bytes) if isinstance(entry, FileEntry) else entry
        if isinstance(blob, Blob):
            return blob.data
        raise UsageError(f"{path}: {blob.reason}{f', {blob.detail}' if blob.detail else ''}")
    raise UsageError(f"{path}: nothing to read")
