"""Which findings a report shows, in which order, and what it says of their state: the same in every format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from scanner.model import CONFIDENCES, SEVERITIES, Finding, Occurrence, Person, Region, Report, State
from scanner.reporters.document import iso_date

HEAD_STATES = frozenset({None, State.IN_HEAD})


def state_of(finding: Finding) -> State | None:
    """Return where the secret is today; None where no history was read, so that it is in the files themselves."""
    if finding.story is not None:
        return finding.story.state
    return State.REMOVED if finding.provenance.commit else None


def is_in_head(finding: Finding) -> bool:
    """Return whether the finding's file is there to be opened: in HEAD, or among the files that were scanned."""
    return state_of(finding) in HEAD_STATES


def is_open(finding: Finding) -> bool:
    """Return whether nobody has decided on the finding yet, and it is still found."""
    return finding.is_open


def open_findings(report: Report) -> tuple[Finding, ...]:
    """Return the findings that are neither suppressed nor gone, most urgent first."""
    return by_priority(filter(is_open, report.findings))


def by_priority(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return `findings`, most urgent first; equal ones by place, so that the order is always the same."""
    return tuple(sorted(findings, key=_urgency))


def by_file(findings: Iterable[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    """Yield each path with its findings in the order of its lines; the path with the most urgent finding first."""
    groups: dict[str, list[Finding]] = {}
    for finding in by_priority(findings):
        groups.setdefault(finding.provenance.path, []).append(finding)
    for path, group in groups.items():
        yield path, sorted(group, key=lambda one: (one.region.start_line, one.region.start_column, one.rule_id))


def _urgency(finding: Finding) -> tuple[int, int, int, int, str, int, int, str, str]:
    priority = finding.assessment.priority if finding.assessment else 0
    return (
        finding.baseline_state == "unchanged",
        -priority,
        SEVERITIES.index(finding.severity),
        CONFIDENCES.index(finding.confidence),
        finding.provenance.path,
        finding.region.start_line,
        finding.region.start_column,
        finding.rule_id,
        finding.fingerprint,
    )


def current_region(finding: Finding) -> Region:
    """Return where in its file the secret stands now; where it is not in HEAD, where it stood first."""
    story = finding.story
    return story.current.region if story and story.current else finding.region


def current_places(finding: Finding) -> tuple[Region, ...]:
    """Return where in its file the secret stands now, one place a line: the one of `current_region`, then the others.

    Of a secret that is not in HEAD that is the one place alone.
    """
    own = current_region(finding)
    if not is_in_head(finding):
        return (own,)
    own_path, current = finding.provenance.path, finding.story.current if finding.story else None
    if current is None:
        current = next(
            (one for one in finding.occurrences if (one.provenance.path, one.region) == (own_path, own)), None
        )
    here = [one.region for one in finding.occurrences if current and _is_same_text(one, current)]
    by_line = {own.start_line: own}
    for region in here:
        by_line.setdefault(region.start_line, region)
    return tuple(by_line.values())


def _is_same_text(one: Occurrence, other: Occurrence) -> bool:
    return (one.provenance.path, one.blob_oid) == (other.provenance.path, other.blob_oid)


def day(person: Person | None) -> str | None:
    """Return the date, YYYY-MM-DD in UTC, that a commit states; None if it states none."""
    date = iso_date(person.time_s) if person else None
    return date[:10] if date else None


def secret_identity(finding: Finding) -> str:
    """Return what findings on the same secret have in common, wherever they stand."""
    return finding.fingerprint.partition(":")[0]


def same_secret(findings: Iterable[Finding]) -> Mapping[str, tuple[Finding, ...]]:
    """Return the findings by `secret_identity`, only those of a secret that stands at several paths."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(secret_identity(finding), []).append(finding)
    return {identity: tuple(group) for identity, group in groups.items() if len(group) > 1}


class Counts(NamedTuple):
    """How many findings are open and new, known to the baseline, suppressed, and how many entries of it are gone."""

    open: int
    new: int
    unchanged: int
    suppressed: int
    absent: int


def counts(report: Report) -> Counts:
    """Return the counts that a summary tells; settled findings count, shown or not."""
    known = report.standing
    found = [finding for finding in report.findings if is_open(finding)]
    return Counts(
        len(found),
        sum(one.baseline_state != "unchanged" for one in found),
        known.unchanged,
        known.suppressed,
        len(known.absent),
    )


def story_words(finding: Finding) -> str:
    """Return the story in one sentence of plain words without names; empty if none is known."""
    story = finding.story
    if story is None:
        commit = finding.provenance.commit
        return f"First seen in commit {commit[:12]}." if commit else ""
    told = []
    if story.introduced:
        told.append(f"introduced {_stamp_words(story.introduced.commit.oid, story.introduced.commit.committer)}")
    if story.removed:
        told.append(f"removed {_stamp_words(story.removed.commit.oid, story.removed.commit.committer)}")
    if story.exposure_days is not None:
        told.append(f"exposed {story.exposure_days:,} day{'s' * (story.exposure_days != 1)}")
    state = _STATE_WORDS[story.state]
    return f"{state} ({'; '.join(told)})." if told else f"{state}."


_STATE_WORDS = {
    State.IN_HEAD: "Still in HEAD",
    State.ON_OTHER_REFS: "Not in HEAD, but on other branches or tags",
    State.REMOVED: "Removed from HEAD, still in history",
    State.UNREACHABLE: "On no branch any more, but still in the repository",
}


def _stamp_words(oid: str, person: Person | None) -> str:
    date = day(person)
    return f"{oid[:12]}, {date}" if date else oid[:12]
