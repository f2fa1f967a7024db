"""Candidates to matches: run the few patterns that can apply, under a time limit, and judge what they find."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from typing import Any

from scanner.chunks import byte_offset, decode_window, line_bounds
from scanner.engine import checksums
from scanner.engine.anchors import Anchor, is_head
from scanner.engine.candidates import Dispatcher
from scanner.engine.entropy import is_below_entropy
from scanner.engine.hit import Filter, hit_of
from scanner.engine.hit import Hit as Context
from scanner.engine.hits import Found, Hit, Hits
from scanner.engine.judgement import judged
from scanner.engine.patterns import Patterns
from scanner.engine.windows import (
    Candidate,
    Sights,
    Window,
    add_window,
    around_match,
    block_windows,
    line_windows,
)
from scanner.model import Chunk, Rule

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

MAX_TRIED_PER_RULE = 100_000
"""Hits of one rule that are judged in one search, dropped ones too, so that its time has a bound."""

MAX_TIMEOUTS_PER_RULE = 5
"""Windows of one search in which a rule may run out of time; it is not tried in the others, which count as well."""


_LINE_END = 10


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
        self._sights = Sights(self._anchors, patterns)
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
        near = {rule: list(self._near_core(rule, data, parts[rule])) for rule in parts}
        out = {rule: sorted(lines.get(rule, []) + near.get(rule, [])) for rule in {**lines, **near}}
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
        """Yield, for some parts of long lines in order, what is near to where the pattern can match."""
        sight = self._sights[rule]
        near: list[Window] = []
        for start, end in parts:
            search = self._patterns.quickest(rule, end - start).finditer
            chunk, first = _window_chunk(data, start, end)
            timeout_s = self._timeout_s + len(chunk.text) / 1e6
            try:
                for hit in search(chunk.text, pos=first, overlapped=True, timeout=timeout_s):
                    place = byte_offset(chunk, hit.start()), byte_offset(chunk, hit.end())
                    add_window(near, around_match(data, *place, sight))
            except TimeoutError:
                add_window(near, around_match(data, start, end, sight))
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
        """Return the matches among the hits of one blob (`judgement`); `data` is its whole content, as searched."""
        return judged(self.rules, data, found)


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
