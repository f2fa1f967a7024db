"""All structured readers of a text, chosen by how it begins."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.decoders.layer import Layer
from scanner.structured.entries import compose_entries
from scanner.structured.kubernetes import secret_entries
from scanner.structured.logins import pgpass_entries
from scanner.structured.notebooks import cell_lines, is_notebook
from scanner.structured.pairs import json_pairs, yaml_pairs
from scanner.structured.sniffing import format_of

_PREFIX = b"leaksweep-structured-"
"""How a line begins that stands for a value of which the structure says more than a rule for texts could know."""


def read_structured(text: bytes) -> Iterator[Layer]:
    """Yield lines that name values by the structure of `text`."""
    kind = format_of(text)
    if kind in ("json", "yaml") and b"Secret" in text and (entries := list(secret_entries(text))):
        yield compose_entries(text, entries, kind="kubernetes secret", prefix=_PREFIX + b"kubernetes-secret ")
    if kind == "json":
        if is_notebook(text):
            yield cell_lines(text)
        elif entries := list(json_pairs(text)):
            yield compose_entries(text, entries, kind="json")
    elif kind == "yaml" and (entries := list(yaml_pairs(text))):
        yield compose_entries(text, entries, kind="yaml")
    elif kind == "pgpass" and (entries := list(pgpass_entries(text))):
        yield compose_entries(text, entries, kind="pgpass", prefix=_PREFIX + b"pgpass-entry ")
