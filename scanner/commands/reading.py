"""Reads a whole object database: packs and loose objects by ourselves, what is left over through git."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from scanner.config import Config
from scanner.fresh_scan import FreshScanner
from scanner.globs import PathGlobs
from scanner.model import Skip, SkipReason
from scanner.ruleset import Ruleset
from scanner.scan import BatchResult, Scanner, batches, lost
from scanner.sources.database import Database, open_database
from scanner.sources.families import Unit
from scanner.sources.git import Repository
from scanner.sources.objects import ObjectEntry, all_objects, objects_of
from scanner.sources.packs import Pack
from scanner.sources.work import LooseGroup, Opened, Unplaced, Work, opened, work
from scanner.workers import run

CYCLE = "builds on itself"
"""What is said of an object that nobody can read; git must not be asked for it, since it does not end."""


def read_database(
    repository: Repository,
    ruleset: Ruleset,
    settings: Config,
    *,
    workers: int,
    wants: Callable[[bytes], bool] | None = None,
) -> Iterator[BatchResult]:
    """Yield what each piece of the database gave, every blob, commit and tag in one of them, reachable or not.

    With `wants`, only objects for whose binary id it is true. What the fast reader cannot read is read by git in
    full, and its ids stand in `unread` of a result.
    """
    database = open_database(repository)
    contents = opened(database, object_format=repository.object_format)
    yield BatchResult(skipped=contents.skipped)
    left: list[str] = []
    limits = {"max_blob_bytes": settings.max_blob_bytes, "max_decode_depth": settings.max_decode_depth}
    scanner = partial(FreshScanner, ruleset, repository, contents.packs, **limits)
    cycles: list[str] = []
    todo = _todo(contents, wants, left, cycles)
    for result in run(scanner, todo, workers=workers, give_up=partial(_left_over, contents.packs)):
        left += result.unread
        yield result
    yield BatchResult(skipped=tuple(Skip(SkipReason.CORRUPT_OBJECT, oid, CYCLE) for oid in sorted(cycles)))
    plain = partial(Scanner, ruleset, repository, **limits)
    yield from _read_by_git(repository, plain, contents, left, workers=workers)
    yield BatchResult(skipped=tuple(_appeared(database, open_database(repository))))


def object_names(repository: Repository) -> set[bytes]:
    """Return the binary ids of all objects in the packs and loose files that can be opened."""
    contents = opened(open_database(repository), object_format=repository.object_format)
    names = {bytes.fromhex(one.oid) for one in contents.loose}
    for pack in contents.packs.values():
        names.update(pack.index.name(position) for position in range(len(pack.index)))
    return names


def _todo(
    contents: Opened, wants: Callable[[bytes], bool] | None, left: list[str], cycles: list[str]
) -> Iterator[tuple[Work]]:
    for one in work(contents, wants=wants):
        if isinstance(one, Unplaced):
            left += one.oids
            cycles += one.cycles
        else:
            yield (one,)


def _left_over(packs: dict[str, Pack], lost_work: Work) -> BatchResult:
    """Return the result for work at which workers died twice: its objects are left to be read one by one."""
    if isinstance(lost_work, Unit):
        names = [name for name, wanted in zip(lost_work.names, lost_work.wanted, strict=True) if wanted]
        return BatchResult(unread=tuple(map(packs[lost_work.pack].oid, names)))
    if isinstance(lost_work, LooseGroup):
        return BatchResult(unread=tuple(one.oid for one in lost_work.objects))
    return BatchResult(skipped=(Skip(SkipReason.WORKER_DIED, lost_work.pack),))


def _read_by_git(
    repository: Repository, make_work: Callable[[], Scanner], contents: Opened, left: list[str], *, workers: int
) -> Iterator[BatchResult]:
    skipped: list[Skip] = []
    entries: list[ObjectEntry | Skip] = list(objects_of(repository, sorted(set(left))))
    if not contents.is_whole:
        entries += _unknown_objects(repository, contents)
    if entries:
        yield from run(make_work, batches(entries, PathGlobs(()), skipped), workers=workers, give_up=lost)
    yield BatchResult(skipped=tuple(skipped))


def _unknown_objects(repository: Repository, contents: Opened) -> Iterator[ObjectEntry | Skip]:
    """Yield what git finds beyond the packs and loose objects that could be opened."""
    loose = {one.oid for one in contents.loose}
    for entry in all_objects(repository):
        if isinstance(entry, Skip):
            yield entry
        elif entry.oid not in loose:
            name = bytes.fromhex(entry.oid)
            if all(pack.index.find(name) < 0 for pack in contents.packs.values()):
                yield entry


def _appeared(before: Database, after: Database) -> Iterator[Skip]:
    """Yield a skip for what came into the database while it was read."""
    for path in sorted(set(after.packs) - set(before.packs)):
        yield Skip(SkipReason.CHANGED_WHILE_READ, path, "the pack appeared while the others were read")
    for oid in sorted({one.oid for one in after.loose} - {one.oid for one in before.loose}):
        yield Skip(SkipReason.CHANGED_WHILE_READ, oid, "the object appeared while the others were read")
