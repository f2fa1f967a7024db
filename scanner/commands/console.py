"""Words on standard output, and the exit codes of the design."""

from __future__ import annotations

import os
import sys
import time

CLEAN, FOUND, INCOMPLETE, INTERRUPTED = 0, 1, 3, 130


def say(text: str) -> None:
    """Print one line on standard output."""
    sys.stdout.write(text + "\n")


def wants_colour() -> bool:
    """Return whether standard output is a terminal whose user has not asked for plain text."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def now_s() -> int:
    """Return the time of the scan, in seconds since the epoch; SOURCE_DATE_EPOCH sets it, for equal reports."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(fixed) if fixed.isdecimal() else int(time.time())
