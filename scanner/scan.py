"""The corridor: entries -> blobs -> matches, one batch at a time, in whatever process it runs."""

from __future__ import annotations

from _thread import get_ident
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from scanner.deep import MAX_DEPTH, DeepSearch
from scanner.engine.matcher import Engine
from scanner.globs import PathGlobs
from scanner.line_search import Prepared
from scanner.model import Blob, BlobKind, BlobMatches, Skip, SkipReason
from scanner.ruleset import Ruleset
from scanner.sources.commits import texts
from scanner.sources.files import FileEntry, lfs_skip, read_file
from scanner.sources.git import Repository
from scanner.sources.objects import ObjectEntry, ObjectReader
from scanner.suppress import OWN_MARK

BATCH_ENTRIES = 512
BATCH_BYTES = 1 << 20
"""What is read, and held, at one time, about; the lines of that are searched at once."""

Entry = FileEntry | ObjectEntry
_Item = TypeVar("_Item")


class BatchResult(NamedTuple):
    """What a batch gave; it crosses a process boundary, so it holds no content.

    `marked` are the paths of files that hold a mark of ours, so that a mark that settles nothing can be told.
    """

    found: tuple[BlobMatches, ...] = ()
    skipped: tuple[Skip, ...] = ()
    dropped: Mapping[str, int] = MappingProxyType({})
    blobs: int = 0
    bytes: int = 0
    commits: int = 0
    unread: tuple[str, ...] = ()
    """Objects that were left to git: their ids."""
    marked: tuple[str, ...] = ()


@lru_cache(maxsize=2)
def _engine(ruleset: Ruleset, thread: int) -> Engine:
    """Return the engine of a thread, which compiles as it goes: a sweep makes it once, not once a repository."""
    return Engine(ruleset.rules, ruleset.anchors)


class Scanner:
    """Reads and searches batches of entries; one per process, since it holds an engine and a git process."""

    def __init__(
        self, ruleset: Ruleset, repository: Repository | None, *, max_blob_bytes: int, max_decode_depth: int = MAX_DEPTH
    ) -> None:
        self.engine = _engine(ruleset, get_ident())
        self.deep = DeepSearch(self.engine, max_depth=max_decode_depth)
        self._reader = ObjectReader(repository) if repository else None
        self._max_blob_bytes = max_blob_bytes

    def __call__(self, batch: Sequence[Entry]) -> BatchResult:
        """Return what was found in a batch, and what of it could not be read."""
        found: list[BlobMatches] = []
        skipped: list[Skip] = []
        dropped: Counter[str] = Counter()
        marked: list[str] = []
        blobs = total = 0
        read_ahead = ((entry, blob) for entry in batch for blob in self._blobs(entry))
        for group in _grouped(read_ahead, lambda one: len(one[1].data) if isinstance(one[1], Blob) else 0):
            read = [blob for _, blob in group if isinstance(blob, Blob)]
            prepared = iter(self._prepared(read))
            for entry, blob in group:
                if isinstance(blob, Skip):
                    skipped.append(blob)
                    continue
                blobs += blob.kind is BlobKind.FILE
                total += len(blob.data)
                self.search_into(blob, found, skipped, dropped, next(prepared))
                if isinstance(entry, FileEntry) and OWN_MARK in blob.data:
                    marked.append(entry.path)
        commits = sum(isinstance(entry, ObjectEntry) and entry.kind is BlobKind.COMMIT for entry in batch)
        return BatchResult(tuple(found), tuple(skipped), dropped, blobs, total, commits, marked=tuple(marked))

    def search_blob(self, blob: Blob) -> BatchResult:
        """Return what was found in one blob that is in memory already."""
        found: list[BlobMatches] = []
        skipped: list[Skip] = []
        dropped: Counter[str] = Counter()
        self.search_into(blob, found, skipped, dropped)
        return BatchResult(tuple(found), tuple(skipped), dropped, 1, len(blob.data))

    def search_blobs(
        self, blobs: Iterable[Blob], found: list[BlobMatches], skipped: list[Skip], dropped: Counter[str]
    ) -> None:
        """Add what the blobs gave to the lists; the lines of about BATCH_BYTES are searched at once."""
        for group in _grouped(blobs, lambda blob: len(blob.data)):
            for blob, prepared in zip(group, self._prepared(group), strict=True):
                self.search_into(blob, found, skipped, dropped, prepared)

    def close(self) -> None:
        """End the git process, if there is one."""
        if self._reader is not None:
            self._reader.close()

    def _prepared(self, blobs: Sequence[Blob]) -> Sequence[Prepared | None]:
        try:
            return self.deep.prepare([blob.data for blob in blobs])
        except MemoryError:
            # Each may fit alone; the one that does not is then told.
            return [None] * len(blobs)

    def _blobs(self, entry: Entry) -> Iterable[Blob | Skip]:
        if isinstance(entry, FileEntry):
            return (read_file(entry, max_bytes=self._max_blob_bytes),)
        if entry.size > self._max_blob_bytes:
            return (Skip(SkipReason.TOO_LARGE, entry.path or entry.oid, f"{entry.size} bytes"),)
        if self._reader is None:
            raise RuntimeError("objects are read from a repository")
        data = self._reader.read(entry.oid)
        if isinstance(data, Skip):
            return (data,)
        if entry.kind is BlobKind.FILE:
            return (Blob(data, path=entry.path, oid=entry.oid),)
        return texts(entry.oid, entry.kind, data)

    def search_into(
        self,
        blob: Blob,
        found: list[BlobMatches],
        skipped: list[Skip],
        dropped: Counter[str],
        prepared: Prepared | None = None,
    ) -> None:
        """Add what one blob gave to the lists."""
        name = blob.path or blob.oid or ""
        pointer = lfs_skip(blob)
        if pointer is not None:
            skipped.append(pointer)
        try:
            result = self.deep.search(blob.data, name, prepared)
        except MemoryError:
            skipped.append(Skip(SkipReason.NO_MEMORY, name, f"{len(blob.data)} bytes"))
            return
        dropped.update(result.dropped)
        skipped.extend(result.skipped)
        if result.matches:
            found.append(BlobMatches(blob.path, blob.oid, blob.kind, result.matches))


