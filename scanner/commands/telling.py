"""Puts stories together: what is asked of git only for what was found, as authors, dates, blobs without a commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scanner.attribution.evidence import Evidence, inner_path
from scanner.attribution.facts import HEAD, Ref
from scanner.attribution.journey import follow
from scanner.attribution.mailmap import Mailmap
from scanner.attribution.stories import Reach, Standing, Teller
from scanner.attribution.threads import FirstPlace, Thread, is_introduction, places_of, threads_of
from scanner.chunks import regions
from scanner.commands.attributed import Accept, Attribution
from scanner.commands.console import now_s
from scanner.findings import Key, Seen
from scanner.model import BlobMatches, CommitStamp, Match, Occurrence, Provenance, Skip, State, Story
from scanner.sources import git
from scanner.sources.chronicle import Chronicle
from scanner.sources.history import index_places, text_provenance
from scanner.sources.objects import ObjectReader
from scanner.sources.tree_changes import blobs_below

_LAST = 1 << 60
_UNREACHABLE = "<unreachable blob>"
_TAGGED = "<tagged blob>"
_STAGED = "it is staged, and in no commit"
_LOST = "no commit has it: its path is lost"
_NAMED = "a ref names it without a commit: since when is not recorded"


class Telling:
    """Tells every story of one repository; `attribution` grows with each part that is added."""

    def __init__(
        self,
        repository: git.Repository,
        evidence: Evidence,
        chronicle: Chronicle,
        names: Sequence[Ref],
        reader: ObjectReader,
        accept: Accept,
        *,
        is_range: bool = False,
    ) -> None:
        self._repository, self._evidence, self._chronicle = repository, evidence, chronicle
        self._refs, self._reader, self._accept, self._is_range = names, reader, accept, is_range
        self._mailmap = self._read_mailmap()
        self._stamps: dict[str, CommitStamp] = {}
        self._counted: set[tuple[Key, str | None]] = set()
        self.attribution = Attribution([], {})

    def _read_mailmap(self) -> Mailmap:
        """Return the mailmap of HEAD, as git does where there is no work tree."""
        head = next((ref.oid for ref in self._refs if ref.name == HEAD), None)
        data = self._reader.read(f"{head}:.mailmap") if head else b""
        return Mailmap.parse(b"" if isinstance(data, Skip) else data)

    # --- what commits have -------------------------------------------------------------------------------

    def add_threads(self) -> None:
        """Add what some commit has at a path, or says itself."""
        facts, evidence = self._chronicle.facts, self._evidence
        numbers = {commit: number for number, commit in enumerate(facts.commits)}
        texts = {numbers[oid]: text for oid, text in evidence.texts.items() if oid in numbers}
        journey = follow(facts, evidence.contents, texts)
        standing = Standing(journey, facts, self._refs)
        threads = threads_of(journey, head=standing.head, tips=standing.tips, is_wanted=self._is_wanted)
        if self._is_range:
            threads = tuple(thread for thread in threads if any(map(is_introduction, thread.steps)))
        teller = Teller(
            journey=journey,
            facts=facts,
            standing=standing,
            stamp_of=lambda number: self._stamp(facts.commits[number]),
            line_of=evidence.line,
            now_s=now_s(),
            is_whole=self._chronicle.is_whole,
            is_range=self._is_range,
        )
        places = places_of(journey, threads)
        in_head = self._blobs_in_head() if standing.head else {}
        for thread in threads:
            self._add_thread(thread, places[thread], teller, in_head)

    def _is_wanted(self, secret: int, path: str) -> bool:
        kind = self._evidence.secrets[secret]
        return self._accept(kind.rule_id, inner_path(path, kind.member))

    def _blobs_in_head(self) -> dict[str, str]:
        head = next(ref.oid for ref in self._refs if ref.name == HEAD)
        return dict(blobs_below(self._repository, head, self._evidence.contents))

    def _add_thread(
        self, thread: Thread, places: Sequence[FirstPlace], teller: Teller, in_head: Mapping[str, str]
    ) -> None:
        kind = self._evidence.secrets[thread.secret]
        home = inner_path(thread.path, kind.member)
        contents: set[str] = set()
        current: Occurrence | None = None
        for path, content, number in places:
            found = self._evidence.matches(thread.secret, content)
            provenance = self._provenance(teller.facts.commits[number], inner_path(path, kind.member))
            oid = content.partition(" ")[0]
            contents.add(content)
            if path == thread.path and in_head.get(path) == oid:
                current = self._occurrence(provenance, oid, kind.value, found)
            if self._is_wanted(thread.secret, path):
                self.attribution.seen.extend(Seen(match, provenance, number, oid, home) for match in found)
        story = teller.story(thread, blob_count=len(contents), current=current)
        self.attribution.stories[kind.rule_id, kind.value, home] = story

    def _occurrence(self, provenance: Provenance, oid: str, value: str, found: Sequence[Match]) -> Occurrence | None:
        """Return the first place in a blob, by a match, or where no rule matches by a look for the text itself."""
        if found:
            return Occurrence(provenance, found[0].region, oid)
        data, text = self._reader.read(oid), value.encode("utf-8", "surrogateescape")
        start = -1 if isinstance(data, Skip) else data.find(text)
        if isinstance(data, Skip) or start < 0:
            return None
        span = start, start + len(text)
        return Occurrence(provenance, regions(data, [span])[span], oid)

    def _provenance(self, oid: str, path: str) -> Provenance:
        stamp = self._stamp(oid)
        return Provenance(path, oid, stamp.author, stamp.committer)

    def _stamp(self, oid: str) -> CommitStamp:
        if oid not in self._stamps:
            known = text_provenance(self._reader, oid, path="")
            self._stamps[oid] = CommitStamp(oid, self._mailmap(known.author), self._mailmap(known.committer))
        return self._stamps[oid]

    # --- what no commit has --------------------------------------------------------------------------------

    def add_unplaced(self) -> None:
        """Add the blobs that no commit has: those that a ref names, those of the index, those that nothing names."""
        left = self._evidence.blobs.keys() - self._chronicle.placed()
        if not left:
            return
        for ref in self._refs:
            if ref.commit is None:
                self._add_named(ref, left)
        for oid, paths in sorted(index_places(self._repository, left).items()):
            left.discard(oid)
            for path in paths:
                self._add_blob(oid, path, Story(State.UNREACHABLE, unknowns=(_STAGED,)))
        for oid in sorted(left):
            self._add_blob(oid, _UNREACHABLE, Story(State.UNREACHABLE, unknowns=(_LOST,)))

    def _add_named(self, ref: Ref, left: set[str]) -> None:
        is_blob = ref.target in left
        places = [(_TAGGED, ref.target)] if is_blob else list(blobs_below(self._repository, ref.target, left))
        for path, oid in places:
            left.discard(oid)
            story = Story(State.ON_OTHER_REFS, (), *Reach.of([ref.name], [ref.name]), unknowns=(_NAMED,))
            self._add_blob(oid, path, story)

    def _add_blob(self, oid: str, path: str, story: Story) -> None:
        for match in self._evidence.blobs[oid].matches:
            place = inner_path(path, match.member)
            if self._accept(match.rule_id, place):
                self._add(Seen(match, Provenance(place), _LAST, oid), story)

    def _add(self, seen: Seen, story: Story) -> None:
        """Add one place; the story that is known of the finding stays, and counts one blob more."""
        known = self.attribution.stories.get(seen.key, story)
        is_new = (seen.key, seen.blob_oid) not in self._counted
        self._counted.add((seen.key, seen.blob_oid))
        self.attribution.seen.append(seen)
        self.attribution.stories[seen.key] = replace(known, blob_count=known.blob_count + is_new)

    def add_texts_alone(self) -> None:
        """Add what annotated tags say, and what commits say of which the history is not known."""
        known = set(self._chronicle.facts.commits)
        for tag in self._evidence.tags:
            self._add_tag(tag)
        for oid in sorted(self._evidence.texts.keys() - known):
            for path, content in sorted(self._evidence.texts[oid].items()):
                provenance = self._provenance(oid, path)
                for number in sorted(self._evidence.contents[content]):
                    for match in self._evidence.matches(number, content):
                        self._add(Seen(match, provenance, _LAST, oid), Story(State.UNREACHABLE, unknowns=(_LOST,)))

    def _add_tag(self, tag: BlobMatches) -> None:
        known = text_provenance(self._reader, str(tag.oid), path=str(tag.path))
        source = replace(known, author=self._mailmap(known.author), committer=self._mailmap(known.committer))
        names = [ref.name for ref in self._refs if tag.oid in ref.tags]
        state = State.ON_OTHER_REFS if names else State.UNREACHABLE
        for match in tag.matches:
            if self._accept(match.rule_id, source.path):
                self._add(Seen(match, source, 0, tag.oid), Story(state, (), *Reach.of(names, names)))
