"""A finding as a SARIF result: where it stands now, its way through the history, where else the secret is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import sarif_om as om

from scanner.model import BaselineEntry, EventKind, Finding, Region, StoryEvent, Suppression
from scanner.reporters.safe import Masker, printable
from scanner.reporters.selection import (
    current_places,
    current_region,
    day,
    is_in_head,
    secret_identity,
    state_of,
    story_words,
)

MAX_PLACES = 20
"""Results of one finding, one for each line of its file on which the secret stands: readers show no second location."""

MAX_RELATED = 20
MAX_LINKED = 5
MAX_EVENTS = 100
"""GitHub keeps 100 locations of a result and 1,000 of its flow, and shows only those that the message links to."""

_ROOT = "%SRCROOT%"
_EVENT_WORDS = {
    EventKind.INTRODUCED: "Introduced",
    EventKind.MOVED: "Moved",
    EventKind.REMOVED: "Removed",
    EventKind.REINTRODUCED: "Introduced again",
}


class Context(NamedTuple):
    """What a result needs from the rest of the report: the masker, the rules' places, and who shares a secret."""

    mask: Masker
    rule_index: Mapping[str, int]
    rule_name: Mapping[str, str]
    sharing: Mapping[str, tuple[Finding, ...]]


def places(finding: Finding) -> tuple[Region, ...]:
    """Return the places of a finding that get a result each; that of the finding itself is the first."""
    return current_places(finding)[:MAX_PLACES]


def result(finding: Finding, context: Context, *, place: int = 0) -> Any:
    """Return the result for one of the `places`; no secret, no name and no address of a person is in it."""
    mask = context.mask
    region = places(finding)[place]
    related = _related(finding, region, context)
    snippet = mask(finding.snippet.text) if region == finding.region else None
    return om.Result(
        rule_id=finding.rule_id,
        rule_index=context.rule_index[finding.rule_id],
        kind="fail",
        level=finding.level,
        message=om.Message(text=_message(finding, related, context)),
        locations=[_location(finding.provenance.path, region, mask, snippet=snippet)],
        related_locations=[
            _location(path, other, mask, number=number, told="The same secret.")
            for number, (path, other) in enumerate(related, 1)
        ]
        or None,
        partial_fingerprints=_fingerprints(finding, place),
        code_flows=_code_flows(finding, mask) if place == 0 else None,
        baseline_state=finding.baseline_state,
        rank=float(finding.assessment.priority) if finding.assessment else None,
        suppressions=[
            # sarif-om knows the property by the name it had in a draft of the standard: `state`.
            {"kind": one.kind, "status": "accepted", "justification": mask(_justification(one))}
            for one in finding.suppressions
        ]
        or None,
        properties=_properties(finding, mask),
    )


def _justification(one: Suppression) -> str:
    return f"{one.origin}: {one.justification}".rstrip(": ") if one.origin else one.justification


def absent_result(entry: BaselineEntry, mask: Masker) -> Any:
    """Return the result that tells of an entry of the baseline whose secret is gone."""
    return om.Result(
        rule_id=printable(entry.rule_id),
        kind="fail",
        level="note",
        message=om.Message(text="Known to the baseline, and no longer found."),
        # A baseline keeps no line: the beginning of the file stands for all of it, since readers want a region.
        locations=[_location(entry.path, Region(1, 1, 1, 1), mask)],
        partial_fingerprints={"baselineEntry/v1": f"{entry.secret_hash}:{entry.place_hash}"},
        baseline_state="absent",
    )


def _message(finding: Finding, related: Sequence[tuple[str, Region]], context: Context) -> str:
    """Return a first sentence that can be a title, then the story, then links to where else the secret is."""
    name = _plain(context.mask(context.rule_name[finding.rule_id])).rstrip(".")
    if is_in_head(finding):
        told = [f"{name}: replace it.", _plain(story_words(finding))]
    else:
        told = [f"{_plain(story_words(finding)).rstrip('.')}: rotate it ({name})."]
    if related:
        links = ", ".join(
            f"[{_plain(context.mask(path))}:{place.start_line}]({number})"
            for number, (path, place) in enumerate(related[:MAX_LINKED], 1)
        )
        more = len(related) - MAX_LINKED
        told.append(f"The same secret is at {links}{f' and {more} more places' if more > 0 else ''}.")
    return " ".join(filter(None, told))