def _grouped(items: Iterable[_Item], size_of: Callable[[_Item], int]) -> Iterator[list[_Item]]:
    """Yield the items in groups of about BATCH_BYTES."""
    group: list[_Item] = []
    size = 0
    for item in items:
        group.append(item)
        size += size_of(item)
        if size >= BATCH_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


class Tally:
    """Adds up the results of batches, in the order in which they come."""

    def __init__(self) -> None:
        self.found: list[BlobMatches] = []
        self.skipped: list[Skip] = []
        self.dropped: Counter[str] = Counter()
        self.marked: list[str] = []
        self.blobs = self.bytes = self.commits = 0
        self.unread: list[str] = []

    def add(self, result: BatchResult) -> None:
        """Take in the result of one batch."""
        self.found += result.found
        self.skipped += result.skipped
        self.dropped.update(result.dropped)
        self.blobs += result.blobs
        self.bytes += result.bytes
        self.commits += result.commits
        self.unread += result.unread
        self.marked += result.marked


def lost(entry: Entry) -> BatchResult:
    """Return the result for an entry at which a worker died, alone, for the second time."""
    name = entry.path or (entry.oid if isinstance(entry, ObjectEntry) else "")
    return BatchResult(skipped=(Skip(SkipReason.WORKER_DIED, name),))


def batches(entries: Iterable[Entry | Skip], exclude: PathGlobs, skipped: list[Skip]) -> Iterator[tuple[Entry, ...]]:
    """Yield entries in batches of bounded bytes and number; skips and excluded paths go to `skipped`."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if isinstance(entry, Skip):
            skipped.append(entry)
        elif entry.path is not None and exclude.is_match(entry.path):
            skipped.append(Skip(SkipReason.EXCLUDED, entry.path))
        else:
            batch.append(entry)
            size += entry.size
            if size >= BATCH_BYTES or len(batch) >= BATCH_ENTRIES:
                yield tuple(batch)
                batch, size = [], 0
    if batch:
        yield tuple(batch)
