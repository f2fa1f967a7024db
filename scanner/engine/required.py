"""Texts that every match of a pattern holds, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterable

from scanner.engine.sequences import Sequence, literal_runs

MIN_LITERAL = 3
"""A shorter text stands on too many lines to tell anything."""

MAX_TEXTS = 16
COMMON = frozenset(
    [
        *("access", "account", "api", "auth", "client", "code", "config", "connection", "credential", "http", "https"),
        *("key", "name", "pass", "passw", "passwd", "password", "private", "pwd", "secret", "token", "url", "user"),
    ]
)
"""Words that stand on many lines that hold no credential."""


def required_texts(options: Iterable[Sequence]) -> tuple[tuple[str, ...], ...]:
    """Return sets of texts, the most telling first; every match of one of the sequences holds one text of each.

    A text that all the sequences hold is a set by itself; others are made of one text of each sequence: its longest
    that is no common word, its first, its last.
    """
    texts = [[text.lower() for text, *_ in literal_runs(items)] for items in options]
    shared = [one for one in texts[0] if all(any(one in text for text in other) for other in texts)] if texts else []
    best = max(shared, key=len, default="")
    if _is_telling(best):
        return ((best,),)
    telling = [max(filter(_is_telling, own), key=len, default="") for own in texts]
    long = [[text for text in own if len(text) >= MIN_LITERAL] or [""] for own in texts]
    sets = (frozenset(one) for one in (telling, [own[0] for own in long], [own[-1] for own in long]))
    usable: list[frozenset[str]] = []
    for one in sets:
        if one and len(one) <= MAX_TEXTS and "" not in one and not any(other <= one for other in usable):
            usable.append(one)
    return tuple(tuple(sorted(one)) for one in usable)


def _is_telling(text: str) -> bool:
    return len(text) >= MIN_LITERAL and text.strip("_-") not in COMMON