def _plain(text: str) -> str:
    """Return text in which SARIF sees no link and no placeholder (3.11.5 and 3.11.6 of the standard)."""
    for special in "\\[]":
        text = text.replace(special, f"\\{special}")
    return text.replace("{", "{{").replace("}", "}}")


def _related(finding: Finding, own: Region, context: Context) -> list[tuple[str, Region]]:
    """Return the other places of the secret: at other paths first, then elsewhere in its own file."""
    path = finding.provenance.path
    others = context.sharing.get(secret_identity(finding), ())
    places = [(other.provenance.path, current_region(other)) for other in others[: MAX_RELATED * 2]]
    places += [(o.provenance.path, o.region) for o in finding.occurrences[: MAX_RELATED * 5]]
    return [place for place in dict.fromkeys(places) if place != (path, own)][:MAX_RELATED]


def _location(
    path: str, region: Region, mask: Masker, *, snippet: str | None = None, number: int = -1, told: str = ""
) -> Any:
    return om.Location(
        id=number,
        message=om.Message(text=told) if told else None,
        physical_location=om.PhysicalLocation(
            artifact_location=om.ArtifactLocation(uri=uri(path, mask), uri_base_id=_ROOT),
            region=om.Region(
                start_line=region.start_line,
                start_column=region.start_column,
                end_line=region.end_line,
                end_column=region.end_column,
                snippet=om.ArtifactContent(text=snippet) if snippet else None,
            ),
        ),
    )


def uri(path: str, mask: Masker) -> str:
    """Return a relative reference of RFC 3986: any byte of a path is kept, secrets are masked."""
    return quote(mask.hide(path).encode("utf-8", "surrogateescape"), safe="/") or "unknown"


def _fingerprints(finding: Finding, place: int) -> dict[str, str]:
    """Return the identities. GitHub makes its own hash of the line where the file can be opened, so it is left out.

    The results of one finding share its fingerprint; a number tells them apart.
    """
    prints = {"secretFingerprint/v1": finding.fingerprint}
    if place:
        prints["placeInFile/v1"] = str(place + 1)
    if not is_in_head(finding):
        secret, _, path = finding.fingerprint.partition(":")
        prints["primaryLocationLineHash"] = f"{secret[:16]}{path[:16]}:1"
    return prints


def _code_flows(finding: Finding, mask: Masker) -> list[Any] | None:
    events = finding.story.events if finding.story else ()
    if not events:
        return None
    kept = [*events[: MAX_EVENTS - 1], events[-1]] if len(events) > MAX_EVENTS else list(events)
    flow = om.ThreadFlow(
        locations=[
            om.ThreadFlowLocation(location=_event_location(event, mask), execution_order=i, importance="essential")
            for i, event in enumerate(kept, 1)
        ]
    )
    return [om.CodeFlow(thread_flows=[flow], message=om.Message(text="The way of the secret through the history."))]


def _event_location(event: StoryEvent, mask: Masker) -> Any:
    date = day(event.commit.committer)
    source = f" from '{_plain(mask(event.from_path))}'" if event.from_path is not None else ""
    told = f"{_EVENT_WORDS[event.kind]}{source} in commit {event.commit.oid[:12]}{f' on {date}' if date else ''}."
    line = event.start_line or 1
    return om.Location(
        message=om.Message(text=told),
        physical_location=om.PhysicalLocation(
            artifact_location=om.ArtifactLocation(uri=uri(event.path, mask), uri_base_id=_ROOT),
            region=om.Region(start_line=line),
        ),
    )


def _properties(finding: Finding, mask: Masker) -> dict[str, Any]:
    made, story = finding.assessment, finding.story
    found: dict[str, Any] = {
        "severity": finding.severity,
        "confidence": finding.confidence,
        "state": state_of(finding),
        "commit": finding.provenance.commit,
        "occurrences": len(finding.occurrences) + finding.more_occurrences,
        "notes": [mask(note) for note in finding.notes],
        "decoding": list(finding.decoding),
    }
    if story:
        found |= {"exposureDays": story.exposure_days, "branches": [mask(name) for name in story.branches[:20]]}
        found |= {"tagsReaching": [mask(name) for name in story.tags[:20]]}
    if made:
        found |= {"priority": made.priority, "priorityReasons": [mask(reason) for reason in made.reasons]}
        found |= {"overdueDays": made.overdue_days, "owners": [mask(owner) for owner in made.owners]}
    return {key: value for key, value in found.items() if value not in (None, [], "")}
