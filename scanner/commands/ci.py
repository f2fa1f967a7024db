"""The command `ci`: find out what an event brought in, say so, scan that."""

from __future__ import annotations

import os
import sys
from typing import Any

from scanner.ci_events import change_of
from scanner.commands.console import CLEAN, say
from scanner.commands.scan import scan
from scanner.errors import UsageError
from scanner.model import ChangeKind, ResolvedRange
from scanner.reporters.safe import printable
from scanner.sources import git, ranges

MAX_EVENT_BYTES = 32 << 20
"""GitHub caps a payload at 25 MB (its docs, "Webhook events and payloads")."""


def ci(
    *,
    path: str,
    event_path: str | None = None,
    print_range: bool = False,
    allow_shallow: bool | None = None,
    **options: Any,
) -> int:
    """Scan what the event at hand brought in; return the exit code of that scan, 0 if it brought in nothing.

    Raises ScannerError where the range cannot be told for sure: a gate never passes for want of knowledge.
    """
    change = change_of(os.environ, _payload(event_path))
    resolved = ranges.resolve(change, git.open_repository(path), allow_shallow=bool(allow_shallow))
    if print_range:
        for line in described(resolved):
            say(line)
        return CLEAN
    sys.stderr.write(printable(f"leaksweep: {change.platform}: {told(resolved)}") + "\n")
    if resolved.mode == "nothing":
        return CLEAN
    if resolved.mode == "history":
        return scan(path=path, history=True, allow_shallow=allow_shallow, **options)
    span = f"{resolved.base}..{resolved.head}"
    if change.kind is ChangeKind.COMPARE and options.get("trust_ref") is None:
        options["trust_ref"] = resolved.trusted
    return scan(path=path, range=span, allow_shallow=allow_shallow, **options)


def told(resolved: ResolvedRange) -> str:
    """Return in a line what will be scanned, and why."""
    if resolved.mode == "range":
        number = f"{resolved.commits} commit{'s' * (resolved.commits != 1)}"
        return f"scanning {number}, {resolved.base}..{resolved.head} ({resolved.why})"
    if resolved.mode == "history":
        return f"scanning the whole history ({resolved.why})"
    return f"nothing to scan ({resolved.why})"


def described(resolved: ResolvedRange) -> list[str]:
    """Return the range as NAME=VALUE lines, in the form of a workflow's outputs; no value holds a line end."""
    span = f"{resolved.base}..{resolved.head}" if resolved.mode == "range" else ""
    values = {
        "mode": resolved.mode,
        "range": span,
        "commits": str(resolved.commits),
        "trusted": resolved.trusted or "",
        "why": printable(resolved.why),
    }
    return [f"{name}={value}" for name, value in values.items()]


def _payload(event_path: str | None) -> dict[str, Any] | None:
    import json

    path = event_path or os.environ.get("GITHUB_EVENT_PATH")
    if not path:
        return None
    try:
        with open(path, "rb") as stream:
            content = stream.read(MAX_EVENT_BYTES + 1)
        document = json.loads(content) if len(content) <= MAX_EVENT_BYTES else None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not an event payload: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path}: not an event payload: no JSON object of at most {MAX_EVENT_BYTES} bytes")
    return document
