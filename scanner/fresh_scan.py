"""Scans packs by what is new in each object: fresh lines are searched, what stands in the rest is carried along.

The result is that of reading every object in full (tests/test_fresh_scan.py). Why that holds: a rule that looks at
one line depends on nothing but that line, and a line of an object either is fresh, and searched, or stands in
its base as it is, with the same hits. Where a rule looks across lines, where content must be read as a whole, or
where a cap cut hits off, the object and all that builds on it are searched in full.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from scanner.decoders.triggers import Span, put_together
from scanner.deep import MAX_DEPTH
from scanner.engine.matcher import Hit, Hits
from scanner.islands import Encoded, carried, renewed
from scanner.model import Blob, BlobKind, BlobMatches, Skip, SkipReason
from scanner.ruleset import Ruleset
from scanner.scan import BatchResult, Scanner
from scanner.sources.commits import COMMIT_HEADER, COMMIT_MESSAGE, texts
from scanner.sources.database import read_loose
from scanner.sources.deltas import Changes, carried_places, keeps_head
from scanner.sources.families import Unit
from scanner.sources.git import Repository
from scanner.sources.objects import KINDS
from scanner.sources.pack_index import PackError
from scanner.sources.packs import BLOB, COMMIT, TAG, Pack
from scanner.sources.versions import Unread, Version, versions
from scanner.sources.work import LooseGroup, PackCheck, Work
from scanner.structured.sniffing import HEAD_BYTES, format_of, has_mark
from scanner.wholes import is_one_line, may_want_whole, wants_whole

FLUSH_LINES_BYTES = 1 << 20
"""Fresh lines that are searched at once: many small contents, so that a call costs little for each."""

FLUSH_HELD_BYTES = 48 << 20
"""Contents that are held until their lines are searched, since what was found in them is placed with their help."""

_GAP = b"\n\n"
"""What keeps the lines of two contents apart."""

_KIND_OF = {BLOB: BlobKind.FILE, COMMIT: BlobKind.COMMIT, TAG: BlobKind.TAG}
_PLAIN_COMMIT = re.compile(
    rb"(?:(?:tree|parent) [0-9a-f]{40,64}\n)+(author [^\n]*\ncommitter [^\n]*)\n\n(.*)", re.DOTALL
)


class _Item(NamedTuple):
    """A content that waits for its lines to be searched."""

    version: Version
    oid: str
    kind: BlobKind
    path: str | None = None


class _Status(NamedTuple):
    """What those that build on an object must know.

    `hits` are those in single lines. `has_blocks` tells that a rule that looks across lines may match, `is_whole`
    that the object was read as a whole.
    """

    hits: tuple[Hit, ...] = ()
    encoded: Encoded = Encoded()
    has_blocks: bool = False
    is_whole: bool = False


class _Signs(NamedTuple):
    """What the lines of many items tell, by the number of the item; hits and places are those in its own lines."""

    hits: dict[int, list[Hit]]
    places: dict[int, list[int]]
    edges: dict[int, list[int]]
    blocks: frozenset[int] = frozenset()
    all_whole: bool = False


class FreshScanner:
    """Reads and searches pieces of work; one per process. `packs` are those that the work names, by path."""

    def __init__(
        self,
        ruleset: Ruleset,
        repository: Repository,
        packs: dict[str, Pack],
        *,
        max_blob_bytes: int,
        max_decode_depth: int = MAX_DEPTH,
    ) -> None:
        self._plain = Scanner(ruleset, repository, max_blob_bytes=max_blob_bytes, max_decode_depth=max_decode_depth)
        self._engine = self._plain.engine
        self._reads_whole = self._engine.needs_whole
        self._packs = packs
        self._max_blob_bytes = max_blob_bytes
        self._last_layer = 0
        self._begin()

    def __call__(self, batch: Sequence[Work]) -> BatchResult:
        """Return what was found, and what could not be read."""
        self._begin()
        for work in batch:
            if isinstance(work, Unit):
                self._scan_unit(work)
            elif isinstance(work, LooseGroup):
                self._scan_loose(work)
            else:
                self._check(work)
        return BatchResult(
            tuple(self._found),
            tuple(self._skipped),
            +self._dropped,
            self._blobs,
            self._bytes,
            self._commits,
            tuple(self._unread),
        )

    def _begin(self) -> None:
        self._found: list[BlobMatches] = []
        self._skipped: list[Skip] = []
        self._dropped: Counter[str] = Counter()
        self._unread: list[str] = []
        self._blobs = self._bytes = self._commits = 0
        self._forget()

    def _forget(self) -> None:
        self._items: list[_Item] = []
        self._lines_bytes = self._held_bytes = 0
        self._statuses: dict[int, _Status] = {}

    # --- reading ---------------------------------------------------------------------------------------

    def _check(self, work: PackCheck) -> None:
        if not self._packs[work.pack].is_intact():
            self._skipped.append(Skip(SkipReason.CORRUPT_OBJECT, work.pack, "the checksum of the pack does not fit"))

    def _scan_unit(self, unit: Unit) -> None:
        pack = self._packs[unit.pack]
        kind = _KIND_OF[unit.kind]
        for version in versions(pack, unit, max_bytes=self._max_blob_bytes):
            oid = pack.oid(unit.names[version.number])
            if isinstance(version, Unread):
                self._unread.append(oid)
            elif kind is BlobKind.FILE:
                self._blobs += 1
                self._bytes += version.size
                self._add(_Item(version, oid, kind))
            else:
                self._add_texts(oid, kind, version.whole_text())
        self._flush()
        self._forget()
        pack.release()

    def _scan_loose(self, group: LooseGroup) -> None:
        for one in group.objects:
            try:
                name, data = read_loose(one.path, max_bytes=self._max_blob_bytes)
            except PackError:
                self._unread.append(one.oid)
                continue
            kind = KINDS.get(name)
            if kind is BlobKind.FILE:
                self._blobs += 1
                self._bytes += len(data)
                self._add(_Item(Version(-1, -1, data, data), one.oid, kind))
            elif kind is not None:
                self._add_texts(one.oid, kind, data)
        self._flush()
        self._forget()

    def _add_texts(self, oid: str, kind: BlobKind, data: bytes) -> None:
        self._commits += kind is BlobKind.COMMIT
        plain = _PLAIN_COMMIT.fullmatch(data) if kind is BlobKind.COMMIT else None
        if plain:
            parts: Sequence[tuple[bytes, str]] = ((plain[1], COMMIT_HEADER), (plain[2], COMMIT_MESSAGE))
        else:
            parts = [(blob.data, blob.path or "") for blob in texts(oid, kind, data)]
        for part, path in parts:
            self._bytes += len(part)
            self._add(_Item(Version(-1, -1, part, part), oid, kind, path))

    def _add(self, item: _Item) -> None:
        version = item.version
        self._items.append(item)
        self._lines_bytes += len(version.lines)
        self._held_bytes += len(version.base) + len(version.delta) + len(version.lines)
        if self._lines_bytes >= FLUSH_LINES_BYTES or self._held_bytes >= FLUSH_HELD_BYTES:
            self._flush()

    # --- searching -------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Search the lines of all items at once, then look closer at each item that has, or had, something."""
        items = self._items
        self._items, self._lines_bytes, self._held_bytes = [], 0, 0
        if not items:
            return
        lines = _GAP.join([b"", *(item.version.lines for item in items)])
        starts = list(accumulate((len(item.version.lines) + len(_GAP) for item in items), initial=len(_GAP)))
        signs = self._signs(lines, starts, items)
        may_want = may_want_whole(lines)
        marked = signs.blocks | signs.hits.keys() | signs.places.keys() | signs.edges.keys()
        statuses = self._statuses
        for number, item in enumerate(items):
            parent = item.version.parent
            above = statuses.get(parent) if statuses and parent >= 0 else None
            if signs.all_whole or (above and above.is_whole) or _must_be_whole(item.version, may_want=may_want):
                self._search_whole(item)
            elif above or number in marked:
                self._look_closer(number, item, signs, above or _Status())

    def _signs(self, lines: bytes, starts: list[int], items: Sequence[_Item]) -> _Signs:
        """Return what the lines of all items tell of each."""
        if self._reads_whole:
            return _Signs({}, {}, {}, all_whole=True)
        found = self._engine.search_lines(lines)
        places = self._plain.deep.places(lines, found.runs)
        self._dropped.update(found.dropped)
        for rule, at in found.timed_out:
            self._note(SkipReason.TIME_LIMIT, items[bisect_right(starts, at) - 1], rule)
        if found.capped or places is None:
            return _Signs({}, {}, {}, all_whole=True)
        hits: dict[int, list[Hit]] = {}
        for hit in found.hits:
            number = bisect_right(starts, hit.start) - 1
            own = hit._replace(start=hit.start - starts[number], end=hit.end - starts[number])
            hits.setdefault(number, []).append(own)
        blocks = frozenset(bisect_right(starts, at) - 1 for at in found.blocks)
        return _Signs(hits, _by_item(places[0], starts), _by_item(places[1], starts), blocks)

    def _search_whole(self, item: _Item) -> None:
        blob = Blob(item.version.whole_text(), path=item.path, oid=item.oid, kind=item.kind)
        self._plain.search_into(blob, self._found, self._skipped, self._dropped)
        self._statuses[item.version.number] = _Status(is_whole=True)

    def _look_closer(self, number: int, item: _Item, signs: _Signs, above: _Status) -> None:
        """Put together the hits of a content: in fresh lines, carried from its base, in blocks, in what is encoded."""
        version = item.version
        changed = version.changes()
        has_blocks = above.has_blocks or number in signs.blocks
        found = self._engine.search_blocks(version.whole_text()) if has_blocks else Hits()
        lines = (*_placed(changed, signs.hits.get(number, ())), *_carried(changed, above.hits))
        found.hits += lines
        kept, seeds = carried(above.encoded, changed, base_size=len(version.base), size=version.size)
        seeds += [(at, at + 1) for at in _places(changed, signs.places.get(number, ()))]
        if number in signs.edges:
            seeds += put_together(version.whole_text(), _places(changed, signs.edges[number]))
        encoded = self._renewed(item, seeds, kept, found) if seeds else kept
        if not (lines or has_blocks or encoded.zones):
            return
        self._statuses[version.number] = _Status(lines, encoded, has_blocks)
        found.hits += encoded.hits
        if found.hits or found.timed_out:
            self._judge(item, found)

    def _renewed(self, item: _Item, seeds: list[Span], kept: Encoded, found: Hits) -> Encoded:
        text = item.version.whole_text()
        new = renewed(
            self._plain.deep,
            text,
            seeds,
            kept,
            found.hits,
            name=item.path or item.oid,
            first_layer=self._last_layer,
        )
        self._last_layer = new.last_layer
        self._dropped.update(new.dropped)
        self._skipped += new.skipped
        return new.encoded

    def _judge(self, item: _Item, found: Hits) -> None:
        judged = self._engine.judge(item.version.whole_text(), found)
        self._dropped.update(judged.dropped)
        for rule, _ in found.timed_out:
            self._note(SkipReason.TIME_LIMIT, item, rule)
        for rule in found.capped:
            self._note(SkipReason.MATCH_LIMIT, item, rule)
        if found.capped:
            self._statuses[item.version.number] = _Status(is_whole=True)
        if judged.matches:
            self._found.append(BlobMatches(item.path, item.oid, item.kind, judged.matches))

    def _note(self, reason: SkipReason, item: _Item, rule: int) -> None:
        self._skipped.append(Skip(reason, item.path or item.oid, f"rule {self._engine.rules[rule].id}"))


