"""What each commit changed of the blobs of interest, from tree differences: every path, whatever its bytes.

One `git diff-tree` for all commits; where it cannot read a tree, the trees are compared here, as far as they are
there, and each folder that is not is told.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from scanner.attribution.facts import Change, Hole
from scanner.errors import GitError
from scanner.model import Skip
from scanner.sources import git
from scanner.sources.objects import ObjectReader

_ARGUMENTS = ("diff-tree", "--stdin", "-r", "-z", "--root", "--raw", "--no-renames", "--no-ext-diff", "--no-abbrev")
_MEMORY = ("core.deltaBaseCacheLimit=32m",)
"""What git keeps of what it made from packs: more makes it no faster here (measured on git's history)."""

MAX_NAMED_BLOBS = 500 if os.name == "nt" else 10_000
"""Up to so many blobs git itself is told which to look for: a longer command line is too long for some systems."""

_PATIENCE = 20
"""Trees that git may stumble over before all of the rest is compared here: each time it has to be started again."""

_MAX_DATA_BYTES = 1 << 30
"""What git may take for the changes of one commit and its cache: enough for a million files."""

_PATIENCE_S = 20.0
"""Seconds that these attempts may take: a tree bomb keeps git busy until its memory is full."""

MAX_FOLDERS = 20_000
MAX_FOLDERS_IN_ALL = 400_000
"""Folders that are compared for one commit, and for all: folders that hold each other many times over make a bomb."""

MAX_JOURNAL_BYTES = 64 << 20
"""What a journal may hold, compressed: the changes of some million commits."""

_BLOCK = 1 << 20
_FOLDER, _SUBMODULE = b"40000", b"160000"


class Pair(NamedTuple):
    """A commit, by number and id, and the parent to compare it with, empty for none."""

    number: int
    commit: str
    parent: str


class Changes(NamedTuple):
    """The changes of interest by commit, and what could not be read."""

    by_commit: dict[int, list[Change]]
    holes: list[Hole]


class Interest:
    """What is looked for: blobs, by object id, and all that happened at some paths."""

    def __init__(self, blobs: Collection[str], paths: Collection[str] = ()) -> None:
        self.blobs, self.paths = blobs, paths

    def __contains__(self, change: Change) -> bool:
        return change.before in self.blobs or change.after in self.blobs or change.path in self.paths

    def named(self) -> list[str]:
        """Return the options that make git itself look, where they say all that is looked for."""
        if self.paths or len(self.blobs) > MAX_NAMED_BLOBS:
            return []
        return [f"--find-object={oid}" for oid in sorted(self.blobs)]


class Journal:
    """All that git told of the changes of some pairs, compressed, so that it can be gone through again.

    It is given up where it would hold more than MAX_JOURNAL_BYTES; `pairs` is how many it knows everything of.
    """

    def __init__(self) -> None:
        self.pairs = 0
        self._parts: list[tuple[Sequence[Pair], list[bytes]]] = []
        self._bytes = 0

    def recorded(self, blocks: Iterable[bytes], packed: list[bytes]) -> Iterator[bytes]:
        """Yield what git tells of a part of the pairs; `packed` is it, compressed, as far as there is room."""
        packer = zlib.compressobj(1)
        for block in blocks:
            if self._bytes <= MAX_JOURNAL_BYTES:
                packed.append(packer.compress(block))
                self._bytes += len(packed[-1])
            yield block
        packed.append(packer.flush())

    def add(self, part: Sequence[Pair], packed: list[bytes]) -> None:
        """Remember a part that git came to the end of."""
        if self._bytes <= MAX_JOURNAL_BYTES:
            self._parts.append((part, packed))
            self.pairs += len(part)

    def changes_of(self, wanted: Interest) -> Changes:
        """Return what the pairs changed of what is `wanted`."""
        found = Changes({}, [])
        for part, packed in self._parts:
            unpacker = zlib.decompressobj()
            found.by_commit.update(_of_part(part, map(unpacker.decompress, packed), wanted))
        return found


def changes_of(
    repository: git.Repository,
    pairs: Sequence[Pair],
    wanted: Interest,
    *,
    processes: int = 1,
    journal: Journal | None = None,
) -> Changes:
    """Return what each pair changed of what is `wanted`; at most one pair for each commit.

    `processes` git processes share the work; the result does not depend on their number. `journal` takes in what git
    told, where it told everything.
    """
    found = Changes({}, [])
    share = max(1, -(-len(pairs) // max(1, processes)))
    parts = [pairs[start : start + share] for start in range(0, len(pairs), share)]
    named = wanted.named()
    running = [_diff_tree(repository, part, *named) for part in parts]
    packed: list[list[bytes]] = [[] for _ in parts]

    def read(number: int) -> dict[int, list[Change]]:
        blocks = _blocks(running[number])
        if journal is not None and not named:
            blocks = journal.recorded(blocks, packed[number])
        return _of_part(parts[number], blocks, wanted)

    # All at once: a git whose pipe is full waits.
    for part, process, told, changes in zip(parts, running, packed, _at_once(read, running), strict=True):
        if process.wait():
            _compare_with_care(repository, part, wanted, found)
            continue
        found.by_commit.update(changes)
        if told and journal is not None:
            journal.add(part, told)
    return found


def _at_once(
    read: Callable[[int], dict[int, list[Change]]], running: Sequence[subprocess.Popen[bytes]]
) -> Iterable[dict[int, list[Change]]]:
    """Return what is read from each of the processes; they are ended if this is interrupted."""
    if len(running) < 2:
        return map(read, range(len(running)))
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(running)) as threads:
        try:
            return list(threads.map(read, range(len(running))))
        except BaseException:
            for process in running:
                process.kill()
            raise


def _of_part(part: Sequence[Pair], blocks: Iterable[bytes], wanted: Interest) -> dict[int, list[Change]]:
    kept: dict[str, list[Change]] = defaultdict(list)
    for commit, change in _read(blocks, wanted):
        if change is not None:
            kept[commit].append(change)
    return {pair.number: kept[pair.commit] for pair in part if pair.commit in kept}


def _diff_tree(repository: git.Repository, pairs: Sequence[Pair], *options: str) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{pair.commit} {pair.parent}".rstrip() + "\n" for pair in pairs).encode())
        asked.seek(0)
        return git.start(repository, *_ARGUMENTS, *options, settings=_MEMORY, stdin=asked, max_bytes=_MAX_DATA_BYTES)


def _read(blocks: Iterable[bytes], wanted: Interest) -> Iterator[tuple[str, Change | None]]:
    """Yield (commit, None) where a commit begins, and (commit, change) for each of its changes that are wanted."""
    commit = ""
    blobs, paths = wanted.blobs, wanted.paths
    fields = _fields(blocks)
    for field in fields:
        if not field.startswith(b":"):
            commit = field.strip().decode("ascii", "replace")
            yield commit, None
            continue
        _, _, before, after, _ = field.decode("ascii", "replace").split(" ")
        path = os.fsdecode(next(fields, b""))
        if after in blobs or before in blobs or path in paths:
            yield commit, Change(path, _oid(before), _oid(after))


def _fields(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\0")
        yield from whole


def _blocks(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    stream = git.pipe(process.stdout)
    while block := stream.read(_BLOCK):
        yield block


def _oid(field: str) -> str:
    return field if field.strip("0") else ""


# --- where git cannot go on ------------------------------------------------------------------------------


def _compare_with_care(repository: git.Repository, pairs: Sequence[Pair], wanted: Interest, found: Changes) -> None:
    failures, start, began = 0, 0, time.monotonic()
    with ObjectReader(repository) as reader:
        compare = _Comparison(reader, wanted, found, repository.oid_bytes)
        while start < len(pairs):
            rest = pairs[start:]
            if failures == _PATIENCE or (failures and time.monotonic() - began > _PATIENCE_S):
                for pair in rest:
                    compare(pair)
                return
            failures += 1
            told = _told(repository, rest, wanted)
            last = max((number for number, pair in enumerate(rest) if pair.commit in told), default=-1)
            # One further than git came: that is the pair it stumbled over.
            for pair in rest[: last + 2]:
                if pair.commit not in told:
                    compare(pair)
                elif told[pair.commit]:
                    found.by_commit[pair.number] = told[pair.commit]
            start += last + 2


def _told(repository: git.Repository, pairs: Sequence[Pair], wanted: Interest) -> dict[str, list[Change]]:
    """Return the changes of each commit that git came to before it ended; it names those without changes too."""
    told: dict[str, list[Change]] = {}
    process = _diff_tree(repository, pairs, "--always")
    for commit, change in _read(_blocks(process), wanted):
        changes = told.setdefault(commit, [])
        if change is not None:
            changes.append(change)
    process.wait()
    return told


_Entries = Mapping[bytes, tuple[bool, str]]
"""What a folder holds: by name, whether it is a folder, and the object id."""


class _Comparison:
    """Compares the trees of two commits, folder by folder, as far as they are there."""

    def __init__(self, reader: ObjectReader, wanted: Interest, found: Changes, oid_bytes: int) -> None:
        self._reader, self._wanted, self._found, self._oid_bytes = reader, wanted, found, oid_bytes
        self._folders_left = MAX_FOLDERS_IN_ALL

    def __call__(self, pair: Pair) -> None:
        changes: list[Change] = []
        before = self._entries(f"{pair.parent}^{{tree}}") if pair.parent else {}
        after = self._entries(f"{pair.commit}^{{tree}}")
        # A stack, and no recursion: folders may lie thousands of levels deep.
        stack = [self._differing(pair.number, b"", before, after)]
        folders = 0
        while stack:
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
                continue
            path, old, new = step
            self._compare_files(path, old, new, changes)
            if old[0] or new[0]:
                folders += 1
                self._folders_left -= 1
                if folders > MAX_FOLDERS or self._folders_left < 0:
                    self._found.holes.append(Hole(pair.number, os.fsdecode(path), True))
                    break
                below, above = (self._entries(oid) if is_folder else {} for is_folder, oid in (old, new))
                stack.append(self._differing(pair.number, path, below, above))
        if changes:
            self._found.by_commit[pair.number] = changes

    def _differing(
        self, number: int, folder: bytes, before: _Entries | None, after: _Entries | None
    ) -> Iterator[tuple[bytes, tuple[bool, str], tuple[bool, str]]]:
        """Yield the path of each entry of a folder that is not the same on both sides, and what it is there."""
        if before is None or after is None:
            self._found.holes.append(Hole(number, os.fsdecode(folder), after is not None))
        if after is None:
            return
        before = before or {}
        for name in sorted(before.keys() | after.keys()):
            old, new = before.get(name, (False, "")), after.get(name, (False, ""))
            if old != new:
                yield folder + b"/" + name if folder else name, old, new

    def _compare_files(self, path: bytes, old: tuple[bool, str], new: tuple[bool, str], changes: list[Change]) -> None:
        before, after = ("" if is_folder else oid for is_folder, oid in (old, new))
        change = Change(os.fsdecode(path), before, after)
        if before != after and change in self._wanted:
            changes.append(change)

    def _entries(self, oid: str) -> _Entries | None:
        """Return name -> (is a folder, object id) of a tree, without submodules; None if it cannot be read."""
        data = self._reader.read(oid)
        if isinstance(data, Skip):
            return None
        entries: dict[bytes, tuple[bool, str]] = {}
        try:
            at = 0
            while at < len(data):
                space, end = data.index(b" ", at), data.index(b"\0", at)
                mode, at = data[at:space], end + 1 + self._oid_bytes
                if mode != _SUBMODULE:
                    entries[data[space + 1 : end]] = mode == _FOLDER, data[end + 1 : at].hex()
        except ValueError:
            return None
        return entries


def blobs_below(repository: git.Repository, tree: str, wanted: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield (path, blob) of each blob `wanted` in a tree that no commit has."""
    try:
        printed = git.run(repository, "ls-tree", "-r", "-z", tree)
    except GitError:
        return
    for record in printed.split(b"\0"):
        fields, _, path = record.partition(b"\t")
        oid = fields.split(b" ")[-1].decode("ascii", "replace")
        if oid in wanted:
            yield os.fsdecode(path), oid
