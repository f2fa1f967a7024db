"""Candidates to matches: run the few patterns that can apply, under a time limit, and judge what they find."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import Any, NamedTuple

from scanner.chunks import byte_offset, decode_window, line_bounds, regions
from scanner.engine import checksums
from scanner.engine.anchors import Anchor, is_head
from scanner.engine.candidates import Dispatcher
from scanner.engine.entropy import is_below_entropy
from scanner.engine.hit import Filter, hit_of
from scanner.engine.hit import Hit as Context
from scanner.engine.pairs import Located, pair
from scanner.engine.patterns import Patterns, begins_line
from scanner.engine.preference import rank
from scanner.engine.snippets import masked_line
from scanner.engine.windows import (
    AFTER_CORE,
    BEFORE_CORE,
    Candidate,
    Window,
    add_window,
    block_windows,
    line_windows,
    sight_of,
)
from scanner.model import Chunk, Match, Rule, Secret

HEAD_BYTES = 1_024
"""What a pattern for the beginning of binary content sees."""

SLICE_BYTES = 4 << 20
SLICE_OVERLAP = 4_096
"""Candidates are searched in slices that end at a line end, so that memory does not follow the size of the blob;
where there is no line end, slices overlap."""

LEAD_BYTES = 64
"""What a look-behind may see before a window that begins inside a line."""

MAX_JOINED_BYTES = 32 << 10
MIN_JOINED_LINES = 3
"""Lines over which a pattern runs at once: how many bytes about, how many lines are worth it."""

MAX_MATCHES_PER_RULE = 1_000
"""Hits of one rule that are kept from one blob, the first ones; content can be made to match at every byte."""

MAX_TRIED_PER_RULE = 100_000
"""Hits of one rule that are judged in one search, dropped ones too, so that its time has a bound."""

MAX_TIMEOUTS_PER_RULE = 5
"""Windows of one search in which a rule may run out of time; it is not tried in the others, which count as well."""


_LINE_END = 10


class Found(NamedTuple):
    """What one blob gave: its matches, drops by reason, rules that ran out of time, rules that hit the cap."""

    matches: tuple[Match, ...]
    dropped: Counter[str]
    timed_out: tuple[str, ...]
    capped: tuple[str, ...]


class Hit(NamedTuple):
    """A hit that no filter dropped, not yet judged against others: the rule's index, the secret, its byte span.

    If it was seen through decoders, they are named outermost first, and `layer` and `inner` tell which decoded text
    it was found in and where; its own span is that of what was decoded.
    """

    rule: int
    secret: str
    start: int
    end: int
    checksum_failed: bool
    decoding: tuple[str, ...] = ()
    layer: int = 0
    inner: tuple[int, int] = (0, 0)
    confidence: str | None = None


class Hits:
    """What patterns and filters gave, before hits are judged against each other.

    `drops` holds (offset, reason) of what a filter dropped, `timed_out` (rule, offset) of the windows that ran out of
    time. `blocks` holds (offset, rule) of where a rule that looks across lines could match; only `search_lines` fills
    it, since it does not run those rules. `runs` holds the half-open spans of long runs of token characters, in which
    something may be encoded.
    """

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.drops: list[tuple[int, str]] = []
        self.timed_out: list[tuple[int, int]] = []
        self.capped: set[int] = set()
        self.blocks: list[tuple[int, int]] = []
        self.runs: list[tuple[int, int]] = []

    def add_runs(self, runs: list[tuple[int, int]], begin: int) -> None:
        """Add the runs of a slice that begins at `begin`; what a slice before it saw already is one with that."""
        if begin:
            runs = [(begin + start, begin + end) for start, end in runs]
        while runs and self.runs and runs[0][0] < self.runs[-1][1]:
            _, end = runs.pop(0)
            self.runs[-1] = self.runs[-1][0], max(end, self.runs[-1][1])
        self.runs = self.runs + runs if self.runs else runs

    @property
    def dropped(self) -> Counter[str]:
        """Return how many hits were dropped for each reason."""
        return Counter(reason for _, reason in self.drops)

    def merge(self, other: Hits) -> None:
        """Take in what another search of the same content gave."""
        self.hits += other.hits
        self.blocks += other.blocks
        self.runs += other.runs
        self.note(other)

    def note(self, other: Hits) -> None:
        """Take in what another search gave beside its hits: drops, and what was not tried to its end."""
        self.drops += other.drops
        self.timed_out += other.timed_out
        self.capped |= other.capped


class Engine:
    """A rule set ready to search; patterns are compiled at their first candidate.

    `needs_whole` tells that a rule cannot be told by single lines where it may match: all content is read in full then.
    """

    def __init__(self, rules: Sequence[Rule], anchors: Sequence[Anchor], *, timeout_s: float = 2.0) -> None:
        self.rules = tuple(rules)
        self._anchors = tuple(anchors)
        patterns = [rule.pattern for rule in self.rules]
        self._dispatcher: Dispatcher | None = None
        self._everywhere = tuple(i for i, anchor in enumerate(self._anchors) if anchor.is_everywhere)
        self._wide = {i for i, anchor in enumerate(self._anchors) if anchor.spans_lines or anchor.is_everywhere}
        self._sights = [sight_of(*one) for one in zip(self._anchors, map(begins_line, patterns), strict=True)]
        self._heads = [i for i, rule in enumerate(self.rules) if is_head(rule.pattern)]
        self._timeout_s = timeout_s
        literals = (text for anchor in self._anchors for text in anchor.literals)
        self.needs_whole = bool(self._everywhere) or any("\n" in text for text in literals)
        self._patterns = Patterns(patterns)
        self._filters: dict[int, Filter] = {}

    def search(self, data: bytes) -> Found:
        """Return the matches in `data`, which `chunks.normalise` has seen, in order of place and rule id."""
        return self.judge(data, self.search_hits(data))

    def search_hits(self, data: bytes) -> Hits:
        """Return all hits in `data`, not yet judged against each other.

        The same as `search_lines`, `search_blocks` and `search_head` together.
        """
        found = self.search_lines(data)
        found.merge(self.search_blocks(data, found.blocks))
        found.blocks = []
        found.merge(self.search_head(data))
        return found

    def search_everywhere(self, data: bytes) -> Found:
        """Return the same as `search` without its candidates: every pattern over the whole of `data`.

        Slow; it is the measure by which the candidates are tested.
        """
        return self.judge(data, self.search_everywhere_hits(data))

    def search_everywhere_hits(self, data: bytes) -> Hits:
        """Return the hits of every pattern over the whole of `data`, not yet judged against each other."""
        windows = ((rule, [(0, len(data))]) for rule in range(len(self.rules)) if rule not in self._heads)
        return self._run_all(data, chain(windows, self._head_windows(data)), Hits())

    def search_lines(self, data: bytes) -> Hits:
        """Return the hits of the rules that look at one line, and where the others could match.

        `data` may be whole lines of many blobs joined by line feeds: a hit depends on nothing but the bytes of
        its own line, whatever stands around it. Whoever adds a way to find hits keeps this true here, and puts
        what looks across lines into `search_blocks` or makes `wholes.wants_whole` ask for the whole content.
        """
        found = Hits()
        alone: list[Candidate] = []
        for candidate in self.candidates(data, found):
            (found.blocks if candidate[1] in self._wide else alone).append(candidate)
        lines, parts = line_windows(data, alone, self._sights)
        self._run_all(data, ((rule, self._matching(rule, data, lines[rule])) for rule in lines), found)
        return self._run_all(data, ((rule, self._near_core(rule, data, parts[rule])) for rule in parts), found)

    def search_blocks(self, data: bytes, blocks: Iterable[tuple[int, int]]) -> Hits:
        """Return the hits of the rules that look across lines; `data` is the whole content of a blob.

        `blocks` are the (offset, rule) that `search_lines` told for all of its lines.
        """
        offsets: dict[int, list[int]] = {}
        for at, rule in blocks:
            offsets.setdefault(rule, []).append(at)
        return self._run_all(data, ((rule, self._windows(data, rule, offsets[rule])) for rule in offsets), Hits())

    def search_head(self, data: bytes) -> Hits:
        """Return the hits of the rules that look at the beginning of binary content."""
        return self._run_all(data, self._head_windows(data), Hits())

    def _head_windows(self, data: bytes) -> list[tuple[int, list[tuple[int, int]]]]:
        """Return the work of the rules that look at the beginning of binary content; `wholes` asks for the whole of it.

        Every such format has a NUL byte near its beginning.
        """
        if 0 not in data[:HEAD_BYTES]:
            return []
        return [(rule, [(0, min(len(data), HEAD_BYTES))]) for rule in self._heads]

    def candidates(self, data: bytes, found: Hits) -> list[Candidate]:
        """Return where the rules could match, in no order; long runs are noted in `found`."""
        dispatcher = self._ready()
        out: list[Candidate] = [(0, rule) for rule in self._everywhere]
        for begin, end in _slices(data):
            runs: list[tuple[int, int]] = []
            if end - begin == len(data):
                out += dispatcher.find(data, runs)
            else:
                out += [(begin + offset, rule) for offset, rule in dispatcher.find(data[begin:end], runs)]
            found.add_runs(runs, begin)
        return out

    def _ready(self) -> Dispatcher:
        if self._dispatcher is None:
            self._dispatcher = Dispatcher(self._anchors)
        return self._dispatcher

    def windows(self, data: bytes, candidates: Iterable[Candidate]) -> dict[int, list[Window]]:
        """Return, by rule, the disjoint windows in which it could match, in order."""
        candidates = list(candidates)
        alone = [one for one in candidates if one[1] not in self._wide]
        lines, parts = line_windows(data, alone, self._sights)
        out = {rule: sorted(lines.get(rule, []) + parts.get(rule, [])) for rule in {**lines, **parts}}
        for rule in {rule for _, rule in candidates if rule in self._wide}:
            out[rule] = self._windows(data, rule, [at for at, other in candidates if other == rule])
        return out

    def _windows(self, data: bytes, rule: int, offsets: Iterable[int]) -> list[Window]:
        """Return the windows of a rule that looks across lines."""
        return [(0, len(data))] if self._anchors[rule].is_everywhere else block_windows(data, offsets)

    def _run_all(self, data: bytes, work: Iterable[tuple[int, Iterable[Window]]], found: Hits) -> Hits:
        """Add what the rules find in their windows to `found`, and return it."""
        for rule, windows in work:
            tried, slow = 0, len(found.timed_out)
            for window in windows:
                if len(found.timed_out) - slow >= MAX_TIMEOUTS_PER_RULE:
                    found.timed_out.append((rule, window[0]))
                    continue
                tried += self._run(rule, data, window, found)
                if tried >= MAX_TRIED_PER_RULE:
                    found.capped.add(rule)
                    break
        return found

    def _matching(self, rule: int, data: bytes, lines: list[Window]) -> Iterator[Window]:
        """Yield those of some whole lines, in order, in which the pattern matches; all of them if it takes too long.

        Most lines hold no match, so the pattern runs over many of them at once: a call for each costs more than the
        search.
        """
        first = size = 0
        for number, (start, end) in enumerate(lines, 1):
            size += end - start
            if size > MAX_JOINED_BYTES or number == len(lines):
                yield from self._matching_of(rule, data, lines[first:number])
                first, size = number, 0

    def _near_core(self, rule: int, data: bytes, parts: list[Window]) -> Iterator[Window]:
        """Yield what of some parts of long lines, in order, is near to where the pattern can match."""
        for start, end in parts:
            core = self._patterns.quickest(rule, end - start)
            if core is self.pattern(rule):
                yield start, end
                continue
            chunk, first = _window_chunk(data, start, end)
            near: list[Window] = []
            try:
                timeout_s = self._timeout_s + len(chunk.text) / 1e6
                for hit in core.finditer(chunk.text, pos=first, overlapped=True, timeout=timeout_s):
                    low, high = byte_offset(chunk, hit.start()), byte_offset(chunk, hit.end())
                    add_window(near, (max(start, low - BEFORE_CORE), min(end, high + AFTER_CORE)))
            except TimeoutError:
                near = [(start, end)]
            yield from near

    def _matching_of(self, rule: int, data: bytes, lines: list[Window]) -> list[Window]:
        if len(lines) < MIN_JOINED_LINES:
            return lines
        text, starts = _joined(data, lines)
        search = self._patterns.quickest(rule, len(text)).search
        timeout_s = self._timeout_s + len(text) / 1e6
        found = []
        try:
            hit = search(text, timeout=timeout_s)
            while hit:
                number = bisect_right(starts, hit.start()) - 1
                found.append(lines[number])
                if number + 1 == len(lines):
                    break
                hit = search(text, pos=starts[number + 1], timeout=timeout_s)
        except TimeoutError:
            return lines
        return found

    def _run(self, rule: int, data: bytes, window: tuple[int, int], found: Hits) -> int:
        """Add the hits of one rule in one window to `found`; return how many the pattern had."""
        start, end = window
        chunk, first = _window_chunk(data, start, end)
        is_cut = end < len(data) and data[end] != _LINE_END
        timeout_s = self._timeout_s + len(chunk.text) / 1e6
        count = 0
        try:
            for hit in self.pattern(rule).finditer(chunk.text, pos=first, timeout=timeout_s):
                if is_cut and hit.end() == len(chunk.text):
                    # What looks like the right edge is only that of the window.
                    farther = line_bounds(data, end, before=0, after=2 * (end - start))[1]
                    return count + self._run(rule, data, (byte_offset(chunk, hit.start()), farther), found)
                count += 1
                self._take(rule, chunk, hit, found)
                if count >= MAX_TRIED_PER_RULE:
                    break
        except TimeoutError:
            found.timed_out.append((rule, start))
        return count

    def pattern(self, rule: int) -> Any:
        """Return the compiled pattern of a rule."""
        return self._patterns.of(rule)

    def _take(self, rule: int, chunk: Chunk, matched: Any, found: Hits) -> None:
        context = hit_of(chunk.text, matched)
        start, end, secret = context.start, context.end, context.secret
        if not secret:
            return
        reason, confidence = self.opinion(rule, context)
        if reason is not None:
            found.drops.append((byte_offset(chunk, start), reason))
            return
        checksum = self.rules[rule].checksum
        failed = checksum is not None and not checksums.is_valid(checksum, secret)
        place = byte_offset(chunk, start), byte_offset(chunk, end)
        found.hits.append(Hit(rule, secret, *place, failed, confidence=confidence))

    def opinion(self, rule: int, context: Context) -> tuple[str | None, str | None]:
        """Return why to drop a hit, or None, and the confidence that the judge gives it, None where it is not asked."""
        drop_reason = self._filters.get(rule)
        if drop_reason is None:
            from scanner.engine.filters import all_filters_of

            drop_reason = self._filters[rule] = all_filters_of(self.rules[rule])
        reason = drop_reason(context)
        if reason is None and is_below_entropy(context.secret, self.rules[rule].min_entropy_bits):
            reason = "low entropy"
        kind = self.rules[rule].judge
        if reason is not None or kind is None:
            return reason, None
        from scanner.engine.judge import verdict

        confidence = verdict(context, kind).confidence
        return (None, confidence) if confidence else ("judged unlikely", None)

    def judge(self, data: bytes, found: Hits) -> Found:
        """Return the matches among the hits of one blob: each place once, the best rule where several overlap.

        Of each rule, the first hits up to a cap are kept. `data` is the whole content, as it was searched.
        """
        if not found.hits:
            return self._without_hits(found)
        hits = self._first_of_each_rule(found)
        kept, worse = self._without_overlaps(hits)
        dropped = found.dropped
        dropped["covered by a better match"] += len(worse)
        places = regions(data, {(hit.start, hit.end) for hit in kept})
        kept.sort(key=lambda hit: (hit.start, hit.end, self.rules[hit.rule].id, hit.secret, hit.decoding))
        lines = [places[hit.start, hit.end].start_line for hit in kept]
        paired = pair([Located(self.rules[h.rule], lines[i], h.secret, i) for i, h in enumerate(kept)])
        dropped["no companion near"] += paired.alone
        spans = sorted((hit.start, hit.end) for hit in hits)
        return Found(
            matches=tuple(
                Match(
                    rule_id=self.rules[hit.rule].id,
                    secret=Secret(hit.secret),
                    start=hit.start,
                    end=hit.end,
                    region=places[hit.start, hit.end],
                    snippet=masked_line(data, (hit.start, hit.end), spans),
                    checksum_failed=hit.checksum_failed,
                    decoding=hit.decoding,
                    notes=paired.notes.get(key, ()),
                    confidence=hit.confidence,
                )
                for key, hit in enumerate(kept)
                if key in paired.keys
            ),
            dropped=+dropped,
            timed_out=tuple(sorted({self.rules[rule].id for rule, _ in found.timed_out})),
            capped=tuple(sorted(self.rules[rule].id for rule in found.capped)),
        )

    def _without_hits(self, found: Hits) -> Found:
        """Return what `judge` does where there is nothing to judge: most blobs."""
        timed_out = {self.rules[rule].id for rule, _ in found.timed_out}
        capped = {self.rules[rule].id for rule in found.capped}
        return Found((), found.dropped, tuple(sorted(timed_out)), tuple(sorted(capped)))

    def _first_of_each_rule(self, found: Hits) -> list[Hit]:
        """Return the hits by place, each once and of each rule no more than the cap; note what the cap cut off."""
        taken: Counter[int] = Counter()
        kept = []
        for hit in sorted(set(found.hits), key=lambda hit: (hit.start, hit.end, hit.rule)):
            taken[hit.rule] += 1
            if taken[hit.rule] <= MAX_MATCHES_PER_RULE:
                kept.append(hit)
        found.capped.update(rule for rule, count in taken.items() if count > MAX_MATCHES_PER_RULE)
        return kept

    def _without_overlaps(self, hits: list[Hit]) -> tuple[list[Hit], list[Hit]]:
        """Split hits into the best of each overlapping group and the rest; the same hit twice is one.

        Whether a rule for certain paths counts is not known before the path is, so it takes no other's place here.
        """
        kept = [hit for hit in hits if self.rules[hit.rule].path_pattern is not None]
        plain = [hit for hit in hits if self.rules[hit.rule].path_pattern is None]
        worse: list[Hit] = []
        for group in _overlapping(sorted(plain, key=lambda hit: (hit.start, hit.end))):
            taken: list[Hit] = []
            for hit in sorted(group, key=self._rank):
                clashes = any(self._clash(hit, other) for other in taken)
                (worse if clashes else taken).append(hit)
            kept += taken
        return kept, worse

    def _clash(self, hit: Hit, other: Hit) -> bool:
        """Return whether two hits speak of one secret: they overlap, in what was decoded if both come from there."""
        if hit.layer == other.layer and hit.layer:
            return hit.inner[0] < other.inner[1] and other.inner[0] < hit.inner[1]
        if hit.start >= other.end or other.start >= hit.end:
            return False
        rule, other_rule = self.rules[hit.rule], self.rules[other.rule]
        if hit.layer == other.layer or "generic" in rule.tags + other_rule.tags:
            return True
        return hit.secret == other.secret or rule.family == other_rule.family

    def _rank(self, hit: Hit) -> tuple[int, bool, int, int, bool, int, str]:
        return rank(
            self.rules[hit.rule],
            checksum_failed=hit.checksum_failed,
            depth=len(hit.decoding),
            length=hit.end - hit.start,
            confidence=hit.confidence,
        )


def _slices(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield half-open spans that cover `data`, so that what lies near a place on one line is in one span."""
    begin, size = 0, len(data)
    while size - begin > SLICE_BYTES:
        end = data.rfind(b"\n", begin, begin + SLICE_BYTES) + 1
        if end:
            yield begin, end
            begin = end
        else:
            yield begin, begin + SLICE_BYTES + SLICE_OVERLAP
            begin += SLICE_BYTES
    yield begin, size


