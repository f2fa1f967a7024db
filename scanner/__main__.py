"""python -m scanner."""

from __future__ import annotations

import gc
import os
import sys

_ALLOCATIONS = 100_000
"""New objects between two searches for garbage: what a scan makes holds few cycles, and a search goes through all."""


def main() -> int:
    """Return the exit code of the command line.

    The folder one stands in leaves `sys.path` first: a scanned folder may hold modules of its own.
    """
    here = os.getcwd() if os.path.isdir(os.curdir) else ""
    own = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    sys.path[:] = [entry for entry in sys.path if entry not in ("", here) or os.path.realpath(entry or here) == own]
    gc.set_threshold(_ALLOCATIONS, 20, 50)
    from scanner.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
