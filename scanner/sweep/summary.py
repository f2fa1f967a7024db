"""All that a store knows, as one document of plain values: totals, worst, oldest, reused, failed. Nothing secret."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from scanner.model import SEVERITIES
from scanner.sweep.store import Store
from scanner.sweep.values import FoundSecret

SCHEMA_VERSION = "1.0"
MAX_LISTED = 100
_WEIGHT = {"critical": 1_000, "high": 100, "medium": 10, "low": 1}


def summary_of(store: Store) -> dict[str, Any]:
    """Return the merged document; the same store gives the same document."""
    repositories = [_repository(store, row) for row in store.repositories()]
    found = list(store.findings())
    by_repository: dict[str, list[FoundSecret]] = {}
    for owner, secret in found:
        by_repository.setdefault(owner, []).append(secret)
    for entry in repositories:
        entry["findings"] = _by_severity(by_repository.get(entry["id"], ()))
    sweep, is_open = store.sweep_state()
    return {
        "schema_version": SCHEMA_VERSION,
        "sweep": {"id": sweep, "is_finished": not is_open},
        "totals": _totals(repositories, found),
        "worst": _worst(repositories),
        "oldest": _oldest(found),
        "reused": _reused(found),
        "failures": [
            {"id": e["id"], "error": e["error"], "attempts": e["attempts"]} for e in repositories if e["error"]
        ],
        "not_searched": store.gaps,
        "incomplete": [{"id": e["id"], "skipped": e["skipped"]} for e in repositories if e["skipped"]],
        "repositories": repositories,
    }


def _repository(store: Store, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "location": row["location"],
        "status": row["status"],
        "error": row["error"],
        "attempts": row["attempts"],
        "is_complete": bool(row["is_complete"]) and row["status"] == "read",
        "rules_digest": row["rules_digest"],
        "skipped": skipped_in(store.document(row["id"])),
        "blobs": row["read_blobs"],
        "bytes": row["read_bytes"],
    }


def skipped_in(document: bytes) -> dict[str, int]:
    """Return how many things a saved report says were not read, by reason; nothing for an empty document."""
    listed = json.loads(document)["coverage"].get("skipped", ()) if document else ()
    return dict(sorted(Counter(str(skip["reason"]) for skip in listed).items()))


def _by_severity(found: Iterable[FoundSecret]) -> dict[str, int]:
    counted = Counter(secret.severity for secret in found)
    return {severity: counted[severity] for severity in SEVERITIES}


def _totals(repositories: list[dict[str, Any]], found: list[tuple[str, FoundSecret]]) -> dict[str, Any]:
    return {
        "repositories": len(repositories),
        "read": sum(entry["status"] == "read" for entry in repositories),
        "failed": sum(entry["status"] == "failed" for entry in repositories),
        "incomplete": sum(entry["status"] == "read" and not entry["is_complete"] for entry in repositories),
        "with_findings": len({owner for owner, _ in found}),
        "findings": len(found),
        "distinct_secrets": len({secret.cluster for _, secret in found}),
        "by_severity": _by_severity(secret for _, secret in found),
        "by_state": dict(sorted(Counter(secret.state for _, secret in found).items())),
        "by_rule": dict(sorted(Counter(secret.rule_id for _, secret in found).items())),
        "bytes": sum(entry["bytes"] for entry in repositories),
    }


def score(findings: Mapping[str, int]) -> int:
    """Return the weight of a repository's findings: one of a severity outweighs nine of the next."""
    return sum(_WEIGHT[severity] * count for severity, count in findings.items())


def _worst(repositories: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ranked = sorted(repositories, key=lambda entry: (-score(entry["findings"]), entry["id"]))
    return [{"id": e["id"], "findings": e["findings"]} for e in ranked[:MAX_LISTED] if score(e["findings"])]


def _oldest(found: list[tuple[str, FoundSecret]]) -> list[dict[str, Any]]:
    known = [(owner, secret) for owner, secret in found if secret.exposure_days is not None]
    known.sort(key=lambda pair: (-(pair[1].exposure_days or 0), pair[0], pair[1].path, pair[1].fingerprint))
    return [_place(owner, secret) for owner, secret in known[:MAX_LISTED]]


def _reused(found: list[tuple[str, FoundSecret]]) -> list[dict[str, Any]]:
    """Return the secrets that stand in more than one place: most repositories first."""
    clusters: dict[str, list[tuple[str, FoundSecret]]] = {}
    for owner, secret in found:
        clusters.setdefault(secret.cluster, []).append((owner, secret))
    many = [(cluster, places) for cluster, places in clusters.items() if len(places) > 1]
    many.sort(key=lambda pair: (-len({owner for owner, _ in pair[1]}), -len(pair[1]), pair[0]))
    return [
        {
            "cluster": cluster,
            "rule_id": places[0][1].rule_id,
            "severity": min((s.severity for _, s in places), key=SEVERITIES.index),
            "repositories": sorted({owner for owner, _ in places}),
            "environments": sorted({environment for _, s in places if (environment := environment_of(s.path))}),
            "places": [_place(owner, secret) for owner, secret in places[:MAX_LISTED]],
        }
        for cluster, places in many
    ]


_ENVIRONMENTS = {
    "production": ("prod", "production", "live"),
    "staging": ("staging", "stage", "preprod", "uat"),
    "development": ("dev", "development", "local"),
    "test": ("test", "tests", "spec", "fixtures"),
}


def environment_of(path: str) -> str:
    """Return the environment that a path names in one of its words, or an empty text."""
    words = set("".join(c if c.isalnum() else " " for c in path.lower()).split())
    return next((name for name, marks in _ENVIRONMENTS.items() if words.intersection(marks)), "")


def _place(owner: str, secret: FoundSecret) -> dict[str, Any]:
    return {"repository": owner, **secret._asdict()}
