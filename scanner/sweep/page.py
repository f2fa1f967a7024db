"""A page over a whole store: self-contained, without scripts, with nothing secret in it."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scanner.reporters.safe import printable

MAX_ROWS = 25
"""Of a table: a page is read by people; the other reports hold the rest."""


def page_of(summary: Mapping[str, Any]) -> str:
    """Return a page that needs no network and runs no script."""
    style = (Path(__file__).parent / "page.css").read_text("utf-8")
    totals = summary["totals"]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    figures = (
        (totals["repositories"], "repositories"),
        (totals["with_findings"], "with findings"),
        (totals["distinct_secrets"], "different secrets"),
        (totals["by_severity"]["critical"], "critical"),
        (len(summary["reused"]), "used more than once"),
        (totals["failed"] + totals["incomplete"] + len(summary["not_searched"]), "failed or incomplete"),
    )
    body = [
        "<h1>leaksweep: all repositories</h1>",
        f"<p>Sweep {_e(summary['sweep']['id'])}"
        + ("" if summary["sweep"]["is_finished"] else ", <b>not finished</b>")
        + ". No secret is shown in this page. All findings: "
        '<a href="findings.csv">findings.csv</a>; everything: <a href="summary.json">summary.json</a>; '
        'one repository each: <a href="sarif/">sarif/</a>.</p>',
        '<div class="figures">' + "".join(f"<div><b>{n:,}</b><span>{w}</span></div>" for n, w in figures) + "</div>",
        _table("Failed", ("Repository", "Cause", "#Attempts"), _failed_rows(summary)),
        _table(
            "Not searched", ("Folder", "Cause"), [_row(one["what"], one["cause"]) for one in summary["not_searched"]]
        ),
        _table("Not read", ("Repository", "What"), _gap_rows(summary)),
        _table("Worst repositories", ("Repository", "#Critical", "#High", "#Medium", "#Low"), _worst_rows(summary)),
        _table("Used more than once", ("Rule", "Repositories", "Environments", "#Places"), _reused_rows(summary)),
        _table("Longest exposed", ("#Days", "Severity", "Rule", "Repository", "Path", "State"), _oldest_rows(summary)),
    ]
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<title>leaksweep: all repositories</title>\n"
        f"<style>{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, body))
        + "\n</main>\n</body>\n</html>\n"
    )


def _e(value: object) -> str:
    return html.escape(printable(str(value)))


def _table(title: str, head: tuple[str, ...], rows: list[str]) -> str:
    """Return a table of the first MAX_ROWS rows, or nothing without any; `#` marks the names of columns of numbers."""
    if not rows:
        return ""
    cells = "".join(f'<th scope="col"{" class=n" * name.startswith("#")}>{name.lstrip("#")}</th>' for name in head)
    body = "\n".join(rows[:MAX_ROWS])
    more = f"<p>The first {MAX_ROWS} of {len(rows):,}.</p>" if len(rows) > MAX_ROWS else ""
    table = f"<table><thead><tr>{cells}</tr></thead><tbody>\n{body}\n</tbody></table>"
    return f'<h2>{title}</h2>\n{more}<div class="scroll">{table}</div>'


def _row(*cells: object) -> str:
    return "<tr>" + "".join(f"<td{' class=n' * isinstance(c, int)}>{_e(c)}</td>" for c in cells) + "</tr>"


def _severity(name: str) -> str:
    return f'<td class="{_e(name)}">{_e(name)}</td>'


def _worst_rows(summary: Mapping[str, Any]) -> list[str]:
    return [_row(entry["id"], *(int(n) for n in entry["findings"].values())) for entry in summary["worst"]]


def _reused_rows(summary: Mapping[str, Any]) -> list[str]:
    return [
        _row(one["rule_id"], ", ".join(one["repositories"]), ", ".join(one["environments"]), len(one["places"]))
        for one in summary["reused"]
    ]


def _oldest_rows(summary: Mapping[str, Any]) -> list[str]:
    return [
        f"<tr><td class=n>{one['exposure_days']:,}</td>{_severity(one['severity'])}<td>{_e(one['rule_id'])}</td>"
        f"<td>{_e(one['repository'])}</td><td>{_e(one['path'])}</td><td>{_e(one['state'])}</td></tr>"
        for one in summary["oldest"]
    ]


def _failed_rows(summary: Mapping[str, Any]) -> list[str]:
    return [_row(one["id"], one["error"], one["attempts"]) for one in summary["failures"]]


def _gap_rows(summary: Mapping[str, Any]) -> list[str]:
    return [
        _row(one["id"], ", ".join(f"{reason}: {count}" for reason, count in one["skipped"].items()))
        for one in summary["incomplete"]
    ]
