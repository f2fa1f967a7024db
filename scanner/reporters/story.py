"""A story in words: one line under a finding, or all of it."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model import CommitStamp, EventKind, Finding, Occurrence, Person, State, Story, StoryEvent
from scanner.reporters import RenderOptions
from scanner.reporters.document import iso_date
from scanner.reporters.people import name_and_address
from scanner.reporters.safe import Masker

_SHORT = 12
"""Digits of an object id: enough to be the only one in a large repository."""


def story_line(finding: Finding, options: RenderOptions, mask: Masker) -> str:
    """Return the story of a finding in one line."""
    story = finding.story
    if story is None:
        return ""
    parts = [*_beginning(story, finding.provenance.path, options, mask), *_end(story, mask)]
    doubt = " (the dates are doubtful)" if story.has_doubtful_dates and story.introduced else ""
    return ", ".join(parts) + doubt


def _beginning(story: Story, path: str, options: RenderOptions, mask: Masker) -> Iterator[str]:
    event = story.introduced
    if event is None:
        yield "introduced by a commit that is not known"
        return
    told = f"introduced {_commit(event.commit, options, mask)}"
    yield told if event.path == path else f"{told} as {mask(event.path)}"


def _end(story: Story, mask: Masker) -> Iterator[str]:
    removed, days = story.removed, story.exposure_days
    if removed is not None and story.state is not State.IN_HEAD:
        is_over = story.state in (State.REMOVED, State.UNREACHABLE)
        after = f" after {_days(days)}" if days is not None and is_over else ""
        yield f"removed {removed.commit.oid[:_SHORT]}{after}"
    if story.state is State.IN_HEAD:
        yield "in HEAD" if days is None else f"in HEAD after {_days(days)}"
    elif story.state is State.ON_OTHER_REFS:
        yield f"still on {_named(story.present_in, story.more_refs[3], mask)}"
    elif story.state is State.REMOVED:
        yield f"still reachable from {_counted(story)}"
    else:
        yield "no branch and no tag reaches it"


def _commit(stamp: CommitStamp, options: RenderOptions, mask: Masker) -> str:
    date = day(stamp.committer)
    told = stamp.oid[:_SHORT] + (f" on {date}" if date else "")
    return told + (f" by {name_and_address(stamp.author, options, mask)}" if stamp.author else "")


def day(person: Person | None) -> str:
    """Return a person's date as YYYY-MM-DD in UTC, or nothing where there is none."""
    return (iso_date(person.time_s) or "")[:10] if person else ""


def _days(count: int) -> str:
    return f"{count:,} day{'s' * (count != 1)}"


def _counted(story: Story) -> str:
    counts = [len(names) for names in (story.branches, story.tags, story.other_refs)]
    words = ("branch", "es"), ("tag", "s"), ("other ref", "s")
    told = [
        f"{count + more:,} {word}{ending * (count + more != 1)}"
        for count, more, (word, ending) in zip(counts, story.more_refs, words, strict=False)
        if count
    ]
    return " and ".join(told)


def _named(names: tuple[str, ...], left_out: int, mask: Masker) -> str:
    more = len(names) + left_out - 3
    told = ", ".join(mask(name) for name in names[:3])
    return f"{told} and {more} more" if more > 0 else told or "another ref"


def whole_story(finding: Finding, options: RenderOptions, mask: Masker) -> Iterator[str]:
    """Yield all that is known of a finding's history, line by line."""
    story = finding.story
    if story is None:
        yield "no history was read: scan with --history, --range or --since"
        return
    yield story_line(finding, options, mask)
    yield f"state: {story.state}"
    yield from (_event(event, options, mask) for event in story.events)
    if story.more_events:
        yield f"  {story.more_events:,} more events are not in this report (scan with --all-occurrences)"
    if story.current:
        yield f"in HEAD: {mask(story.current.provenance.path)}:{story.current.region.start_line}"
    told = (
        ("branches whose history has it", story.branches),
        ("tags whose history has it", story.tags),
        ("other refs whose history has it", story.other_refs),
        ("newest commit still has it", story.present_in),
    )
    for (what, names), more in zip(told, story.more_refs, strict=True):
        if names:
            rest = f" and {more:,} more" if more else ""
            yield f"{what}: {', '.join(map(mask, names))}{rest}"
    yield from occurrence_lines(finding, mask)
    yield from (f"not known: {mask(text)}" for text in story.unknowns)


def occurrence_lines(finding: Finding, mask: Masker) -> Iterator[str]:
    """Yield every place of a finding that is known, a line each, after a line that counts them."""
    total = len(finding.occurrences) + finding.more_occurrences
    blobs = f" in {finding.story.blob_count:,} blob{'s' * (finding.story.blob_count != 1)}" if finding.story else ""
    yield f"places: {total:,}{blobs}"
    yield from (_place(place, mask) for place in finding.occurrences)
    if finding.more_occurrences:
        yield f"  {finding.more_occurrences:,} more are not in this report (scan with --all-occurrences)"


def _event(event: StoryEvent, options: RenderOptions, mask: Masker) -> str:
    place = mask(event.path) + (f":{event.start_line}" if event.start_line else "")
    origin = f" from {mask(event.from_path)}" if event.kind is EventKind.MOVED and event.from_path else ""
    authored, committed = day(event.commit.author), day(event.commit.committer)
    written = f", written {authored}" if authored and authored != committed else ""
    return f"  {event.kind}: {_commit(event.commit, options, mask)}{written}: {place}{origin}"


def _place(place: Occurrence, mask: Masker) -> str:
    source = place.provenance
    commit = f"  commit {source.commit[:_SHORT]}" if source.commit else ""
    blob = f"  blob {place.blob_oid[:_SHORT]}" if place.blob_oid else ""
    return f"  {mask(source.path)}:{place.region.start_line}{commit}{blob}"
