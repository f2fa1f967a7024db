"""Finding -> Finding with an Assessment: how urgent, how long overdue, where else, for whom to see to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from scanner.environments import environment
from scanner.model import Assessment, Finding, Rule, State
from scanner.owners import Owners

ROTATION_DAYS: Mapping[str, int] = {
    "database-password": 90,
    "api-key": 180,
    "jwt-signing": 365,
    "encryption-key": 365,
    "certificate": 398,
    "service-account": 90,
    "oauth-token": 180,
    "webhook": 365,
    "other": 365,
}
"""After how many days a secret of a class is to be replaced, if the configuration says nothing else.

Cloud keys 90: CIS AWS Foundations 1.14. Certificates 398: the longest life that browsers accept (CA/Browser Forum
ballot SC-031). Keys 365: at most the cryptoperiods of NIST SP 800-57 part 1, table 1. The others are customary.
"""

_BASE = 80
_SEVERITY = {"critical": 1.0, "high": 0.75, "medium": 0.45, "low": 0.2}
_CONFIDENCE = {"high": 1.0, "medium": 0.8, "low": 0.5}
_STATE = {State.IN_HEAD: 1.0, State.ON_OTHER_REFS: 0.95, State.REMOVED: 0.9, State.UNREACHABLE: 0.7}
_ENVIRONMENT = {"production": 1.15, "staging": 1.0, "development": 0.9, "test": 0.6}
_CLIENT_SIDE, _OVERDUE, _MIXED = 1.2, 1.1, 1.15
_REUSE = ((10, 1.2), (3, 1.1), (2, 1.05))

_CLIENT_FOLDERS = frozenset({"public", "static", "dist", "www", "wwwroot", "htdocs", "assets", "webroot", "_next"})
_CLIENT_ENDINGS = (
    ".html",
    ".htm",
    ".js.map",
    ".css.map",
    ".jsx",
    ".tsx",
    ".vue",
    ".svelte",
    ".min.js",
    ".plist",
    ".swift",
)
_CLIENT_PATHS = re.compile(r"(?:^|/)(?:res/(?:values|raw)|app/src/main|ios|android)/")
_CLIENT_NAME = re.compile(
    r"\b(?:NEXT_PUBLIC|VITE|REACT_APP|EXPO_PUBLIC|NUXT_PUBLIC|GATSBY|VUE_APP|PUBLIC)_[A-Z0-9_]+|\bEXPOSED_TO_CLIENT\b"
)


def assess(
    findings: Iterable[Finding],
    rules: Mapping[str, Rule],
    *,
    rotation_days: Mapping[str, int] = ROTATION_DAYS,
    codeowners: str = "",
) -> tuple[Finding, ...]:
    """Return the findings with their assessments, in the order given.

    `rotation_days` maps rotation classes to the age at which a secret is overdue; `codeowners` is the text of a
    CODEOWNERS file. A secret that stands at several paths counts as reused, once for each path.
    """
    findings = tuple(findings)
    paths: dict[str, set[str]] = {}
    for finding in findings:
        paths.setdefault(_identity(finding), set()).add(finding.provenance.path)
    reuses = {identity: _reuse_of(its) for identity, its in paths.items()}
    owners = Owners.parse(codeowners)
    allowed_days = {**ROTATION_DAYS, **rotation_days}
    return tuple(
        replace(
            finding,
            assessment=_assessment(finding, rules[finding.rule_id], reuses[_identity(finding)], allowed_days, owners),
        )
        for finding in findings
    )


def _identity(finding: Finding) -> str:
    """Return the half of the fingerprint that is of the secret and not of its path."""
    return finding.fingerprint.partition(":")[0]


def _assessment(
    finding: Finding, rule: Rule, reuse: _Reuse, rotation_days: Mapping[str, int], owners: Owners
) -> Assessment:
    path = finding.provenance.path
    where = environment(path)
    is_client = is_client_side(path, finding.snippet.text)
    overdue = overdue_days(finding, rotation_days.get(rule.rotation_class, 0))
    factors = [
        (_SEVERITY[finding.severity], f"{finding.severity} severity"),
        (_CONFIDENCE[finding.confidence], f"{finding.confidence} confidence"),
        *_state_factor(finding),
        *([(_ENVIRONMENT[where], f"{where} by its path")] if where else []),
        *([(_CLIENT_SIDE, "reaches browsers or apps of users")] if is_client else []),
        *reuse.factors,
        *([(_OVERDUE, f"overdue for replacement by {overdue:,} days")] if overdue is not None else []),
    ]
    priority = float(_BASE)
    for factor, _ in factors:
        priority *= factor
    return Assessment(
        priority=max(1, min(100, round(priority))),
        reasons=tuple(f"{told} ({_effect(factor)})" for factor, told in factors),
        overdue_days=overdue,
        reuse_count=reuse.path_count,
        is_client_side=is_client,
        environment=where,
        owners=owners.of(path),
    )


def _effect(factor: float) -> str:
    return f"x {factor:g}"


def _state_factor(finding: Finding) -> list[tuple[float, str]]:
    return [(_STATE[finding.story.state], str(finding.story.state))] if finding.story else []


class _Reuse(NamedTuple):
    """At how many paths one secret stands, and what that adds."""

    path_count: int
    factors: tuple[tuple[float, str], ...]


def _reuse_of(paths: set[str]) -> _Reuse:
    """Return what reuse adds: by the number of paths, and more where production shares with anything else."""
    factor = next((factor for count, factor in _REUSE if len(paths) >= count), None)
    if factor is None:
        return _Reuse(len(paths), ())
    found = [(factor, f"the same secret stands at {len(paths)} paths")]
    environments = {environment(path) for path in paths} - {None}
    if "production" in environments and len(environments) > 1:
        others = ", ".join(sorted(str(one) for one in environments - {"production"}))
        found.append((_MIXED, f"shared between production and {others}"))
    return _Reuse(len(paths), tuple(found))


def overdue_days(finding: Finding, allowed_days: int) -> int | None:
    """Return by how many days the secret outlived `allowed_days`; None if it did not, or 0 allows any age.

    The age is that of its exposure, so it is a lower bound of the age of the secret. Dates that contradict each
    other prove nothing.
    """
    story = finding.story
    if not allowed_days or story is None or story.exposure_days is None or story.has_doubtful_dates:
        return None
    return story.exposure_days - allowed_days if story.exposure_days > allowed_days else None


def is_client_side(path: str, line: str = "") -> bool:
    """Return whether what stands there is sent to users: by its folder or ending, or by a name on its line."""
    lowered = path.lower()
    folders = set(lowered.split("/")[:-1])
    if environment(path) == "test":
        return False
    return bool(
        folders & _CLIENT_FOLDERS
        or lowered.endswith(_CLIENT_ENDINGS)
        or _CLIENT_PATHS.search(lowered)
        or _CLIENT_NAME.search(line)
    )
