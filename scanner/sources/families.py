"""Families: an object that a pack keeps in full, and all that the pack keeps as differences to it, in reading order.

A unit of some families is the work that one process gets: in its order each object is inflated once, and its
base was read before it. A unit holds no content, only places, so it crosses to another process at little cost.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from scanner.sources.packs import BLOB, COMMIT, OFS_DELTA, REF_DELTA, TAG, TREE, Pack

NO_PARENT = -1
_UNKNOWN = -2


class Unit(NamedTuple):
    """Objects of one pack and one kind, each behind its base; all arrays are of one length.

    `pack` is the path. `names` are positions in the index of the pack, `starts` and `ends` bound the compressed
    bytes, `sizes` are those of the inflated ones (of the delta, where it is one), `parents` are positions in the
    arrays. An object whose `wanted` byte is 0 is only needed as a base.
    """

    pack: str
    kind: int
    names: array[int]
    starts: array[int]
    ends: array[int]
    sizes: array[int]
    parents: array[int]
    wanted: bytes

    def split(self) -> Iterator[Unit]:
        """Yield the families one by one."""
        roots = [i for i, parent in enumerate(self.parents) if parent < 0]
        for begin, end in zip(roots, [*roots[1:], len(self.parents)], strict=True):
            yield self._part(begin, end)

    def _part(self, begin: int, end: int) -> Unit:
        parents = array("i", [parent - begin if parent >= 0 else parent for parent in self.parents[begin:end]])
        return self._replace(
            names=self.names[begin:end],
            starts=self.starts[begin:end],
            ends=self.ends[begin:end],
            sizes=self.sizes[begin:end],
            parents=parents,
            wanted=self.wanted[begin:end],
        )


class Plan(NamedTuple):
    """What a pack holds, as work; and the index positions of the objects that could not be placed in a family.

    Those in `cycles` build on themselves: nobody can read them, and git does not end if it is asked to.
    """

    units: list[Unit]
    unplaced: list[int]
    cycles: list[int]


class _Table:
    """The objects of a pack in the order of their offsets; every array has one item for each."""

    def __init__(self, pack: Pack) -> None:
        offsets = pack.index.offsets
        count = len(offsets)
        self.pack = pack
        self.names = array("I", sorted(range(count), key=offsets.__getitem__))
        self.offsets = array("Q", [offsets[i] for i in self.names])
        self.kinds = bytearray(count)
        self.starts = array("Q", bytes(8 * count))
        self.sizes = array("Q", bytes(8 * count))
        self.parents = array("i", bytes(4 * count))

    def end(self, i: int) -> int:
        """Return where the object ends: where the next one begins, or the pack's checksum."""
        return self.offsets[i + 1] if i + 1 < len(self.offsets) else self.pack.end


def plan(pack: Pack, kinds: Sequence[int], *, weight: int, wants: Callable[[int], bool] | None = None) -> Plan:
    """Return the objects of some kinds as units of about `weight` compressed bytes, the heaviest families first.

    With `wants`, only those at whose index position it is true, and what they build on. An object whose header
    cannot be read or whose base lies elsewhere is unplaced, with all that builds on it; so are cycles.
    """
    table = _Table(pack)
    _read_headers(table)
    tree = _Tree(table.parents)
    roots: dict[int, list[int]] = {kind: [] for kind in kinds}
    for i, parent in enumerate(table.parents):
        if parent == NO_PARENT and table.kinds[i] in roots:
            roots[table.kinds[i]].append(i)
    units = [unit for kind in kinds for unit in _units(table, tree, kind, roots[kind], weight, wants)]
    unplaced = tree.members(i for i, parent in enumerate(table.parents) if parent == _UNKNOWN)
    left = [
        sorted(table.names[i] for i in some if wants is None or wants(table.names[i]))
        for some in (unplaced, _in_cycles(table.parents, tree))
    ]
    return Plan(units, *left)


def _in_cycles(parents: array[int], tree: _Tree) -> list[int]:
    """Return what no root leads to. Only a base that comes later in the pack can close a cycle."""
    if all(parent < i for i, parent in enumerate(parents)):
        return []
    reached = set(tree.members(i for i, parent in enumerate(parents) if parent < 0))
    return [i for i in range(len(parents)) if i not in reached]


def _read_headers(table: _Table) -> None:
    """Fill the table. The common forms are read right here, since this runs for every object of the pack."""
    data, offsets, oid_bytes = table.pack.data, table.offsets, table.pack.index.oid_bytes
    kinds, starts, sizes, parents = table.kinds, table.starts, table.sizes, table.parents
    for i, offset in enumerate(offsets):
        try:
            byte = data[offset]
            kind, size, at = byte >> 4 & 7, byte & 15, offset + 1
            shift = 4
            while byte & 128:
                byte = data[at]
                size |= (byte & 127) << shift
                shift += 7
                at += 1
            parent = NO_PARENT
            if kind == OFS_DELTA:
                byte = data[at]
                distance = byte & 127
                at += 1
                while byte & 128:
                    byte = data[at]
                    distance = (distance + 1) << 7 | byte & 127
                    at += 1
                parent = bisect_left(offsets, offset - distance, 0, i) if distance < offset else i
                if parent == i or offsets[parent] != offset - distance:
                    parent = _UNKNOWN
            elif kind == REF_DELTA:
                parent = _parent_by_name(table, data[at : at + oid_bytes])
                at += oid_bytes
            elif kind not in (COMMIT, TREE, BLOB, TAG):
                parent = _UNKNOWN
            kinds[i], starts[i], sizes[i], parents[i] = kind, at, size, parent
        except (IndexError, OverflowError):
            parents[i] = _UNKNOWN
    for i in range(1, len(offsets)):
        if offsets[i] == offsets[i - 1]:
            parents[i] = _UNKNOWN


