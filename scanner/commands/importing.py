"""The commands `baseline import` and `rules import`: what other tools know already, noted down as ours."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scanner.baseline.document import decoded, read_file, write_baseline, write_file
from scanner.baseline.recording import Verdict
from scanner.commands.baseline import Session, baseline_file, old_or_empty, session
from scanner.commands.console import CLEAN, INCOMPLETE, say
from scanner.commands.places import root_of
from scanner.errors import UsageError
from scanner.imports.laying import lay
from scanner.imports.records import Imported, Record, read_foreign
from scanner.reporters.safe import printable
from scanner.ruleset import parse_rule_file
from scanner.suppress import IGNORE_FILE, IgnoreFile

SHOWN = 20


class _Source(NamedTuple):
    path: str
    imported: Imported


def import_(
    *,
    files: Sequence[str],
    path: str = ".",
    baseline: str | None = None,
    history: bool = False,
    reason: str = "",
    owner: str = "",
    expires: str = "",
    outputs: object = None,
    **options: Any,
) -> int:
    """Read foreign files, scan, and note down the findings that they know. On ScannerError nothing changed."""
    sources = [_Source(file, read_foreign(_text(file), path=file, name=os.path.basename(file))) for file in files]
    is_history = history or any(record.commit for one in sources for record in one.imported.records)
    target = baseline_file(path, baseline)
    added = _new_ignore_lines(os.path.join(os.path.dirname(target), IGNORE_FILE), sources)
    old = old_or_empty(target, scope="history" if is_history else "tree")
    with session(old, path=path, history=is_history, **options) as now:
        known, unused = _known(now, sources)
        entries = {index: now.compared.known[index] for index in now.compared.known}
        new = [index for index in known if index not in entries]
        now.recorder.warm(now.findings[index] for index in new)
        made = [
            now.recorder.entry(
                now.findings[index],
                Verdict(known[index][1].state, reason or _reason(known[index][0]), owner, expires),
            )
            for index in new
        ]
        identities = {(e.rule_id, e.secret_hash, e.place_hash): e for e in (*old.entries, *made)}
        if known or os.path.lexists(target):
            write_baseline(now.finished(tuple(identities.values())))
        _write_ignore_lines(os.path.join(os.path.dirname(target), IGNORE_FILE), added)
        for source in sources:
            _tell(source, known, unused, added)
        return CLEAN if now.done.report.stats.is_complete else INCOMPLETE


def _text(file: str) -> str:
    return decoded(read_file(file), path=file)


def _reason(source: _Source) -> str:
    return f"imported from {os.path.basename(source.path)}"


def _known(now: Session, sources: Sequence[_Source]) -> tuple[dict[int, tuple[_Source, Record]], set[int]]:
    """Return the source and the record for each finding that one speaks for, and the ids of records that do not."""
    root = root_of(now.done.job).folder or ""
    known: dict[int, tuple[_Source, Record]] = {}
    unused: set[int] = set()
    for source in sources:
        laid = lay(source.imported.records, now.findings, root=os.path.abspath(root), line_of=now.line_of)
        for index, record in laid.known.items():
            known.setdefault(index, (source, record))
        unused.update(map(id, laid.unused))
    return known, unused


def _new_ignore_lines(path: str, sources: Sequence[_Source]) -> dict[str, list[str]]:
    """Return the lines of each source that the ignore file does not hold yet, checked. Raises ConfigError."""
    present = _text(path) if os.path.lexists(path) else ""
    IgnoreFile.parse(present, path=path)
    lines = set(present.splitlines())
    added = {s.path: [line for line in s.imported.ignore_lines if line not in lines] for s in sources}
    for source, some in added.items():
        IgnoreFile.parse("\n".join(some), path=source)
    return {source: some for source, some in added.items() if some}


def _write_ignore_lines(path: str, added: Mapping[str, Sequence[str]]) -> None:
    if not added:
        return
    present = _text(path) if os.path.lexists(path) else ""
    parts = [present.rstrip("\n")] if present.strip() else []
    for source, lines in added.items():
        parts.append("\n".join(["[*]", f"# imported from {os.path.basename(source)}", *lines]))
    write_file(path, ("\n\n".join(parts) + "\n").encode("utf-8", "surrogateescape"))


def _tell(
    source: _Source,
    known: Mapping[int, tuple[_Source, Record]],
    unused: set[int],
    added: Mapping[str, Sequence[str]],
) -> None:
    """Print what a source gave, and what of it could not be carried."""
    imported = source.imported
    count = sum(origin is source for origin, _ in known.values())
    told = f"{source.path}: {imported.kind}: {count} findings known by {len(imported.records)} records"
    lines = len(added.get(source.path, ()))
    say(printable(told + (f", {lines} lines for {IGNORE_FILE}" if lines else "")))
    idle = [record for record in imported.records if id(record) in unused]
    left = [f"{source.path}:{r.line}: {r.rule or 'a finding'} at {r.path}: nothing found there" for r in idle]
    for sentence in [*imported.left, *left][:SHOWN]:
        say(printable(f"  not carried: {sentence}"))
    if len(imported.left) + len(left) > SHOWN:
        say(f"  and {len(imported.left) + len(left) - SHOWN} more")


def rules_import(*, file: str, target: str, ignore_file: str | None = None, force: bool = False, **_: Any) -> int:
    """Write the rules of a gitleaks configuration as ours, its allowlists into an ignore file. Raises ScannerError."""
    from scanner.imports.gitleaks_config import carry, kebab

    carried = carry(_text(file), path=file)
    if os.path.lexists(target) and not force:
        raise UsageError(f"{target}: is there already; --force writes over it")
    if carried.rules:
        family = kebab(os.path.basename(file).partition(".toml")[0]) or "imported"
        content = _as_yaml({"family": family, "rules": carried.rules}, file)
        parse_rule_file(Path(target), content)
        write_file(target, content)
    sections = {name: lines for name, lines in carried.ignore.items() if lines}
    if sections:
        place = ignore_file or os.path.join(os.path.dirname(target) or os.curdir, IGNORE_FILE)
        _add_sections(place, sections, file)
        say(printable(f"{place}: {sum(map(len, sections.values()))} lines"))
    say(printable(f"{target}: {len(carried.rules)} rules" if carried.rules else "no rules"))
    for sentence in carried.left:
        say(printable(f"  not carried: {sentence}"))
    return CLEAN


def _as_yaml(document: object, source: str) -> bytes:
    import yaml

    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=1_000)
    return f"# Imported from {printable(os.path.basename(source))}.\n{text}".encode()


def _add_sections(path: str, sections: Mapping[str, Sequence[str]], source: str) -> None:
    present = _text(path) if os.path.lexists(path) else ""
    parts = [present.rstrip("\n")] if present.strip() else []
    for name, lines in sections.items():
        parts.append("\n".join([f"[{name}]", f"# imported from {os.path.basename(source)}", *lines]))
    text = "\n\n".join(parts) + "\n"
    IgnoreFile.parse(text, path=path)
    write_file(path, text.encode("utf-8", "surrogateescape"))
