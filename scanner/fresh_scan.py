"""Scans packs by what is new in each object: fresh lines are searched, what stands in the rest is carried along.

The result is that of reading every object in full (tests/test_fresh_scan.py). Why that holds: a rule that looks at
one line depends on nothing but that line, and a line of an object either is fresh, and searched, or stands in
its base as it is, with the same hits. Where a rule looks across lines, where content must be read as a whole, or
where a cap cut hits off, the object and all that builds on it are searched in full.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scanner.decoders.triggers import Span, put_together
from scanner.deep import MAX_DEPTH
from scanner.engine.candidates import long_runs
from scanner.engine.hits import Hits
from scanner.islands import Encoded, carried, renewed
from scanner.line_memory import hits_of_lines
from scanner.model import Blob, BlobKind, BlobMatches, Skip, SkipReason
from scanner.ruleset import Ruleset
from scanner.scan import BatchResult, Scanner
from scanner.sources.commits import COMMIT_HEADER, COMMIT_MESSAGE, PLAIN_COMMIT, texts
from scanner.sources.copies import Copies
from scanner.sources.database import read_loose
from scanner.sources.deltas import head, keeps_head
from scanner.sources.families import Unit
from scanner.sources.git import Repository
from scanner.sources.objects import KINDS
from scanner.sources.pack_index import PackError
from scanner.sources.packs import BLOB, COMMIT, TAG, Pack
from scanner.sources.versions import Unread, Version, alone, versions
from scanner.sources.work import LooseGroup, PackCheck, Work
from scanner.stretches import STRETCH_GAP, Line, StretchSigns, stretch_memory
from scanner.structured.sniffing import HEAD_BYTES, format_of, has_mark
from scanner.telling_lines import carried_lines, fresh_edges, fresh_signs, old_edges, place_of
from scanner.wholes import is_one_line, is_plain, wants_whole

FLUSH_LINES_BYTES = 1 << 20
"""Fresh lines that are searched at once: many small contents, so that a call costs little for each."""

FLUSH_HELD_BYTES = 48 << 20
"""Contents that are held until their lines are searched, since what was found in them is placed with their help."""

MAX_CARRIED_LINE_BYTES = 16 << 10
"""A longer line with a hit is not held until all versions are read: what it is in is read as a whole."""

MAX_DULL_HEADERS = 20_000
"""Headers of commits that tell nothing and are remembered: most are by the same few people."""

_KIND_OF = {BLOB: BlobKind.FILE, COMMIT: BlobKind.COMMIT, TAG: BlobKind.TAG}


class _Item(NamedTuple):
    """A content that waits for its lines to be searched."""

    version: Version
    oid: str
    kind: BlobKind
    path: str | None = None


class _Status(NamedTuple):
    """What those that build on an object must know: its telling lines, in order, and what is encoded in it.

    `is_whole` tells that the object was read as a whole, `is_odd` that it has bytes by which one that builds on it may
    have to be.
    """

    lines: tuple[Line, ...] = ()
    encoded: Encoded = Encoded()
    is_whole: bool = False
    is_odd: bool = False


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
        self._stretches = stretch_memory(self._plain.deep)
        self._dull_headers: set[bytes] = set()
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
        self._formats: dict[int, str] = {}

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
        plain = PLAIN_COMMIT.fullmatch(data) if kind is BlobKind.COMMIT else None
        if plain:
            parts: Sequence[tuple[bytes, str]] = (
                (plain[1] + b"\n" + plain[2], COMMIT_HEADER),
                (plain[3], COMMIT_MESSAGE),
            )
        else:
            parts = [(blob.data, blob.path or "") for blob in texts(oid, kind, data)]
        for part, path in parts:
            self._bytes += len(part)
            if part not in self._dull_headers:
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
        items = self._search_documents(self._items)
        self._items, self._lines_bytes, self._held_bytes = [], 0, 0
        signs = self._signs(items)
        for number, item in enumerate(items):
            parent = item.version.parent
            above = self._statuses.get(parent) if parent >= 0 else None
            own = signs[number] if signs else None
            if own is None or (above and above.is_whole) or _is_too_much(own):
                self._search_whole([item])
                continue
            is_odd = _is_odd(item.version, own, above)
            if is_odd and not is_plain(item.version.whole_text()):
                self._search_whole([item])
            elif above or own or is_odd:
                self._look_closer(item, own, above or _Status())
                if is_odd:
                    status = self._statuses.get(item.version.number, _Status())
                    self._statuses[item.version.number] = status._replace(is_odd=True)
            elif item.path == COMMIT_HEADER and len(self._dull_headers) < MAX_DULL_HEADERS:
                self._dull_headers.add(item.version.lines)

    def _signs(self, items: Sequence[_Item]) -> list[Mapping[bytes, StretchSigns] | None]:
        """Return what the fresh stretches of lines of each item tell; None for one that must be read as a whole, and
        for all of them if there is too much to tell."""
        if self._reads_whole:
            return []
        texts = [b"" if b"\0" in item.version.lines else item.version.lines for item in items]
        stretches = [set(text.split(STRETCH_GAP)) for text in texts]
        if not self._stretches.learn(set().union(*stretches)):
            return []
        return [
            self._stretches.of(own) if text or not item.version.lines else None
            for own, text, item in zip(stretches, texts, items, strict=True)
        ]

    def _search_documents(self, items: Sequence[_Item]) -> list[_Item]:
        """Search those items that are read as a whole whatever their lines tell, and return the others."""
        whole: list[_Item] = []
        others: list[_Item] = []
        numbers: set[int] = set()
        for item in items:
            number, parent = item.version.number, item.version.parent
            above = self._statuses.get(parent) if parent >= 0 else None
            if parent in numbers or (above and above.is_whole) or self._is_structured(item.version):
                whole.append(item)
                if number >= 0:
                    numbers.add(number)
            else:
                others.append(item)
        self._search_whole(whole)
        return others

    def _search_whole(self, items: Sequence[_Item]) -> None:
        blobs = (Blob(one.version.whole_text(), path=one.path, oid=one.oid, kind=one.kind) for one in items)
        self._plain.search_blobs(blobs, self._found, self._skipped, self._dropped)
        self._statuses.update({item.version.number: _Status(is_whole=True) for item in items})

    def _look_closer(self, item: _Item, own: Mapping[bytes, StretchSigns], above: _Status) -> None:
        """Put together the hits of a content: in its lines, in blocks, in what is encoded."""
        version = item.version
        fresh, seeds = fresh_signs(version, own)
        for line in fresh:
            self._dropped.update(line.signs.drops)
            for rule in line.signs.timed_out:
                self._note(SkipReason.TIME_LIMIT, item, rule)
        copies = Copies(version.spans, version.behind, version.size, is_shuffled=version.is_shuffled)
        old = list(carried_lines(copies, above.lines))
        kept, lost = carried(above.encoded, copies, base_size=len(version.base), size=version.size)
        lines = sorted([*fresh, *(line for line, _ in old)], key=place_of)
        edges = [*fresh_edges(version.spans, fresh), *old_edges(old)]
        if not (lines or seeds or lost or kept.zones):
            return
        if not (seeds or lost or edges or kept.hits or any(line.signs.hits or line.signs.blocks for line in lines)):
            self._statuses[version.number] = _Status(tuple(lines), kept)
            return
        text = version.whole_text()
        found = hits_of_lines(self._engine, text, ((line.signs, line.start) for line in lines))
        seeds = [*seeds, *lost, *put_together(text, edges, long_runs=long_runs)]
        encoded = self._renewed(item, text, seeds, kept, found) if seeds else kept
        self._statuses[version.number] = _Status(tuple(lines), encoded)
        found.hits += encoded.hits
        if found.hits or found.timed_out or found.capped:
            self._judge(item, text, found)

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

    def _is_structured(self, version: Version) -> bool:
        """Return whether a structured reader may give more than the lines, and could not for the base.

        If it could for the base, the base was read as a whole, and so is what builds on it. A reader looks at nothing
        that does not begin like a structured file, and gives nothing without a mark. How a file begins is cheaper to
        tell, and mostly that is how its base begins.
        """
        is_headless = False
        if version.parent < 0 or version.sizes is None:
            kind = format_of(version.lines)
        elif keeps_head(version.delta, version.sizes, HEAD_BYTES):
            above = self._formats.get(version.parent)
            kind = format_of(version.base) if above is None else above
        else:
            is_headless = True
            kind = format_of(head(version.delta, version.base, version.sizes, HEAD_BYTES))
        self._formats[version.number] = kind
        return bool(kind) and has_mark(version.whole_text() if is_headless else version.lines)

    def _note(self, reason: SkipReason, item: _Item, rule: int) -> None:
        self._skipped.append(Skip(reason, item.path or item.oid, f"rule {self._engine.rules[rule].id}"))


def _is_odd(version: Version, own: Mapping[bytes, StretchSigns], above: _Status | None) -> bool:
    """Return whether a content may have to be read as a whole, by its changed lines or those that it builds on."""
    if above and above.is_odd:
        return True
    may_want = any(line.signs.is_odd for signs in own.values() for line in signs.lines)
    if wants_whole(version.lines, version.base, may_want=may_want):
        return True
    return b"\n" not in version.lines and is_one_line(version.whole_text())


def _is_too_much(own: Mapping[bytes, StretchSigns]) -> bool:
    """Return whether the changed lines hold more than can be carried along."""
    return any(
        line.signs.is_capped
        or (line.end - line.start > MAX_CARRIED_LINE_BYTES and bool(line.signs.hits or line.signs.blocks))
        for signs in own.values()
        for line in signs.lines
    )
