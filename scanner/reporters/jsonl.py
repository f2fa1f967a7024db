"""One JSON object a line: the findings, how they stand to what is known, the coverage, the summary."""

from __future__ import annotations

import json
from typing import TextIO

from scanner.model import Report
from scanner.reporters import RenderOptions, document
from scanner.reporters.safe import Masker


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write line by line; `type` tells what a line is."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    for finding in report.findings:
        stream.write(
            json.dumps({"type": "finding", **document.finding_document(finding, report, options, mask)}) + "\n"
        )
    tool = {"schema_version": document.SCHEMA_VERSION, "tool": document.tool(report)}
    stream.write(json.dumps({"type": "standing", **document.standing(report, mask)}) + "\n")
    stream.write(json.dumps({"type": "coverage", **document.coverage(report, mask)}) + "\n")
    stream.write(json.dumps({"type": "summary", **tool, **document.summary(report)}) + "\n")
