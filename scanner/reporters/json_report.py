"""One JSON document, written finding by finding; docs/reports.md describes it."""

from __future__ import annotations

import json
import textwrap
from typing import Any, TextIO

from scanner.model import Report
from scanner.reporters import RenderOptions, document
from scanner.reporters.safe import Masker


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write the whole report as one document, holding one finding at a time."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    stream.write("{\n")
    for key, value in document.head(report, mask).items():
        stream.write(f'  "{key}": {_indented(value, 2)},\n')
    is_shown = {id(f): options.show_suppressed or f.is_open for f in report.findings}
    for key, wanted in (("findings", True), ("settled", False)):
        stream.write(f'  "{key}": [')
        listed = [finding for finding in report.findings if is_shown[id(finding)] is wanted]
        for number, finding in enumerate(listed):
            # A finding a line: ten times faster to write than indented, and easy to look through with line tools.
            text = json.dumps(document.finding_document(finding, report, options, mask))
            stream.write(f"{',' * bool(number)}\n    {text}")
        stream.write("\n  ],\n" if listed else "],\n")
    stream.write(f'  "standing": {_indented(document.standing(report, mask), 2)},\n')
    stream.write(f'  "coverage": {_indented(document.coverage(report, mask), 2)},\n')
    stream.write(f'  "summary": {_indented(document.summary(report), 2)}\n}}\n')


def _indented(value: Any, columns: int) -> str:
    return textwrap.indent(json.dumps(value, indent=2), " " * columns).lstrip()
