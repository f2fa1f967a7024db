"""How likely a match of a generic rule is a secret: a logistic model over the features of features.py.

The weights are made by tests/training/judge.py and described in docs/judge.md.
"""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from scanner.engine.features import NAMES, features
from scanner.engine.hit import Hit


class Verdict(NamedTuple):
    """A probability from 0 to 1, and the confidence that it earns: `medium`, `low`, or None for a match to drop."""

    probability: float
    confidence: str | None


class _Model(NamedTuple):
    bias: float
    weights: tuple[float, ...]
    medium: float
    low: float


@cache
def _model() -> _Model:
    document = json.loads(files("scanner.engine").joinpath("judge.json").read_bytes())
    weights = tuple(float(document["weights"][name]) for name in NAMES)
    return _Model(document["bias"], weights, document["medium"], document["low"])


def verdict(hit: Hit, kind: str) -> Verdict:
    """Return how likely `hit` is a secret; `kind` is one of features.KINDS, what its rule looks for."""
    model = _model()
    total = model.bias + sum(map(float.__mul__, model.weights, features(hit, kind)))
    probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
    if probability >= model.medium:
        return Verdict(probability, "medium")
    return Verdict(probability, "low" if probability >= model.low else None)


def strongest(hit: Hit, kind: str, count: int) -> list[tuple[str, float]]:
    """Return the features that moved the verdict most, each with what it added, the largest first."""
    moved = zip(NAMES, map(float.__mul__, _model().weights, features(hit, kind)), strict=True)
    return sorted(((name, share) for name, share in moved if abs(share) >= 0.05), key=lambda one: -abs(one[1]))[:count]
