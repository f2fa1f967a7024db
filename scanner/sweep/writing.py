"""The reports over a whole store: one merged JSON, one CSV, one page, and a SARIF file for each repository."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TextIO

from scanner import __version__
from scanner.errors import ReportError
from scanner.reporters.output import remove_unfinished, write_whole
from scanner.reporters.safe import printable
from scanner.sweep.page import page_of
from scanner.sweep.store import Store
from scanner.sweep.summary import summary_of
from scanner.sweep.values import DAY_S

_COLUMNS = (
    *("repository", "severity", "rule_id", "path", "state", "introduced_s", "exposure_days", "fingerprint", "cluster"),
)


def write_all(store: Store, folder: str, write_sarif: Callable[[bytes, str], None]) -> dict[str, Any]:
    """Write `summary.json`, `findings.csv`, `index.html` and `sarif/NAME.sarif` into `folder`; return the summary.

    `write_sarif` writes the SARIF of a saved JSON report to a path. `sarif/index.json` tells which file belongs to
    which repository, and of which report it was made: a file of the same report is left as it is. Every file is whole
    or not there, and what a killed sweep was writing goes. Raises ReportError.
    """
    summary = summary_of(store)
    sarif = os.path.join(folder, "sarif")
    try:
        os.makedirs(sarif, exist_ok=True)
        for one in (folder, sarif):
            remove_unfinished(one)
        write_whole(os.path.join(folder, "summary.json"), lambda stream: _write_json(summary, stream))
        write_whole(os.path.join(folder, "findings.csv"), lambda stream: _write_csv(store, stream))
        write_whole(os.path.join(folder, "index.html"), lambda stream: stream.write(page_of(summary)))
    except OSError as error:
        raise ReportError(f"{folder}: {error.strerror or error}") from error
    _write_sarif_files(store, summary, sarif, write_sarif)
    return summary


def _write_sarif_files(
    store: Store, summary: Mapping[str, Any], folder: str, write_sarif: Callable[[bytes, str], None]
) -> None:
    index = os.path.join(folder, "index.json")
    before = _read_index(index)
    made = {}
    for entry in summary["repositories"]:
        document = store.document(entry["id"])
        if document:
            name = file_name(entry["id"])
            digest = _sarif_digest(document, store.now_s)
            made[name] = {"repository": printable(entry["id"]), "file": name, "digest": digest}
            if before.get(name) != digest or not os.path.isfile(os.path.join(folder, name)):
                write_sarif(document, os.path.join(folder, name))
    try:
        write_whole(index, lambda stream: _write_json(list(made.values()), stream))
        for name in before.keys() - made.keys():
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, name))
    except OSError as error:
        raise ReportError(f"{folder}: {error.strerror or error}") from error


def _sarif_digest(document: bytes, now_s: int) -> str:
    """Return what tells one SARIF file from another: it is written anew on another day if it tells of exposures."""
    day = now_s // DAY_S if b'"exposure_days"' in document else 0
    return hashlib.sha256(f"{__version__} {day} ".encode() + document).hexdigest()


def _read_index(path: str) -> dict[str, str]:
    """Return the digest of the report of which each file was made; nothing if there is no index, or no good one."""
    try:
        with open(path, encoding="utf-8") as stream:
            entries = json.load(stream)
        return {str(one["file"]): str(one["digest"]) for one in entries if _OWN_NAME.fullmatch(str(one["file"]))}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


_OWN_NAME = re.compile(r"[A-Za-z0-9._-]+-[0-9a-f]{12}\.sarif")


def file_name(target_id: str) -> str:
    """Return a file name that tells the repository, different for each."""
    words = re.sub(r"[^A-Za-z0-9._-]+", "-", target_id).strip("-.")[-80:]
    return f"{words or 'repository'}-{hashlib.sha256(os.fsencode(target_id)).hexdigest()[:12]}.sarif"


def _write_json(value: Any, stream: TextIO) -> None:
    """Write JSON with one item of a list a line: quick to write, and `grep` and `diff` can read it."""
    if isinstance(value, Mapping):
        members = (f" {json.dumps(name)}: {_lines(_printable(item))}" for name, item in value.items())
        stream.write("{\n" + ",\n".join(members) + "\n}\n")
    else:
        stream.write(_lines(_printable(value)) + "\n")


def _lines(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value


def _write_csv(store: Store, stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for owner, secret in store.findings():
        values = {"repository": owner, **secret._asdict()}
        writer.writerow([_cell(values[name]) for name in _COLUMNS])


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else printable(str(value))
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
