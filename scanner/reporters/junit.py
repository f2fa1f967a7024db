"""JUnit's XML, which every CI system shows: a finding is a failed test, what was not read an error."""

from __future__ import annotations

from typing import TextIO
from xml.sax.saxutils import escape, quoteattr

from scanner.model import Finding, Report
from scanner.reporters import RenderOptions
from scanner.reporters.advice import playbook
from scanner.reporters.safe import Masker
from scanner.reporters.selection import by_priority, current_region, is_open, story_words

_NAMED_SKIPS = 100


def render(report: Report, stream: TextIO, options: RenderOptions) -> None:
    """Write one suite; findings that somebody decided on or the baseline knows are skipped tests."""
    mask = Masker(report.findings, show_secrets=options.show_secrets)
    findings = [finding for finding in by_priority(report.findings) if finding.baseline_state != "absent"]
    failures = sum(_fails(finding) for finding in findings)
    errors = not report.stats.is_complete
    counts = f'tests="{len(findings) + 1}" failures="{failures}" errors="{int(errors)}"'
    skipped = len(findings) - failures
    stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
    stream.write(f'<testsuites name="leaksweep" {counts}>\n')
    stream.write(f' <testsuite name="leaksweep" {counts} skipped="{skipped}">\n')
    for finding in findings:
        _write_case(finding, report, stream, options, mask)
    _write_coverage(report, stream, mask)
    stream.write(" </testsuite>\n</testsuites>\n")


def _fails(finding: Finding) -> bool:
    return is_open(finding) and finding.baseline_state != "unchanged"


def _write_case(finding: Finding, report: Report, stream: TextIO, options: RenderOptions, mask: Masker) -> None:
    rule, line, path = report.rules[finding.rule_id], current_region(finding).start_line, mask(finding.provenance.path)
    name = f"{rule.id} {path}:{line} {finding.fingerprint}"
    stream.write(f"  <testcase classname={quoteattr(path)} name={quoteattr(name)}")
    if not _fails(finding):
        why = "; ".join(mask(one.justification) or one.kind for one in finding.suppressions) or "known in the baseline"
        stream.write(f">\n   <skipped message={quoteattr(why)}/>\n  </testcase>\n")
        return
    first = playbook(rule)[0]
    secret = finding.secret.value if options.show_secrets else finding.secret.mask
    told = [f"{mask(rule.name)} {mask(secret)} at {path}:{line}", story_words(finding), f"What to do: {first.text}"]
    summary = quoteattr(f"{finding.severity}: {mask(rule.name)}")
    stream.write(f">\n   <failure type={quoteattr(rule.id)} message={summary}>")
    stream.write(escape("\n".join(filter(None, told))) + "</failure>\n  </testcase>\n")


def _write_coverage(report: Report, stream: TextIO, mask: Masker) -> None:
    stream.write('  <testcase classname="leaksweep" name="everything was read"')
    if report.stats.is_complete:
        stream.write("/>\n")
        return
    gaps = [skip for skip in report.stats.skipped if skip.reason not in report.stats.accepted]
    lines = [f"{skip.reason}: {mask(skip.what)} {mask(skip.detail)}".strip() for skip in gaps[:_NAMED_SKIPS]]
    if len(gaps) > _NAMED_SKIPS:
        lines.append(f"and {len(gaps) - _NAMED_SKIPS} more")
    summary = quoteattr(f"{len(gaps)} things were not read")
    stream.write(
        f'>\n   <error type="incomplete" message={summary}>{escape(chr(10).join(lines))}</error>\n  </testcase>\n'
    )
