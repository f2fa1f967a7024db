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
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

from scanner.decoders.triggers import Span, put_together
from scanner.deep import MAX_DEPTH
from scanner.engine.candidates import long_runs
from scanner.engine.matcher import Hits
from scanner.islands import Encoded, carried, renewed
from scanner.line_memory import LineSigns, hits_of_lines
from scanner.model import Blob, BlobKind, BlobMatches, Skip, SkipReason
from scanner.ruleset import Ruleset
from scanner.scan import BatchResult, Scanner
from scanner.sources.commits import COMMIT_HEADER, COMMIT_MESSAGE, texts
from scanner.sources.database import read_loose
from scanner.sources.deltas import keeps_head
from scanner.sources.families import Unit
from scanner.sources.git import Repository
from scanner.sources.objects import KINDS
from scanner.sources.pack_index import PackError
from scanner.sources.packs import BLOB, COMMIT, TAG, Pack
from scanner.sources.versions import Unread, Version, alone, versions
from scanner.sources.work import LooseGroup, PackCheck, Work
from scanner.stretches import STRETCH_GAP, StretchSigns, places_of, stretch_memory
from scanner.structured.sniffing import HEAD_BYTES, format_of, has_mark
from scanner.wholes import is_one_line, wants_whole

FLUSH_LINES_BYTES = 1 << 20
"""Fresh lines that are searched at once: many small contents, so that a call costs little for each."""

FLUSH_HELD_BYTES = 48 << 20
"""Contents that are held until their lines are searched, since what was found in them is placed with their help."""

MAX_CARRIED_LINE_BYTES = 16 << 10
"""A longer line with a hit is not held until all versions are read: what it is in is read as a whole."""

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

    `lines` are those with hits, or where a rule that looks across lines may match. `is_whole` tells that the object
    was read as a whole.
    """

    lines: Mapping[bytes, LineSigns] = MappingProxyType({})
    encoded: Encoded = Encoded()
    is_whole: bool = False


class _Signs(NamedTuple):
    """What the fresh lines of an item tell: its telling lines, and its telling stretches of lines."""

    lines: Mapping[bytes, LineSigns] = MappingProxyType({})
    stretches: Mapping[bytes, StretchSigns] = MappingProxyType({})


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
        self._lines = self._plain.deep.lines
        self._stretches = stretch_memory(self._plain.deep)
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
        for version in versions(pack, unit, max_bytes=self._max_blob_bytes, wants_text=lambda: bool(self._statuses)):
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
                self._add(_Item(alone(-1, data), one.oid, kind))
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
            self._add(_Item(alone(-1, part), oid, kind, path))

    def _add(self, item: _Item) -> None:
        version = item.version
        self._items.append(item)
        self._lines_bytes += len(version.lines)
        self._held_bytes += len(version.base) + len(version.delta) + len(version.lines) + len(version.text or b"")
        if self._lines_bytes >= FLUSH_LINES_BYTES or self._held_bytes >= FLUSH_HELD_BYTES:
            self._flush()

    # --- searching -------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Look at the lines of all items at once, then closer at each item that has, or had, something."""
        items = self._items
        self._items, self._lines_bytes, self._held_bytes = [], 0, 0
        signs = self._signs(items)
        for number, item in enumerate(items):
            parent = item.version.parent
            above = self._statuses.get(parent) if parent >= 0 else None
            own = signs[number] if signs else None
            if own is None or (above and above.is_whole) or _must_be_whole(item.version, own.lines):
                self._search_whole(item)
            elif above or own.lines or own.stretches:
                self._look_closer(item, own, above or _Status())

    def _signs(self, items: Sequence[_Item]) -> list[_Signs | None]:
        """Return what the fresh lines of each item tell; None for one that must be read as a whole, and for all of
        them if there is too much to tell."""
        if self._reads_whole:
            return []
        texts = [b"" if b"\0" in item.version.lines else item.version.lines for item in items]
        lines = [set(text.split(b"\n")) for text in texts]
        stretches = [set(text.split(STRETCH_GAP)) for text in texts]
        if not self._lines.learn(set().union(*lines)) or not self._stretches.learn(set().union(*stretches)):
            return []
        told, told_stretches = self._lines, self._stretches
        return [
            _Signs(told.of(lines[number]), told_stretches.of(stretches[number]))
            if text or not item.version.lines
            else None
            for number, (text, item) in enumerate(zip(texts, items, strict=True))
        ]

    def _search_whole(self, item: _Item) -> None:
        blob = Blob(item.version.whole_text(), path=item.path, oid=item.oid, kind=item.kind)
        self._plain.search_into(blob, self._found, self._skipped, self._dropped)
        self._statuses[item.version.number] = _Status(is_whole=True)

    def _look_closer(self, item: _Item, own: _Signs, above: _Status) -> None:
        """Put together the hits of a content: in its lines, in blocks, in what is encoded."""
        for signs in own.lines.values():
            self._dropped.update(signs.drops)
            for rule in signs.timed_out:
                self._note(SkipReason.TIME_LIMIT, item, rule)
        wanted = {**above.lines, **{line: signs for line, signs in own.lines.items() if signs.hits or signs.blocks}}
        if not (wanted or own.stretches or above.encoded.zones):
            return
        text = item.version.whole_text()
        found, held = hits_of_lines(self._engine, text, wanted)
        encoded = self._encoded(item, text, own, above, found)
        if not (held or encoded.zones):
            return
        lines = {line: wanted[line] for line in held}
        self._statuses[item.version.number] = _Status(lines, encoded)
        found.hits += encoded.hits
        if found.hits or found.timed_out or found.capped:
            self._judge(item, text, found)

    def _encoded(self, item: _Item, text: bytes, own: _Signs, above: _Status, found: Hits) -> Encoded:
        """Return what is encoded in a content: carried from its base, and decoded anew where something changed."""
        version = item.version
        if not above.encoded.zones and not own.stretches:
            return Encoded()
        kept, seeds = carried(above.encoded, version.base, text, is_shuffled=version.is_shuffled)
        places, edges = places_of(version.lines, own.stretches)
        seeds += [(at, at + 1) for at in _places(version.spans, places)]
        if edges:
            seeds += put_together(text, _places(version.spans, edges), long_runs=long_runs)
        return self._renewed(item, text, seeds, kept, found) if seeds else kept

    def _renewed(self, item: _Item, text: bytes, seeds: list[Span], kept: Encoded, found: Hits) -> Encoded:
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

    def _judge(self, item: _Item, text: bytes, found: Hits) -> None:
        judged = self._engine.judge(text, found)
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