def _parent_by_name(table: _Table, name: bytes) -> int:
    """Return the base with a binary object id; it is unknown if another pack holds it."""
    index = table.pack.index
    position = index.find(name)
    return bisect_left(table.offsets, index.offsets[position]) if position >= 0 else _UNKNOWN


class _Tree:
    """Who builds on whom: for each object its first child, its next sibling, and how many build on it, itself too."""

    def __init__(self, parents: array[int]) -> None:
        count = len(parents)
        self.first = array("i", b"\xff" * (4 * count))
        self.following = array("i", b"\xff" * (4 * count))
        self.below = array("I", b"\1\0\0\0" * count)
        first, following, below = self.first, self.following, self.below
        for child in range(count - 1, -1, -1):
            parent = parents[child]
            if parent >= 0:
                following[child] = first[parent]
                first[parent] = child
                # A base that comes later in the pack counts too little: that costs memory, nothing else.
                below[parent] += below[child]

    def members(self, roots: Iterable[int]) -> list[int]:
        """Return the roots and what builds on them, depth first.

        The largest branch of each comes last: a content can go before the last branch built on it is read, so
        few contents are in memory at a time.
        """
        first, following, below = self.first, self.following, self.below
        out: list[int] = []
        for root in roots:
            stack = [root]
            while stack:
                member = stack.pop()
                out.append(member)
                child = first[member]
                if child < 0:
                    continue
                if following[child] < 0:
                    stack.append(child)
                    continue
                branches = []
                while child >= 0:
                    branches.append(child)
                    child = following[child]
                branches.sort(key=below.__getitem__, reverse=True)
                stack += branches
        return out


def _units(
    table: _Table, tree: _Tree, kind: int, roots: list[int], weight: int, wants: Callable[[int], bool] | None
) -> Iterator[Unit]:
    heavy: list[tuple[int, int, Unit]] = []
    light: list[int] = []
    sum_of_weights = 0
    for root in roots:
        if tree.first[root] < 0:
            light.append(root)
            sum_of_weights += table.end(root) - table.starts[root] + _OBJECT_WEIGHT
        else:
            members = tree.members([root])
            own = sum(map(table.end, members)) - sum(table.starts[i] for i in members) + _OBJECT_WEIGHT * len(members)
            if own >= weight:
                heavy.append((-own, root, _unit(table, kind, members)))
                continue
            light += members
            sum_of_weights += own
        if sum_of_weights >= weight:
            heavy.append((-sum_of_weights, root, _unit(table, kind, light)))
            light, sum_of_weights = [], 0
    if light:
        heavy.append((-sum_of_weights, roots[-1], _unit(table, kind, light)))
    for _, _, unit in sorted(heavy, key=lambda item: item[:2]):
        pruned = unit if wants is None else _pruned(unit, bytes(map(wants, unit.names)))
        if pruned is not None:
            yield pruned


_OBJECT_WEIGHT = 300
"""The work that an object of no bytes is, in compressed bytes: about 10 microseconds."""


def _unit(table: _Table, kind: int, members: list[int]) -> Unit:
    place = {member: i for i, member in enumerate(members)}
    parents = table.parents
    return Unit(
        pack=table.pack.path,
        kind=kind,
        names=array("I", [table.names[i] for i in members]),
        starts=array("Q", [table.starts[i] for i in members]),
        ends=array("Q", [table.end(i) for i in members]),
        sizes=array("Q", [table.sizes[i] for i in members]),
        parents=array("i", [place[parents[i]] if parents[i] >= 0 else NO_PARENT for i in members]),
        wanted=b"\1" * len(members),
    )


def _pruned(unit: Unit, wanted: bytes) -> Unit | None:
    """Return the unit without the branches in which nothing is wanted; None if nothing is."""
    needed = bytearray(wanted)
    for i in range(len(needed) - 1, -1, -1):
        if needed[i] and unit.parents[i] >= 0:
            needed[unit.parents[i]] = 1
    kept = [i for i in range(len(needed)) if needed[i]]
    if not kept:
        return None
    place = {old: new for new, old in enumerate(kept)}
    return unit._replace(
        names=array("I", [unit.names[i] for i in kept]),
        starts=array("Q", [unit.starts[i] for i in kept]),
        ends=array("Q", [unit.ends[i] for i in kept]),
        sizes=array("Q", [unit.sizes[i] for i in kept]),
        parents=array("i", [place[unit.parents[i]] if unit.parents[i] >= 0 else NO_PARENT for i in kept]),
        wanted=bytes(wanted[i] for i in kept),
    )
