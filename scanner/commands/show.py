"""The command `show`: the whole story of one finding of a saved scan."""

from __future__ import annotations

from typing import Any

from scanner.commands.console import CLEAN, say
from scanner.errors import UsageError
from scanner.model import Finding, Report
from scanner.reporters import RenderOptions
from scanner.reporters.safe import Masker
from scanner.reporters.story import whole_story
from scanner.saved import read_report


def show(*, fingerprint: str, path: str, show_authors: bool = False, **_: Any) -> int:
    """Print all that the report in `path` knows of one finding. Raises ReportError or UsageError."""
    report = read_report(path)
    finding = _the_one(report, fingerprint, path)
    mask = Masker(report.findings, show_secrets=False)
    options = RenderOptions(show_authors=show_authors)
    place = f"{mask(finding.provenance.path)}:{finding.region.start_line}"
    say(f"{place}  {finding.severity}  {finding.rule_id}  {mask(report.rules[finding.rule_id].name)}")
    say(f"fingerprint {finding.fingerprint}")
    for line in whole_story(finding, options, mask):
        say(line)
    return CLEAN


def _the_one(report: Report, fingerprint: str, path: str) -> Finding:
    """Return the finding whose fingerprint is, or begins with, `fingerprint`."""
    alike = [finding for finding in report.findings if finding.fingerprint.startswith(fingerprint)]
    exact = [finding for finding in alike if finding.fingerprint == fingerprint]
    found = exact or alike
    if not found or not fingerprint:
        raise UsageError(f"{path}: no finding with the fingerprint {fingerprint!r}")
    if len({finding.fingerprint for finding in found}) > 1:
        raise UsageError(f"{path}: {len(found)} findings have fingerprints that begin with {fingerprint!r}")
    return found[0]
