"""The commands `hook` and `install-hook`: leaksweep as a hook of git, by itself or under pre-commit."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from scanner.commands.ci import told
from scanner.commands.console import CLEAN, FOUND, say
from scanner.commands.scan import scan
from scanner.errors import UsageError
from scanner.model import Change, ChangeKind
from scanner.reporters.safe import printable
from scanner.sources import git, hook_files, ranges, staged

_SCISSORS = b"# ------------------------ >8 ------------------------"
MAX_MESSAGE_BYTES = 16 << 20


def hook(*, stage: str, arguments: Sequence[str] = (), **options: Any) -> int:
    """Run the hook of `stage` in the repository one stands in; what is not 0 stops git. Raises ScannerError."""
    options.setdefault("progress", False)
    match stage:
        case "pre-commit":
            return _before_commit(**options)
        case "pre-push":
            return _before_push(**options)
        case _:
            return _with_message(arguments, **options)


def _before_commit(**options: Any) -> int:
    """Scan what is staged; if pre-commit runs us with nothing staged, as with --all-files, the whole index."""
    repository = git.open_repository(os.curdir)
    is_everything = bool(os.environ.get("PRE_COMMIT")) and next(staged.staged_files(repository), None) is None
    return scan(path=os.curdir, staged=not is_everything, whole_index=is_everything, **options)


def _before_push(**options: Any) -> int:
    """Scan what each pushed ref brings to the remote; 1 if one has findings, else the worst of the exit codes."""
    repository = git.open_repository(os.curdir)
    codes = [CLEAN]
    for change in _pushed():
        resolved = ranges.resolve(change, repository, allow_shallow=bool(options.get("allow_shallow")))
        sys.stderr.write(printable(f"leaksweep: {told(resolved)}") + "\n")
        if resolved.mode == "history":
            codes.append(scan(path=os.curdir, history=True, **options))
        elif resolved.mode == "range":
            codes.append(scan(path=os.curdir, range=f"{resolved.base}..{resolved.head}", **options))
    return FOUND if FOUND in codes else max(codes)


def _pushed() -> Iterator[Change]:
    """Yield what is pushed, as pre-commit's variables or git's lines on standard input tell it (githooks, pre-push)."""
    start, end = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    if end:
        yield Change(ChangeKind.UPDATE, "pre-commit", "push", base=start or None, head=end)
        return
    for line in sys.stdin.buffer:
        fields = os.fsdecode(line.strip()).split(" ")
        if len(fields) != 4:
            raise UsageError("pre-push: standard input is not what git gives to this hook")
        ref, new, _, old = fields
        if new.strip("0"):
            branch = ref.removeprefix("refs/heads/")
            base = old if old.strip("0") else None
            yield Change(ChangeKind.UPDATE, "git", f"push of {ref}", base=base, head=new, branch=branch)


def _with_message(arguments: Sequence[str], **options: Any) -> int:
    if len(arguments) != 1:
        raise UsageError("commit-msg: give the file of the message, as git does")
    try:
        with open(arguments[0], "rb") as stream:
            message = stream.read(MAX_MESSAGE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{arguments[0]}: {error.strerror}") from error
    if len(message) > MAX_MESSAGE_BYTES:
        raise UsageError(f"{arguments[0]}: a commit message of more than {MAX_MESSAGE_BYTES} bytes")
    return scan(path="-", path_hint="<commit message>", stream=io.BytesIO(_kept(message)), **options)


def _kept(message: bytes) -> bytes:
    """Return the message as git will keep it: comment lines are blank, and all from the scissors on is gone."""
    lines = message.partition(_SCISSORS)[0].split(b"\n")
    return b"\n".join(b"" if line.startswith(b"#") else line for line in lines)


def install_hook(*, path: str, stages: Sequence[str] | None = None, remove: bool = False, **_: Any) -> int:
    """Write, or remove, a hook for each stage; a hook that is there runs first. Raises ScannerError."""
    repository = git.open_repository(path)
    folder = hook_files.hooks_folder(repository)
    for stage in stages or ("pre-commit",):
        with suppress(FileNotFoundError):
            if remove:
                hook_files.remove(folder, stage)
                say(printable(f"removed {os.path.join(folder, stage)}"))
                continue
        if not remove:
            chained = hook_files.install(folder, stage)
            say(printable(f"installed {os.path.join(folder, stage)}" + (", after the one that was there" * chained)))
    return CLEAN
