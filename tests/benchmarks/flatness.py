"""How throughput depends on the number of rules: `python -m tests.benchmarks.flatness FOLDER`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from scanner.engine.anchors import derive_anchor
from scanner.engine.matcher import Engine
from tests.engine.generated import generated_rules

COUNTS = (60, 500, 1_000)
ROUNDS = 5
MOST_BYTES = 30 << 20


def contents(folder: Path) -> list[bytes]:
    """Return files of a folder, up to MOST_BYTES together."""
    found, total = [], 0
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and total < MOST_BYTES:
            found.append(path.read_bytes())
            total += len(found[-1])
    return found


def main() -> int:
    """Print megabytes per processor second for each number of rules: the best of ROUNDS, taken in turns."""
    data = contents(Path(sys.argv[1]))
    engines = {count: _engine(count) for count in COUNTS}
    best = dict.fromkeys(COUNTS, float("inf"))
    for _ in range(ROUNDS):
        for count, engine in engines.items():
            begin = time.process_time()
            for one in data:
                engine.search(one)
            best[count] = min(best[count], time.process_time() - begin)
    size = sum(map(len, data)) / 1e6
    for count, seconds in best.items():
        sys.stdout.write(f"{count:5d} rules: {size / seconds:6.1f} MB/s\n")
    return 0


def _engine(count: int) -> Engine:
    rules = generated_rules(count)
    return Engine(rules, [derive_anchor(rule.pattern) for rule in rules])


if __name__ == "__main__":
    sys.exit(main())
