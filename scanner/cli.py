"""argv in, exit code out; the one place that catches everything."""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from scanner.arguments import parser
from scanner.errors import ScannerError, TerminatedError, UsageError
from scanner.reporters.output import Output

USAGE, CRASH, INTERRUPTED, TERMINATED = 2, 4, 130, 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name; return the exit code of docs and help."""
    try:
        signal.signal(signal.SIGTERM, _terminate)
        options = vars(parser().parse_args(arguments))
        module, _, name = options.pop("command").partition(".")
        command = getattr(importlib.import_module(f"scanner.commands.{module}"), name)
        options["outputs"] = _outputs(options.pop("format", None), options.pop("output", None))
        code = int(command(**options))
        sys.stdout.flush()
    except ScannerError as error:
        return _fail(f"leaksweep: error: {error}", USAGE)
    except BrokenPipeError:
        _leave_stdout()
        return _fail("leaksweep: error: the reader of the report went away", USAGE)
    except KeyboardInterrupt:
        return _fail("leaksweep: interrupted", INTERRUPTED)
    except TerminatedError:
        return _fail("leaksweep: terminated", TERMINATED)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            return _crash(error)
        _leave_stdout()
        return _fail(f"leaksweep: error: not everything could be written: {error.strerror}", USAGE)
    except Exception as error:
        return _crash(error)
    return code


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


def _leave_stdout() -> None:
    """Throw away what was not written: at exit it would be flushed into the broken pipe or the full disk again."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(number: int, frame: object) -> NoReturn:
    raise TerminatedError


def _fail(text: str, code: int) -> int:
    from scanner.reporters.safe import printable

    sys.stderr.write(printable(text) + "\n")
    return code


def _crash(error: Exception) -> int:
    """Tell where the defect is, without the values of variables or the message: both may hold a secret."""
    import traceback

    for frame in traceback.extract_tb(error.__traceback__)[-6:]:
        sys.stderr.write(f"  {os.path.basename(frame.filename)}:{frame.lineno} in {frame.name}\n")
    return _fail(f"leaksweep: internal error: {type(error).__name__}; please report it", CRASH)


def _outputs(formats: list[str] | None, paths: list[str] | None) -> tuple[Output, ...]:
    """Pair formats with paths in the order given; what has no path goes to standard output, one at most."""
    formats, paths = formats or ["text"], paths or []
    if len(paths) > len(formats):
        raise UsageError("more -o than -f: each -o belongs to the -f at the same place")
    pairs = [Output(name, None if path in (None, "-") else path) for name, path in _zipped(formats, paths)]
    if sum(pair.path is None for pair in pairs) > 1:
        raise UsageError("only one report can go to standard output: give the others -o PATH")
    return tuple(pairs)


def _zipped(formats: list[str], paths: list[str]) -> list[tuple[str, str | None]]:
    return [(name, paths[i] if i < len(paths) else None) for i, name in enumerate(formats)]
