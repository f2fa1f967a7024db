"""What a blob says, and what is hidden in it: its text, what is encoded in that, what a container holds, to a depth."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from scanner.chunks import normalise, wide_encoding
from scanner.containers.items import Trouble
from scanner.containers.opening import kind_inside, kind_of, open_container
from scanner.decoders import escapes, joins, runs, triggers
from scanner.decoders.budget import Budget, LimitError
from scanner.decoders.clues import Clues, find_clues
from scanner.decoders.layer import Edit, Layer, compose
from scanner.decoders.spans import Spans
from scanner.decoders.triggers import Span
from scanner.engine.hits import Hit, Hits
from scanner.engine.matcher import Engine
from scanner.line_search import LineSearch, Prepared
from scanner.model import Match, Skip, SkipReason
from scanner.views import Base, View, as_it_is, at_place, document_layers, layer_view, may_be_document

MAX_DEPTH = 3
MAX_LIVE_BYTES = 96 << 20
MAX_TOTAL_BYTES = 512 << 20
MAX_MEMBERS = 50_000
MAX_S = 10.0
"""What one blob may cost: its decoders one inside another, bytes held at one time, bytes in all, members, seconds."""

MAX_REMEMBERED_TEXT_BYTES = 16 << 10
MAX_REMEMBERED_BYTES = 32 << 20
_HITS_BYTES = 1_024
"""Decoded texts of which is remembered what was found in them: up to which length, and how many in all."""

MAX_DULL_MEMBERS = 50_000
"""Members of containers that held nothing to tell and are remembered, by their hashes."""

_NAMED_SKIPS = 10
"""Skips of one reason that are named for one blob; the others are counted in one more."""

_MIN_LAYER_BYTES = 8


class Searched(NamedTuple):
    """What was found in a blob, drops by reason, and what of it was not looked at."""

    matches: tuple[Match, ...]
    dropped: Counter[str]
    skipped: tuple[Skip, ...]


class Decoded(NamedTuple):
    """What was found in encoded texts: hits not yet judged, drops by reason, skips, and the last number of a layer."""

    hits: tuple[Hit, ...]
    dropped: Counter[str]
    skipped: tuple[Skip, ...]
    last_layer: int


class _State:
    """What is shared by all that comes out of one blob."""

    def __init__(self, name: str, budget: Budget) -> None:
        self.name = name
        self.budget = budget
        self.matches: list[Match] = []
        self.dropped: Counter[str] = Counter()
        self.skipped: list[Skip] = []
        self.layers = 0

    def skip(self, reason: SkipReason, member: str, detail: str) -> None:
        """Note that something was not looked at."""
        self.skipped.append(Skip(reason, f"{self.name}!{member}" if member else self.name, detail))


class DeepSearch:
    """An engine, and the decoders before it; `depth` 0 switches the decoders off. `lines` is what lines told.

    `on_view` is told each text that was decoded, as it is searched. With `by_lines`, a line that was searched in one
    content is not searched again in another.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        max_depth: int = MAX_DEPTH,
        max_s: float = MAX_S,
        clock: Callable[[], float] = time.process_time,
        on_view: Callable[[View], None] | None = None,
        by_lines: bool = True,
    ) -> None:
        self._engine = engine
        self._on_view = on_view
        self._max_depth = max_depth
        self._max_s = max_s
        self._clock = clock
        self._own = LineSearch(engine, by_lines=by_lines)
        self.lines = self._own.memory
        self._remembered: dict[bytes, Hits] = {}
        self._remembered_bytes = 0
        self._dull: dict[tuple[int, bytes], Counter[str]] = {}

    def prepare(self, blobs: Sequence[bytes]) -> list[Prepared | None]:
        """Return what makes the search of some small blobs quicker, for each of them."""
        return self._own.prepare(blobs)

    def search(self, data: bytes, name: str, prepared: Prepared | None = None) -> Searched:
        """Return what is found in a blob, at any depth; `name` is what skips call it."""
        state = _State(name, self._budget())
        self._search_content(data, "", (), self._max_depth, state, prepared)
        return Searched(tuple(state.matches), +state.dropped, tuple(_few(state.skipped, name)))

    def places(self, lines: bytes, long_runs: list[Span]) -> tuple[list[int], list[int]] | None:
        """Return where in some lines of contents something is encoded, and the loose ends of lines (`triggers`).

        None if there is too much to tell.
        """
        if not self._max_depth:
            return [], []
        spans = self.encoded_spans(lines, long_runs)
        return None if spans is None else ([start for start, _ in spans], triggers.loose_ends(lines, long_runs))

    def encoded_spans(self, text: bytes, long_runs: list[Span]) -> list[Span] | None:
        """Return the spans of what is encoded in a text, in no order; None if there is too much to tell."""
        return triggers.encoded_spans(text, long_runs, is_container=lambda sample: bool(kind_inside(sample)))

    def search_encoded(
        self, text: bytes, long_runs: list[Span], known: list[Hit], *, name: str, first_layer: int
    ) -> Decoded:
        """Return the hits in what is encoded in a part of a blob's text, of which the `known` hits are told already."""
        state = _State(name, self._budget())
        state.layers = first_layer
        base = Base(text, "", (), known)
        self._guarded(self._search_view, View(text, as_it_is, self._max_depth, long_runs), base, state)
        timed_out = {rule for rule, _ in base.hits.timed_out}
        for reason, rules in ((SkipReason.TIME_LIMIT, timed_out), (SkipReason.MATCH_LIMIT, base.hits.capped)):
            for rule in sorted(rules):
                state.skip(reason, "", f"rule {self._engine.rules[rule].id}")
        hits = tuple(base.hits.hits[len(known) :])
        return Decoded(hits, base.hits.dropped, tuple(_few(state.skipped, name)), state.layers)

    def _budget(self) -> Budget:
        return Budget(
            max_live_bytes=MAX_LIVE_BYTES,
            max_total_bytes=MAX_TOTAL_BYTES,
            max_members=MAX_MEMBERS,
            max_s=self._max_s,
            clock=self._clock,
        )

    # --- contents: a blob, or a member of one ---------------------------------------------------------

    def _search_content(
        self,
        data: bytes,
        member: str,
        decoding: tuple[str, ...],
        depth: int,
        state: _State,
        prepared: Prepared | None = None,
    ) -> None:
        """Search a content by its own lines, and what it holds."""
        encoding = wide_encoding(data)
        text = prepared.text if prepared else normalise(data)
        kind = kind_of(data)
        base = Base(text, member, (*decoding, encoding[:6].rstrip("-")) if encoding else decoding)
        if not kind or not decoding:
            base.hits.merge(self._own.own_hits(text, prepared))
        before = len(state.matches)
        if kind:
            self._open(kind, data, member, decoding, depth, state)
        elif self._max_depth:
            view = View(text, as_it_is, depth, base.hits.runs, is_document=True)
            self._guarded(self._search_view, view, base, state)
        self._judge(base, state, known=state.matches[before:])

    def _open(self, kind: str, data: bytes, member: str, decoding: tuple[str, ...], depth: int, state: _State) -> None:
        if not self._max_depth:
            return
        if depth <= 0:
            state.skip(SkipReason.DECODE_LIMIT, member, f"{kind} deeper than {self._max_depth}")
            return
        held = len(data) if decoding else 0
        state.budget.hold(held)
        for item in open_container(kind, data, state.budget):
            path = "!".join(part for part in (member, item.name) if part)
            if isinstance(item, Trouble):
                state.skip(item.reason, path, item.detail)
            else:
                self._search_member(item.data, path, (*decoding, kind), depth - 1, state)
        state.budget.hold(-held)

    def _search_member(self, data: bytes, member: str, decoding: tuple[str, ...], depth: int, state: _State) -> None:
        """Search a member of a container, unless the same bytes were searched before and held nothing to tell.

        The versions of an archive hold the same files again and again.
        """
        key = depth, hashlib.blake2b(data, digest_size=16).digest()
        dropped = self._dull.get(key)
        if dropped is not None:
            state.dropped.update(dropped)
            return
        told, before = (len(state.matches), len(state.skipped)), state.dropped.copy()
        self._search_content(data, member, decoding, depth, state)
        if (len(state.matches), len(state.skipped)) == told and len(self._dull) < MAX_DULL_MEMBERS:
            self._dull[key] = state.dropped - before

    def _judge(self, base: Base, state: _State, known: list[Match]) -> None:
        """Add what the hits of a base come to; what is `known` from inside of a container is not told again."""
        found = self._engine.judge(base.text, base.hits)
        told = {(match.rule_id, match.secret) for match in known}
        state.matches += [
            replace(match, member=base.member, decoding=base.decoding + match.decoding)
            for match in found.matches
            if (match.rule_id, match.secret) not in told
        ]
        state.dropped.update(found.dropped)
        for rule_id in found.timed_out:
            state.skip(SkipReason.TIME_LIMIT, base.member, f"rule {rule_id}")
        for rule_id in found.capped:
            state.skip(SkipReason.MATCH_LIMIT, base.member, f"rule {rule_id}")

    def _guarded(self, step: Callable[[View, Base, _State], None], view: View, base: Base, state: _State) -> None:
        try:
            step(view, base, state)
        except LimitError as error:
            state.skip(error.reason, base.member, error.detail)

    # --- views: what is encoded in a text ---------------------------------------------------------------

    def _search_view(self, view: View, base: Base, state: _State) -> None:
        """Search what is encoded in a text, and what is encoded in that."""
        text = view.text
        clues = find_clues(text, view.runs)
        said = self._read_runs(view, clues, base, state)
        edits = [Edit(run.start, run.end, data, run.decoder) for run, data in said]
        inside = Spans([(edit.start, edit.end) for edit in edits])
        escaped = [one for one in escapes.find_escapes(text, clues.escapes) if not inside.overlaps(one.start, one.end)]
        if view.changes is not None:
            escaped = [one for one in escaped if view.changes.overlaps(one.start, one.end)]
        joined = [one for one in joins.find_joins(text, clues.quoted) if view.touches_changes(one.start, one.end)]
        for changes in (edits, escaped, joined, joins.find_wide(text)):
            if changes:
                self._search_layers(compose(text, changes), view, base, state)
        for run, data in said:
            if view.depth > 1 and may_be_document(data):
                place, outer = view.to_base(run.start, run.end)
                self._search_document(
                    View(data, at_place(place, (*outer, run.decoder)), view.depth - 1, []), base, state
                )
        if view.is_document:
            self._search_document(view, base, state)

    def _search_document(self, view: View, base: Base, state: _State) -> None:
        """Search what the structure of a text says."""
        self._search_layers(document_layers(view.text), view, base, state, are_documents=True)

    def _search_layers(
        self, layers: Iterable[Layer], view: View, base: Base, state: _State, *, are_documents: bool = False
    ) -> None:
        """Search the texts that were made of a view, and what is encoded in them."""
        for layer in layers:
            data = layer.data
            if len(data) < _MIN_LAYER_BYTES:
                continue
            if len(data) < 1 << 16:
                key = view.to_base(*layer.span(0, 1))[0][0], data
                if key in base.seen:
                    continue
                base.seen.add(key)
            state.budget.take_bytes(len(data))
            below = layer_view(view, layer, data, is_document=are_documents)
            self._take_hits(below, base, state)
            if below.depth > 0:
                self._search_view(below, base, state)
            elif any(True for _ in self._runs(below, find_clues(data, below.runs))):
                state.skip(SkipReason.DECODE_LIMIT, base.member, f"encoded deeper than {self._max_depth}")

    def _read_runs(self, view: View, clues: Clues, base: Base, state: _State) -> list[tuple[runs.Run, bytes]]:
        """Return the runs of a view that encode a text, with that text; search the containers in the others."""
        said = []
        for run in self._runs(view, clues):
            if kind_inside(run.data):
                self._open_run(run, view, base, state)
            else:
                said.append((run, normalise(run.data)))
        return said

    def _runs(self, view: View, clues: Clues) -> Iterator[runs.Run]:
        found = runs.find_runs(view.text, clues.encoded, is_container=lambda sample: bool(kind_inside(sample)))
        return (run for run in found if view.touches_changes(run.start, run.end))

    def _open_run(self, run: runs.Run, view: View, base: Base, state: _State) -> None:
        """Search the container that a run encodes; all that it holds has the run's place."""
        place, outer = view.to_base(run.start, run.end)
        self._open_inside(run.data, (*outer, run.decoder), place, base, view.depth - 1, state)

    def _open_inside(
        self, data: bytes, decoding: tuple[str, ...], place: Span, base: Base, depth: int, state: _State
    ) -> None:
        kind = kind_inside(data)
        if depth <= 0:
            state.skip(SkipReason.DECODE_LIMIT, base.member, f"{kind} deeper than {self._max_depth}")
            return
        state.budget.hold(len(data))
        for item in open_container(kind, data, state.budget):
            if isinstance(item, Trouble):
                if kind != "zlib":
                    state.skip(item.reason, base.member, f"{kind} in an encoded text: {item.detail}")
                continue
            path = (*decoding, f"{kind}!{item.name}" if item.name else kind)
            if kind_of(item.data):
                self._open_inside(item.data, path, place, base, depth - 1, state)
                continue
            view = View(normalise(item.data), at_place(place, path), depth - 1, [], is_document=True)
            self._take_hits(view, base, state)
            if view.depth > 0:
                self._search_view(view, base, state)
        state.budget.hold(-len(data))

    def _take_hits(self, view: View, base: Base, state: _State) -> None:
        """Add the hits of a view to those of its base, each at the place of what was decoded."""
        if self._on_view is not None:
            self._on_view(view)
        found = self._layer_hits(view.text)
        state.layers += 1
        new = []
        for hit in found.hits:
            (start, end), decoding = view.to_base(hit.start, hit.end)
            place = hit._replace(start=start, end=end)
            if base.is_new(place):
                inner = hit.start, hit.end
                new.append(place._replace(decoding=decoding, layer=state.layers, inner=inner))
        base.hits.hits += new
        view.runs.extend(found.runs)
        base.hits.note(found)

    def _layer_hits(self, text: bytes) -> Hits:
        """Return what is found in a decoded text; the versions of a file decode to the same texts again and again."""
        found = self._remembered.get(text)
        if found is None:
            found = self._engine.search_hits(text)
            if len(text) <= MAX_REMEMBERED_TEXT_BYTES:
                if self._remembered_bytes > MAX_REMEMBERED_BYTES:
                    self._remembered, self._remembered_bytes = {}, 0
                self._remembered[text] = found
                self._remembered_bytes += len(text) + _HITS_BYTES
        return found


def _few(skipped: list[Skip], name: str) -> Iterator[Skip]:
    """Yield the first skips of each reason, and one that counts the others."""
    counts: Counter[SkipReason] = Counter()
    for skip in skipped:
        counts[skip.reason] += 1
        if counts[skip.reason] <= _NAMED_SKIPS:
            yield skip
    for reason, count in sorted(counts.items()):
        if count > _NAMED_SKIPS:
            yield Skip(reason, name, f"{count - _NAMED_SKIPS} more inside")
