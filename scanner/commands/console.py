"""Words on standard output, and the exit codes of the design."""

from __future__ import annotations

import os
import sys

CLEAN, FOUND, INCOMPLETE, INTERRUPTED = 0, 1, 3, 130


def say(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(text + "\n")


def wants_colour() -> bool:
    """Return whether standard output is a terminal whose user has not asked for plain text."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
