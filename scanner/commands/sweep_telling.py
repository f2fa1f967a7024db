"""What a store tells: the summary at the end of a sweep, its reports, and the actions `status`, `report`, `forget`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from scanner.commands.console import CLEAN, FOUND, INCOMPLETE, say
from scanner.errors import UsageError
from scanner.model import SEVERITIES, Story
from scanner.reporters.safe import printable
from scanner.sweep.store import Store
from scanner.sweep.targets import targets_of
from scanner.sweep.values import DAY_S, OPEN_STATES, FoundSecret, SweepTarget

ACTIONS = ("status", "report", "forget")
MAX_WORST = 5


def ended(store: Store, ids: Collection[str], report_directory: str | None, fail_on: str | None) -> int:
    """Write the reports, print the summary of the repositories `ids`, return the exit code of the sweep."""
    if report_directory is not None:
        _written(store, report_directory)
    rows = [row for row in store.repositories() if row["id"] in ids]
    found = [(owner, secret) for owner, secret in store.findings() if owner in ids]
    for line in _summary(store, rows, found):
        say(printable(line))
    limit = SEVERITIES.index(fail_on) if fail_on else -1
    if any(SEVERITIES.index(secret.severity) <= limit for _, secret in found):
        return FOUND
    is_whole = all(row["status"] == "read" and row["is_complete"] for row in rows)
    return CLEAN if is_whole and not store.gaps else INCOMPLETE


def told(action: str, words: Sequence[str], path: str, report_directory: str | None) -> int:
    """Do what `action`, one of ACTIONS, says to the store at `path`; return the exit code. Raises ScannerError."""
    if action == "forget":
        return _forget(words, path)
    if words:
        raise UsageError(f"sweep {action}: it is about the whole store, and takes no targets")
    with Store(path, is_shared=True) as store:
        if action == "status":
            return _status(store)
        if report_directory is not None:
            _written(store, report_directory)
        rows = list(store.repositories())
        for line in _summary(store, rows, list(store.findings())):
            say(printable(line))
        return CLEAN


def _summary(store: Store, rows: list[dict[str, Any]], found: list[tuple[str, FoundSecret]]) -> Iterator[str]:
    from scanner.sweep.summary import skipped_in

    failed = [row for row in rows if row["status"] == "failed"]
    gaps = [row for row in rows if row["status"] == "read" and not row["is_complete"]]
    yield f"{len(rows)} repositories: {len(rows) - len(failed)} read ({len(gaps)} in part), {len(failed)} failed"
    yield from _counted(found)
    for row in failed:
        yield f"failed: {row['id']}: {row['error'].removeprefix(row['id'] + ': ')}"
    for row in gaps:
        skipped = skipped_in(store.document(row["id"]))
        yield f"incomplete: {row['id']}: " + ", ".join(f"{name}: {count}" for name, count in skipped.items())
    for gap in store.gaps:
        yield f"not searched: {gap['what']}: {gap['cause']}"


def _counted(found: list[tuple[str, FoundSecret]]) -> Iterator[str]:
    """Yield the numbers of findings, and the repositories that have most of the worst."""
    from scanner.sweep.summary import score

    severities = Counter(secret.severity for _, secret in found)
    clusters = Counter(secret.cluster for _, secret in found)
    told = f" ({_by_severity(severities)})" if found else ""
    reused = sum(count > 1 for count in clusters.values())
    yield f"{len(found)} findings{told}, {len(clusters)} different secrets, {reused} used more than once"
    owners: dict[str, Counter[str]] = {}
    for owner, secret in found:
        owners.setdefault(owner, Counter())[secret.severity] += 1
    for owner in sorted(owners, key=lambda owner: (-score(owners[owner]), owner))[:MAX_WORST]:
        yield f"worst: {owner}: {_by_severity(owners[owner])}"


def _by_severity(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity])


# --- reports -----------------------------------------------------------------------------------------


def _written(store: Store, folder: str) -> None:
    from scanner.sweep.writing import write_all

    write_all(store, folder, partial(_write_sarif, now_s=store.now_s))
    say(printable(f"reports: {folder}"))


def _write_sarif(document: bytes, path: str, *, now_s: int) -> None:
    from scanner.reporters import RenderOptions
    from scanner.reporters.output import Output, write_reports
    from scanner.saved import report_of_document

    report = report_of_document(document, name=path)
    findings = tuple(replace(one, story=_aged(one.story, now_s)) for one in report.findings)
    write_reports(replace(report, findings=findings), [Output("sarif", path)], RenderOptions(), sys.stdout)


def _aged(story: Story | None, now_s: int) -> Story | None:
    """Return a story whose exposure, if it goes on, runs up to `now_s`."""
    committer = story.introduced.commit.committer if story is not None and story.introduced else None
    begun_s = committer.time_s if committer else None
    if story is None or begun_s is None or story.exposure_days is None or story.state not in OPEN_STATES:
        return story
    return replace(story, exposure_days=max(0, now_s - begun_s) // DAY_S)


# --- actions -----------------------------------------------------------------------------------------


def _forget(words: Sequence[str], path: str) -> int:
    if not words:
        raise UsageError("sweep forget: name what to forget, as `sweep status` lists it")
    with Store(path) as store:
        known = {row["id"] for row in store.repositories()}
        ids = list(dict.fromkeys(_ids_of(words, known)))
        unknown = [one for one in ids if one not in known]
        if unknown:
            raise UsageError(f"{unknown[0]}: not in the store, so nothing was forgotten")
        say(f"forgot {store.forget(ids)} repositories")
    return CLEAN


def _ids_of(words: Sequence[str], known: Collection[str]) -> Iterable[str]:
    """Yield the ids that `words` mean: an id of the store as it is, or a folder or URL."""
    for word in words:
        if word in known or not (os.path.isdir(word) or "://" in word):
            yield word
        else:
            yield from (one.id for one in targets_of([word]) if isinstance(one, SweepTarget))


def _status(store: Store) -> int:
    swept, is_open = store.sweep_state()
    rows = list(store.repositories())
    done = sum(row["sweep"] == swept for row in rows)
    say(f"sweep {swept or 'none yet'}" + (", not finished" if is_open else "") + f": {done} repositories done")
    for row in rows:
        when = "done" if row["sweep"] == swept else "of an earlier sweep"
        cause = f": {row['error']}" if row["error"] else ""
        gap = "" if row["is_complete"] or row["status"] == "failed" else ", incomplete"
        say(printable(f"{row['status']:<9} {when:<19} {row['id']}{gap}{cause}"))
    return CLEAN
