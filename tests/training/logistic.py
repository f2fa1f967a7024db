"""Logistic regression by Newton's method in plain Python: no dependency, the same weights on every machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul
from typing import NamedTuple

ROUNDS = 12


class Sample(NamedTuple):
    """Features, whether it is a secret, and how much it counts."""

    features: Sequence[float]
    is_secret: bool
    weight: float = 1.0


class Weights(NamedTuple):
    """A bias, and one weight for each feature."""

    bias: float
    weights: tuple[float, ...]

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability that the features are those of a secret."""
        total = self.bias + sum(map(mul, self.weights, features))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def fit(samples: Sequence[Sample], *, penalty: float) -> Weights:
    """Return the weights with the least weighted log loss plus `penalty` times half their squares.

    Features are scaled to mean 0 and deviation 1 first, so that the penalty treats them alike; the weights that
    come back are for the features as they are.
    """
    means, scales = _moments(samples)
    rows = [[1.0, *((x - m) / s for x, m, s in zip(one.features, means, scales, strict=True))] for one in samples]
    weights = [0.0] * len(rows[0])
    for _ in range(ROUNDS):
        gradient = [penalty * w for w in weights]
        gradient[0] = 0.0
        curvature = [[0.0] * len(weights) for _ in weights]
        for row, one in zip(rows, samples, strict=True):
            guess = 1 / (1 + math.exp(-max(-30.0, min(30.0, sum(map(mul, weights, row))))))
            error, bend = one.weight * (guess - one.is_secret), max(one.weight * guess * (1 - guess), 1e-9)
            for i, value in enumerate(row):
                if value:
                    gradient[i] += error * value
                    scaled, line = bend * value, curvature[i]
                    line[: i + 1] = [a + scaled * b for a, b in zip(line, row[: i + 1], strict=False)]
        step = _solve(curvature, gradient, penalty)
        weights = [w - s for w, s in zip(weights, step, strict=True)]
        if max(map(abs, step)) < 1e-4:
            break
    plain = [w / s for w, s in zip(weights[1:], scales, strict=True)]
    return Weights(weights[0] - sum(map(mul, plain, means)), tuple(plain))


def _moments(samples: Sequence[Sample]) -> tuple[list[float], list[float]]:
    columns = list(zip(*(one.features for one in samples), strict=True))
    means = [sum(column) / len(column) for column in columns]
    variances = [sum((x - m) ** 2 for x in column) / len(column) for column, m in zip(columns, means, strict=True)]
    return means, [math.sqrt(v) if v > 1e-12 else 1.0 for v in variances]


def _solve(lower: list[list[float]], right: list[float], penalty: float) -> list[float]:
    """Return x of A x = right, A being symmetric with the lower half given and `penalty` added to its diagonal."""
    size = len(right)
    factor = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = lower[i][j] + (penalty if i == j and i else 0.0) - sum(map(mul, factor[i][:j], factor[j][:j]))
            factor[i][j] = math.sqrt(max(rest, 1e-12)) if i == j else rest / factor[j][j]
    forward: list[float] = []
    for i in range(size):
        forward.append((right[i] - sum(map(mul, factor[i][:i], forward))) / factor[i][i])
    solution = [0.0] * size
    for i in reversed(range(size)):
        done = sum(factor[j][i] * solution[j] for j in range(i + 1, size))
        solution[i] = (forward[i] - done) / factor[i][i]
    return solution
