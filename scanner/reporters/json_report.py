"""One JSON document; docs/reports.md describes it."""

from __future__ import annotations

import json
from typing import TextIO

from scanner.model import Report
from scanner.reporters import RenderOptions, document
from scanner.reporters.safe import Masker


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write the whole report as one document."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    whole = {
        "schema_version": document.SCHEMA_VERSION,
        "tool": document.tool(report),
        "target": document.target(report, mask),
        "findings": [document.finding_document(f, report, options, mask) for f in report.findings],
        "coverage": document.coverage(report, mask),
        "summary": document.summary(report),
    }
    json.dump(whole, stream, indent=2)
    stream.write("\n")
