"""OUT: a report to a text stream; each format is imported at its first use."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TextIO

from scanner.model import Report

_MODULES = {
    "text": "scanner.reporters.text",
    "json": "scanner.reporters.json_report",
    "jsonl": "scanner.reporters.jsonl",
    "sarif": "scanner.reporters.sarif",
}
FORMATS = tuple(_MODULES)


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How much a report shows."""

    show_secrets: bool = False
    colour: bool = False
    verbose: bool = False
    quiet: bool = False


def render(name: str, report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write `report` to `stream` in the format `name`."""
    importlib.import_module(_MODULES[name]).render(report, stream, options)