def _must_be_whole(version: Version, lines: Mapping[bytes, LineSigns]) -> bool:
    """Return whether the lines of a content are not enough to tell what it holds; `lines` are those that tell."""
    if any(_is_too_much(line, signs) for line, signs in lines.items()):
        return True
    may_want = any(signs.is_odd for signs in lines.values())
    if wants_whole(version.lines, version.base, may_want=may_want) or _is_structured(version):
        return True
    return b"\n" not in version.lines and is_one_line(version.whole_text())


def _is_too_much(line: bytes, signs: LineSigns) -> bool:
    return signs.is_capped or (len(line) > MAX_CARRIED_LINE_BYTES and bool(signs.hits or signs.blocks))


def _is_structured(version: Version) -> bool:
    """Return whether a structured reader may give more than the lines, and could not for the base.

    If it could for the base, the base was read as a whole, and so is what builds on it. A reader looks at nothing
    that does not begin like a structured file, and gives nothing without a mark. How a file begins is cheaper to tell.
    """
    if version.parent < 0 or version.sizes is None:
        return bool(format_of(version.lines)) and has_mark(version.lines)
    if keeps_head(version.delta, version.sizes, HEAD_BYTES):
        return bool(format_of(version.base)) and has_mark(version.lines)
    text = version.whole_text()
    return bool(format_of(text)) and has_mark(text)


def _places(spans: Sequence[Span], places: Sequence[int]) -> Iterator[int]:
    """Yield places in the fresh lines as places in the content, in which these are the spans of their stretches."""
    if not places:
        return
    behind = list(accumulate((end - start + 1 for start, end in spans), initial=0))
    for at in places:
        number = bisect_right(behind, at) - 1
        yield spans[number][0] - behind[number] + at
