"""Repositories built by git itself, with fixed names and dates, and secrets made at run time."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from scanner.cli import main
from scanner.engine.templates import expand

ROOT = Path(__file__).parent.parent
_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ann Author",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Carl Committer",
    "GIT_COMMITTER_EMAIL": "carl@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}


def token(seed: str) -> str:
    """Return a fresh token with a right checksum, the same one for the same seed."""
    return expand("ghp_{{base62:30}}{{checksum}}", seed=seed, checksum="crc32-base62")


class Repository:
    """A work tree in which git can be run."""

    def __init__(self, path: Path, *options: str) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *options)

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run git; return what it printed, without the last line end."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, input=stdin, capture_output=True, check=True, env=_ENVIRONMENT
        )
        return done.stdout.decode().removesuffix("\n")

    def git_code(self, *arguments: str) -> int:
        """Run git; return its exit code."""
        return subprocess.run(["git", *arguments], cwd=self.path, check=False, env=_ENVIRONMENT).returncode

    def write(self, name: str | bytes, content: str | bytes) -> None:
        """Write a file of the work tree."""
        path = os.path.join(os.fsencode(self.path), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(content if isinstance(content, bytes) else content.encode())

    def commit(self, message: str) -> str:
        """Commit everything; return the commit's id."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


def leaksweep(*arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process."""
    return subprocess.run(
        [sys.executable, "-m", "scanner", *arguments],
        input=stdin,
        capture_output=True,
        cwd=cwd or ROOT,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


class Called(NamedTuple):
    """What a command gave that ran inside of the test's own process."""

    returncode: int
    stdout: str
    stderr: str


def called(*arguments: str) -> Called:
    """Run the command line in this process: the same as `leaksweep`, without the time that a process takes to start."""
    out, err = io.StringIO(), io.StringIO()
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main(arguments)
    finally:
        signal.signal(signal.SIGTERM, handler)
    return Called(code, out.getvalue(), err.getvalue())
