"""Words on standard output, and the exit codes of the design."""

from __future__ import annotations

import sys

CLEAN, FOUND, INCOMPLETE, INTERRUPTED = 0, 1, 3, 130


def say(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(text + "\n")