def _joined(data: bytes, lines: list[tuple[int, int]]) -> tuple[str, list[int]]:
    """Return some lines as one text, divided by line feeds, and where each begins in it, in characters."""
    parts = [data[start:end] for start, end in lines]
    text = b"\n".join(parts).decode("utf-8", "surrogateescape")
    sizes: Iterable[int] = map(len, parts)
    if not text.isascii():
        sizes = (len(part.decode("utf-8", "surrogateescape")) for part in parts)
    return text, list(accumulate((size + 1 for size in sizes), initial=0))


def _window_chunk(data: bytes, start: int, end: int) -> tuple[Chunk, int]:
    """Return the window with what a look-behind may need before it, and the index at which it begins."""
    if start == 0 or data[start - 1] == _LINE_END:
        return decode_window(data, start, end), 0
    chunk = decode_window(data, max(0, start - LEAD_BYTES), end)
    return chunk, len(decode_window(data, chunk.offset, start).text)


def _overlapping(hits: list[Hit]) -> Iterator[list[Hit]]:
    """Yield groups of hits, which are sorted by place, whose spans overlap in a chain."""
    group: list[Hit] = []
    high = -1
    for hit in hits:
        if group and hit.start >= high:
            yield group
            group = []
        group.append(hit)
        high = max(high, hit.end) if len(group) > 1 else hit.end
    if group:
        yield group
