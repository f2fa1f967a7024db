"""Write scanner/engine/language.json: which words and which pairs of characters people write.

    python -m tests.training.language [--check]

The text is what comes with every CPython: the sources of its standard library, their documentation strings and
the language reference that `help()` shows. Names are split into words at case changes and underscores, so that
the table knows identifiers as well as prose. Nothing is downloaded, and no scanned repository takes part.
"""

from __future__ import annotations

import json
import math
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

TABLE = Path(__file__).parents[2] / "scanner" / "engine" / "language.json"
MIN_FILES = 3
"""A word counts if that many files use it: fewer are names of one test."""

MAX_WORDS = 7_000
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NOT_WORDS = ("encodings", "test", "site-packages", "lib2to3", "unicodedata", "idlelib/Icons")


def sources() -> Iterator[str]:
    """Yield the text of each file of the standard library that is language rather than tables."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        if not any(part in str(path.relative_to(root)) for part in _NOT_WORDS):
            yield path.read_text(encoding="utf-8", errors="ignore")


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, names split at case changes."""
    return [word.lower() for word in _WORD.findall(text) if 2 <= len(word) <= 16]


def build() -> dict[str, object]:
    """Return the vocabulary and the cost in bits of each pair of letters, `^` and `$` being a word's ends."""
    files: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for text in sources():
        words = words_of(text)
        files.update(set(words))
        for word in set(words):
            marked = f"^{word}$"
            pairs.update(marked[i : i + 2] for i in range(len(marked) - 1))
    vocabulary = [word for word, count in files.most_common() if count >= MIN_FILES and len(word) >= 3][:MAX_WORDS]
    firsts: Counter[str] = Counter()
    for pair, count in pairs.items():
        firsts[pair[0]] += count
    letters = "abcdefghijklmnopqrstuvwxyz"
    costs = {
        first: [
            round(-math.log2((pairs[first + second] + 0.5) / (firsts[first] + 0.5 * 27)), 1) for second in letters + "$"
        ]
        for first in letters + "^"
    }
    return {"words": " ".join(sorted(vocabulary)), "pairs": costs}


def main() -> None:
    """Write the table, or with --check tell whether another Python would write a very different one."""
    table = json.dumps(build(), separators=(",", ":")) + "\n"
    if "--check" not in sys.argv:
        TABLE.write_text(table)
    print(f"{len(table)} bytes")


if __name__ == "__main__":
    main()