def _by_item(places: Sequence[int], starts: list[int]) -> dict[int, list[int]]:
    """Return places in the lines of many items by the number of the item, as places in its own lines."""
    out: dict[int, list[int]] = {}
    for at in places:
        number = bisect_right(starts, at) - 1
        out.setdefault(number, []).append(at - starts[number])
    return out


def _must_be_whole(version: Version, *, may_want: bool) -> bool:
    """Return whether the lines of a content are not enough to tell what it holds."""
    if wants_whole(version.lines, version.base, may_want=may_want) or _is_structured(version):
        return True
    return b"\n" not in version.lines and is_one_line(version.whole_text())


def _is_structured(version: Version) -> bool:
    """Return whether a structured reader may give more than the lines, and could not for the base.

    If it could for the base, the base was read as a whole, and so is what builds on it. A reader looks at nothing
    that does not begin like a structured file, and gives nothing without a mark.
    """
    if version.parent < 0 or version.sizes is None:
        return has_mark(version.lines) and bool(format_of(version.lines))
    if keeps_head(version.delta, version.sizes, HEAD_BYTES):
        return has_mark(version.lines) and bool(format_of(version.base))
    text = version.whole_text()
    return bool(format_of(text)) and has_mark(text)


def _places(changed: Changes, places: Sequence[int]) -> Iterator[int]:
    """Yield places in the fresh lines as places in the content."""
    if not places:
        return
    behind = list(accumulate((end - start + 1 for start, end in changed.spans), initial=0))
    for at in places:
        number = bisect_right(behind, at) - 1
        yield changed.spans[number][0] - behind[number] + at


def _placed(changed: Changes, hits: Sequence[Hit]) -> Iterator[Hit]:
    """Yield hits, told by their place in the fresh lines, by their place in the content."""
    for hit, start in zip(hits, _places(changed, [hit.start for hit in hits]), strict=True):
        yield hit._replace(start=start, end=start + hit.end - hit.start)


def _carried(changed: Changes, hits: Sequence[Hit]) -> Iterator[Hit]:
    """Yield the hits of the base that stand in copied lines, by their place in the content."""
    ordered = sorted(hits, key=lambda hit: (hit.start, hit.end))
    for number, at in carried_places(changed, [(hit.start, hit.end) for hit in ordered]):
        hit = ordered[number]
        yield hit._replace(start=at, end=at + hit.end - hit.start)
