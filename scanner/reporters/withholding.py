"""What a report leaves out it must not tell by accident: secrets of findings that are not shown hide in paths too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from scanner.model import CommitStamp, Finding, Person, Provenance, Report, Standing, Story, StoryEvent
from scanner.reporters.safe import Masker

Hide = Callable[[str], str]


def withhold(
    found: Sequence[Finding], shown: Sequence[Finding], standing: Standing
) -> tuple[tuple[Finding, ...], Standing]:
    """Return `shown` and `standing` without the secrets of those of `found` that are not shown.

    A reporter masks the secrets of the findings that it shows, in all strings; it knows no other ones. A word that was
    found with low confidence is most likely no secret, and the name of many a folder: a path without it leads nowhere.
    """
    kept = {finding.secret.value for finding in shown}
    left_out = [finding for finding in found if finding.secret.value not in kept and not _is_mere_word(finding)]
    if not left_out:
        return tuple(shown), standing
    hide = Masker(left_out, show_secrets=False).hide
    return tuple(_finding(finding, hide) for finding in shown), _standing(standing, hide)


def _is_mere_word(finding: Finding) -> bool:
    from scanner.engine.strength import is_wordy

    value = finding.secret.value
    return finding.confidence == "low" and finding.is_open and value.isalpha() and is_wordy(value)


def as_shown(report: Report, *, show_suppressed: bool) -> Report:
    """Return the report as a reader sees it: without what is settled, unless that was asked for."""
    if show_suppressed:
        return report
    shown = [finding for finding in report.findings if finding.is_open]
    findings, standing = withhold(report.findings, shown, report.standing)
    return replace(report, findings=findings, standing=standing)


def _standing(standing: Standing, hide: Hide) -> Standing:
    return replace(
        standing,
        absent=tuple(replace(e, path=hide(e.path), reason=hide(e.reason)) for e in standing.absent),
        stale=tuple(map(hide, standing.stale)),
        notes=tuple(map(hide, standing.notes)),
    )


def _finding(finding: Finding, hide: Hide) -> Finding:
    return replace(
        finding,
        provenance=_provenance(finding.provenance, hide),
        notes=tuple(map(hide, finding.notes)),
        occurrences=tuple(replace(o, provenance=_provenance(o.provenance, hide)) for o in finding.occurrences),
        story=_story(finding.story, hide) if finding.story else None,
    )


def _provenance(source: Provenance, hide: Hide) -> Provenance:
    return Provenance(hide(source.path), source.commit, _person(source.author, hide), _person(source.committer, hide))


def _person(person: Person | None, hide: Hide) -> Person | None:
    return person and person._replace(name=hide(person.name), email=hide(person.email))


def _story(story: Story, hide: Hide) -> Story:
    return replace(
        story,
        events=tuple(_event(event, hide) for event in story.events),
        branches=tuple(map(hide, story.branches)),
        tags=tuple(map(hide, story.tags)),
    )


def _event(event: StoryEvent, hide: Hide) -> StoryEvent:
    stamp = event.commit
    return event._replace(
        path=hide(event.path),
        commit=CommitStamp(stamp.oid, _person(stamp.author, hide), _person(stamp.committer, hide)),
        from_path=event.from_path and hide(event.from_path),
    )
