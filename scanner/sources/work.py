"""The object database as work: units of packs and groups of loose objects, each object in one of them and once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from scanner.model import Skip, SkipReason
from scanner.sources.database import Database, LooseObject
from scanner.sources.families import Unit, plan
from scanner.sources.pack_index import PackError
from scanner.sources.packs import BLOB, COMMIT, TAG, Pack

UNIT_WEIGHT = 1 << 20
"""Compressed bytes of a unit: about a tenth of a second of work, and some megabytes of fresh lines."""

_LOOSE_BYTES = 1 << 20
_LOOSE_COUNT = 512


class LooseGroup(NamedTuple):
    """Loose objects that are read together."""

    objects: tuple[LooseObject, ...]


class PackCheck(NamedTuple):
    """A pack whose checksum is to be computed."""

    pack: str


Work = Unit | LooseGroup | PackCheck


class Opened(NamedTuple):
    """The packs of a database by path, ready to read; the loose objects that no pack holds; what cannot be read."""

    packs: dict[str, Pack]
    loose: tuple[LooseObject, ...]
    skipped: tuple[Skip, ...]

    @property
    def is_whole(self) -> bool:
        """Return whether every pack could be opened."""
        return not any(skip.reason is SkipReason.CORRUPT_OBJECT for skip in self.skipped)


class Unplaced(NamedTuple):
    """Objects that a pack holds in a form which `families` does not read; those in `cycles` nobody can read."""

    oids: tuple[str, ...]
    cycles: tuple[str, ...] = ()


def opened(database: Database, *, object_format: str) -> Opened:
    """Return the packs, largest first, and the loose objects that they do not hold."""
    packs: list[Pack] = []
    skipped = list(database.skipped)
    for path in database.packs:
        try:
            packs.append(Pack(path, object_format=object_format))
        except PackError as error:
            skipped.append(Skip(SkipReason.CORRUPT_OBJECT, path, str(error)))
    packs.sort(key=lambda pack: (-len(pack.index), pack.path))
    seen: set[str] = set()
    loose = []
    for one in database.loose:
        name = bytes.fromhex(one.oid)
        if one.oid not in seen and all(pack.index.find(name) < 0 for pack in packs):
            seen.add(one.oid)
            loose.append(one)
    return Opened({pack.path: pack for pack in packs}, tuple(loose), tuple(skipped))


def work(contents: Opened, *, wants: Callable[[bytes], bool] | None = None) -> Iterator[Work | Unplaced]:
    """Yield what is to be read; with `wants`, only objects for whose binary id it is true."""
    earlier: list[Pack] = []
    for pack in contents.packs.values():
        yield PackCheck(pack.path)
        planned = plan(pack, (BLOB, COMMIT, TAG), weight=UNIT_WEIGHT, wants=_wanted(pack, tuple(earlier), wants))
        earlier.append(pack)
        pack.release()
        yield from planned.units
        if planned.unplaced or planned.cycles:
            yield Unplaced(tuple(map(pack.oid, planned.unplaced)), tuple(map(pack.oid, planned.cycles)))
    yield from _loose_groups(contents.loose, wants)


def _wanted(
    pack: Pack, earlier: tuple[Pack, ...], wants: Callable[[bytes], bool] | None
) -> Callable[[int], bool] | None:
    """Return what tells by index position whether to read an object: not if an earlier pack holds it too."""
    if not earlier and wants is None:
        return None

    def is_wanted(position: int) -> bool:
        name = pack.index.name(position)
        return (wants is None or wants(name)) and all(other.index.find(name) < 0 for other in earlier)

    return is_wanted


def _loose_groups(loose: tuple[LooseObject, ...], wants: Callable[[bytes], bool] | None) -> Iterator[LooseGroup]:
    group: list[LooseObject] = []
    size = 0
    for one in loose:
        if wants is not None and not wants(bytes.fromhex(one.oid)):
            continue
        group.append(one)
        size += one.size
        if size >= _LOOSE_BYTES or len(group) >= _LOOSE_COUNT:
            yield LooseGroup(tuple(group))
            group, size = [], 0
    if group:
        yield LooseGroup(tuple(group))
