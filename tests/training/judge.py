"""Write scanner/engine/judge.json, the weights of the judge, and print how good they are on unseen projects.

    python -m tests.training.judge --labelled CORPUS/creddata/dev --quiet TREE [--quiet TREE ...] [--check]

CORPUS/creddata/dev holds `files/` and `labels.jsonl` (path, line, line_end, value, label, core, group). Its true
values are random scrambles, so half as many made-up secrets are mixed in, and each true password is shown a second
time with a password such as people choose. A quiet tree holds code without secrets: whatever fires there is false.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from scanner.engine.features import NAMES, features
from scanner.engine.hit import Hit
from tests.training.candidates import Candidate, invented, labelled, quiet
from tests.training.invented import password
from tests.training.logistic import Sample, Weights, fit

WEIGHTS = Path(__file__).parents[2] / "scanner" / "engine" / "judge.json"
PENALTY = 3.0
MEDIUM = 0.6
LOW = 0.2
INVENTED = 1_500
_CHOSEN_KINDS = ("password", "command", "call", "directive", "url")


class Row(NamedTuple):
    """A sample and the project that it is from."""

    project: str
    sample: Sample
    is_labelled: bool
    is_chosen: bool


def rows_of(found: Iterable[Candidate], *, seed: int = 3) -> list[Row]:
    """Return the candidates as samples; true passwords come twice, the second time as people choose them."""
    draw = random.Random(seed)
    rows = []
    for one in found:
        sample = Sample(features(one.hit, one.kind), bool(one.label), 0.4 if one.label is None else 1.0)
        rows.append(Row(one.project, sample, one.label is not None, False))
        if one.label and one.kind in _CHOSEN_KINDS and '"' not in one.hit.secret:
            chosen = _with_secret(one.hit, password(draw))
            rows.append(Row(one.project, Sample(features(chosen, one.kind), True, 0.5), False, True))
    return rows


def _with_secret(hit: Hit, value: str) -> Hit:
    text = hit.text[: hit.start] + value + hit.text[hit.end :]
    return Hit(text, hit.start, hit.start + len(value), hit.name_start, hit.name_end)


def cross_validate(rows: Sequence[Row], extra: Sequence[Sample]) -> list[tuple[Row, float]]:
    """Return each row with its probability under weights that never saw its project."""
    judged = []
    for project in sorted({row.project for row in rows}):
        weights = fit([row.sample for row in rows if row.project != project] + list(extra), penalty=PENALTY)
        judged += [(row, weights.probability(row.sample.features)) for row in rows if row.project == project]
    return judged


def tell(judged: Sequence[tuple[Row, float]]) -> None:
    """Print precision and recall on unseen projects at several thresholds."""
    for step in range(2, 10):
        limit = step / 10
        labels = [(row.sample.is_secret, p >= limit) for row, p in judged if row.is_labelled]
        true = sum(a and b for a, b in labels)
        false = sum(b and not a for a, b in labels)
        chosen = [p >= limit for row, p in judged if row.is_chosen]
        precision, recall = true / max(1, true + false), true / max(1, sum(a for a, _ in labels))
        human = sum(chosen) / max(1, len(chosen))
        print(f"from {limit}: precision {precision:.3f} recall {recall:.3f} recall of chosen passwords {human:.3f}")


def write(weights: Weights) -> None:
    """Write the weights with the thresholds."""
    document = {
        "bias": round(weights.bias, 4),
        "medium": MEDIUM,
        "low": LOW,
        "weights": {name: round(value, 4) for name, value in zip(NAMES, weights.weights, strict=True)},
    }
    WEIGHTS.write_text(json.dumps(document, indent=1) + "\n")


def main() -> None:
    """Train, cross-validate, write."""
    parser = argparse.ArgumentParser(description="Train the judge.")
    parser.add_argument("--labelled", type=Path, required=True)
    parser.add_argument("--quiet", type=Path, action="append", default=[])
    parser.add_argument("--check", action="store_true", help="cross-validate only, write nothing")
    options = parser.parse_args()
    rows = rows_of(labelled(options.labelled))
    calm = [Sample(features(one.hit, one.kind), False) for one in quiet(options.quiet)]
    made_up = [Sample(features(one.hit, one.kind), True, 0.4) for one in invented(5, INVENTED)]
    extra = [*calm, *made_up]
    print(f"{len(rows)} labelled candidates, {len(calm)} of quiet trees, {len(made_up)} made up")
    tell(cross_validate(rows, extra))
    if not options.check:
        write(fit([row.sample for row in rows] + extra, penalty=PENALTY))


if __name__ == "__main__":
    main()
