"""Sweeps as processes: run, started, killed; their reports as bytes; and small repositories to sweep."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from tests.repositories import ROOT, Repository, token

KEY = "one key for all, so that clusters are comparable"
NOW_S = 1_900_000_000
"""The time of all sweeps that are compared: how long a secret was exposed depends on it."""


class Sweep:
    """A store and its reports in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "state" / "sweep.sqlite"
        self.reports = folder / "reports"

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of a sweep on this store."""
        return [sys.executable, "-m", "scanner", "sweep", *arguments, "--store", str(self.store)]

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a sweep that writes its reports and ends with `code`; return what it printed."""
        done = subprocess.run(
            self.command(*arguments, "--report-dir", str(self.reports)),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Return a running sweep in a session of its own."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def summary(self) -> dict[str, Any]:
        """Return the merged report."""
        return dict(json.loads((self.reports / "summary.json").read_text()))

    def told(self) -> dict[str, bytes]:
        """Return every report by name, without the name of the sweep."""
        name = self.summary["sweep"]["id"].encode()
        files = [path for path in self.reports.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.reports)): path.read_bytes().replace(name, b"") for path in files}

    def done(self) -> int:
        """Return how many repositories the store holds."""
        if not self.store.exists():
            return 0
        with closing(sqlite3.connect(self.store)) as db:
            try:
                return int(db.execute("SELECT count(*) FROM repositories").fetchone()[0])
            except sqlite3.Error:
                return 0


def many(folder: Path, count: int, *, with_secret: int = 5) -> None:
    """Make `count` repositories; every so manieth holds a secret of its own, and one that is the same in all."""
    for number in range(count):
        repository = Repository(folder / f"r{number:03}")
        repository.write("a", f"{number}\n")
        repository.commit("first")
        if number % with_secret == 0:
            repository.write("deploy/prod.env", f"{token(str(number))}\n{token('shared')}\n")
            repository.commit("with secrets")


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a sweep and all its processes at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Kill(NamedTuple):
    """A sweep was killed so many seconds after its start; `done` repositories were in the store then."""

    after_s: float
    done: int


def kill_and_resume(
    folder: Path,
    targets: Sequence[str],
    *,
    kills: int,
    whole_s: float,
    generator: random.Random,
    code: int = 0,
    tell: Callable[[Kill], object] = lambda kill: None,
) -> list[Sweep]:
    """Return the sweeps that came to their end though they were killed `kills` times in all, at random moments.

    `whole_s` is how long an undisturbed sweep takes. A sweep that ends by itself before its moment has come is followed
    by one on a new store, so that the beginning, the reports and all between are hit.
    """
    ended: list[Sweep] = []
    sweep = Sweep(folder / "0")
    while kills:
        process = sweep.start(*targets, "--report-dir", str(sweep.reports))
        after_s = generator.uniform(0, max(1.0, whole_s / 2))
        try:
            assert process.wait(timeout=after_s) == code
            ended.append(sweep)
            sweep = Sweep(folder / str(len(ended)))
        except subprocess.TimeoutExpired:
            kill(process)
            kills -= 1
            tell(Kill(after_s, sweep.done()))
    sweep.run(*targets, code=code)
    return [*ended, sweep]


def timed(sweep: Sweep, *targets: str, code: int = 0) -> float:
    """Run a sweep; return its wall time in seconds."""
    started = time.monotonic()
    sweep.run(*targets, code=code)
    return time.monotonic() - started
