"""Keywords before places are found on dense lines as on others."""

from __future__ import annotations

import random

import pytest

from scanner.engine.anchors import MAX_REACH, RUN, Keyword
from scanner.engine.candidates import long_runs
from scanner.engine.words import Words

TEXTS = ("token", "api_key", "secret", "signing.password", "$(key", "acme")
WORDS = [*TEXTS, "mytoken", "secretary", "Token", "x", "value", "signing", '"', "{", "}:", ",", "=", " ", "\n"]


def expected(data: bytes, places: list[tuple[int, int]], keywords: list[tuple[Keyword, int]]) -> set[tuple[int, int]]:
    out = set()
    low = data.lower()
    for start, end in places:
        begin = max(low.rfind(b"\n", 0, start) + 1, start - MAX_REACH, 0)
        for keyword, rule in keywords:
            text = keyword.text.encode()
            at = low.find(text, begin, end)
            while at >= 0:
                if not keyword.is_guarded or not low[at - 1 : at].isalpha():
                    out.add((start, rule))
                at = low.find(text, at + 1, end)
    return out


@pytest.mark.parametrize("seed", range(60))
def test_no_keyword_near_a_place_is_missed(seed: int) -> None:
    rng = random.Random(seed)
    keywords = [
        (Keyword(RUN, text, is_guarded=text.isalpha() and rng.random() < 0.5), i) for i, text in enumerate(TEXTS)
    ]
    weights = [1] * (len(WORDS) - 1) + [rng.choice([0, 1])]
    parts = []
    for _ in range(400):
        run = "".join(rng.choices("abcdef0123456789", k=rng.randrange(20, 50)))
        parts.append(run if rng.random() < 0.2 else rng.choices(WORDS, weights)[0] + rng.choice(["", " ", '"']))
    data = "".join(parts).encode()
    places = long_runs(data)
    out: list[tuple[int, int]] = []
    Words(keywords).find(data, places, out)
    assert set(out) >= expected(data, places, keywords)
    assert {start for start, _ in out} <= {start for start, _ in places}
