"""OUT: a report to a text stream; each format is imported at its first use."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TextIO

from scanner.model import Report
from scanner.reporters.withholding import as_shown

_RENDERERS = {
    "text": "text.render",
    "json": "json_report.render",
    "jsonl": "jsonl.render",
    "sarif": "sarif.render",
    "sarif-head": "sarif.render_head",
    "sarif-history": "sarif.render_history",
    "sarif-full": "sarif.render_full",
    "gitlab": "gitlab.render",
    "codeclimate": "codeclimate.render",
    "junit": "junit.render",
    "csv": "csv_report.render",
    "markdown": "markdown.render",
    "github": "github.render",
    "html": "html_report.render",
}
FORMATS = tuple(_RENDERERS)
_ARCHIVES = frozenset({"json", "sarif-full", "junit", "csv", "html"})
"""What holds all findings, settled ones apart or marked; every other format tells of them on request."""


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How much a report shows."""

    show_secrets: bool = False
    colour: bool = False
    verbose: bool = False
    quiet: bool = False
    show_authors: bool = False
    all_occurrences: bool = False
    show_suppressed: bool = False


def render(name: str, report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write `report` to `stream` in the format `name`."""
    if name not in _ARCHIVES:
        report = as_shown(report, show_suppressed=options.show_suppressed)
    module, _, function = _RENDERERS[name].partition(".")
    getattr(importlib.import_module(f"scanner.reporters.{module}"), function)(report, stream, options)
