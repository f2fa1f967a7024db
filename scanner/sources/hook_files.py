"""Where git looks for hooks, and our own scripts among them."""

from __future__ import annotations

import os
import shlex
import sys

from scanner.errors import GitError
from scanner.sources import git

MARK = "# written by leaksweep install-hook"
SUFFIX = ".before-leaksweep"

_SCRIPT = """#!/bin/sh
{mark}
before="$(dirname "$0")/{stage}{suffix}"
{feed}if [ -x "$before" ]; then
  {before} || exit $?
fi
if command -v leaksweep >/dev/null 2>&1; then
  {ours}
elif [ -x {python} ]; then
  {fallback}
else
  echo "leaksweep: not installed any more; install it, or remove this hook: $0" >&2
  exit 1
fi
"""


def hooks_folder(repository: git.Repository) -> str:
    """Return the folder in which git looks for this repository's hooks, `core.hooksPath` respected.

    Raises GitError if the repository itself names a folder outside of it: a stranger's configuration must not
    make us write elsewhere. The user's own configuration may.
    """
    scope, configured = git.configured_hooks_path(repository)
    own = os.path.join(repository.common_dir, "hooks")
    base = repository.work_tree or repository.git_dir
    folder = os.path.realpath(os.path.join(base, configured) if configured else own)
    inside = [os.path.realpath(place) for place in (repository.common_dir, repository.work_tree) if place]
    if scope not in ("global", "system") and not any(os.path.commonpath([place, folder]) == place for place in inside):
        raise GitError(f"core.hooksPath of the repository leads out of it, to {folder}: nothing was written")
    return folder


def install(folder: str, stage: str) -> bool:
    """Write our script for `stage`; return whether another hook was there, which it now runs first."""
    path = os.path.join(folder, stage)
    try:
        os.makedirs(folder, exist_ok=True)
        chained = os.path.lexists(path) and not _is_ours(path)
        if chained and os.path.lexists(path + SUFFIX):
            raise GitError(f"{path + SUFFIX}: is there already; move it away first")
        if chained:
            os.rename(path, path + SUFFIX)
        elif os.path.lexists(path):
            os.unlink(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
        with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(_script(stage))
    except OSError as error:
        raise GitError(f"{path}: {error.strerror}") from error
    return chained


def remove(folder: str, stage: str) -> None:
    """Remove our script and put back what it had displaced; raises FileNotFoundError if it is not there."""
    path = os.path.join(folder, stage)
    if not os.path.lexists(path):
        raise FileNotFoundError(path)
    if not _is_ours(path):
        raise GitError(f"{path}: not written by leaksweep, so not removed")
    try:
        os.unlink(path)
        if os.path.lexists(path + SUFFIX):
            os.rename(path + SUFFIX, path)
    except OSError as error:
        raise GitError(f"{path}: {error.strerror}") from error


def _is_ours(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return MARK.encode() in stream.read(4096)
    except OSError:
        return False


def _script(stage: str) -> str:
    """Return the script; a pre-push hook gets its refs on standard input, which both hooks must see."""
    is_fed = stage == "pre-push"
    pipe = "printf '%s\\n' \"$refs\" | " if is_fed else ""
    python = shlex.quote(sys.executable)
    call = f'hook {stage} -- "$@"'
    return _SCRIPT.format(
        mark=MARK,
        stage=stage,
        suffix=SUFFIX,
        feed='refs="$(cat)"\n[ -n "$refs" ] || exit 0\n' if is_fed else "",
        before=f'{pipe}"$before" "$@"',
        ours=f"{pipe}leaksweep {call}" if is_fed else f"exec leaksweep {call}",
        python=python,
        fallback=f"{pipe}{python} -m scanner {call}" if is_fed else f"exec {python} -m scanner {call}",
    )
