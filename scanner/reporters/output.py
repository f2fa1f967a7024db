"""Where reports go: standard output, or a file that is whole or not there."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TextIO

from scanner.errors import ReportError
from scanner.model import Report
from scanner.reporters import RenderOptions, render


@dataclass(frozen=True, slots=True)
class Output:
    """A format, and the path of its file or None for standard output."""

    format: str
    path: str | None = None


_PREFIX, _SUFFIX = ".leaksweep-", ".tmp"
_UNFINISHED = re.compile(r"\.leaksweep-[a-z0-9_]{8}\.tmp")
"""The name of a report that is being written, as `tempfile.mkstemp` makes it."""


def check_outputs(outputs: Sequence[Output]) -> None:
    """Raise ReportError unless every file of `outputs` can be written: asked before the work, not after it.

    A folder is tried by making a temporary file in it: permission bits do not tell of a read-only file system.
    """
    seen: set[str] = set()
    for path in [output.path for output in outputs if output.path is not None]:
        if os.path.isdir(path):
            raise ReportError(f"{path}: is a folder, not a file to write a report to")
        if _is_special(path):
            continue
        target = os.path.realpath(path)
        if target in seen:
            raise ReportError(f"{path}: two reports cannot go to one file")
        seen.add(target)
        _check_folder(path, os.path.dirname(target))


def _check_folder(path: str, folder: str) -> None:
    import tempfile

    if not os.path.isdir(folder):
        raise ReportError(f"{path}: there is no folder {folder}")
    try:
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=_PREFIX, suffix=_SUFFIX)
        os.close(descriptor)
        os.unlink(temporary)
    except OSError as error:
        raise ReportError(f"{path}: cannot write to {folder}: {error.strerror or error}") from error


def write_reports(report: Report, outputs: Sequence[Output], options: RenderOptions, stdout: TextIO) -> None:
    """Write every report; one that fails does not stop the others. Raises ReportError that names each failure."""
    failures = []
    for output in outputs:
        try:
            if output.path is None:
                render(output.format, report, stdout, options)
                stdout.flush()
            else:
                _write_file(report, output.format, output.path, replace(options, colour=False))
        except BrokenPipeError:
            raise
        except OSError as error:
            failures.append(f"{output.path or 'standard output'}: {error.strerror or error}")
    if failures:
        raise ReportError("report not written: " + "; ".join(failures))


def _write_file(report: Report, name: str, path: str, options: RenderOptions) -> None:
    write_whole(path, lambda stream: render(name, report, stream, options))


def write_whole(path: str, write: Callable[[TextIO], object]) -> None:
    """Have `write` fill the file at `path`, which is replaced when it is whole; raises OSError."""
    if _is_special(path):
        with open(path, "w", encoding="utf-8", newline="\n") as stream:
            write(stream)
        return
    import tempfile

    target = os.path.realpath(path)
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=_PREFIX, suffix=_SUFFIX)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def remove_unfinished(folder: str) -> None:
    """Remove what killed runs left of their reports, in a folder to which no other run writes; raises OSError."""
    for name in os.listdir(folder):
        if _UNFINISHED.fullmatch(name):
            os.unlink(os.path.join(folder, name))


def _is_special(path: str) -> bool:
    """Return whether `path` is there and no plain file, as /dev/null is."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False
