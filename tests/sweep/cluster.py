"""A Dask cluster on loopback: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.repositories import ROOT


class Cluster:
    """A scheduler and workers, each a process of its own in a session of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self.address_of(folder / "0.log")

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        options = ("--nthreads", "1", "--nworkers", "1", "--no-dashboard", "--memory-limit", "0", "--host", "127.0.0.1")
        return self.start("worker", self.address, *options, "--local-directory", str(self.folder))

    def address_of(self, log: Path) -> str:
        for _ in range(300):
            found = re.search(r"tcp://127\.0\.0\.1:\d+", log.read_text())
            if found:
                return found[0]
            time.sleep(0.2)
        raise AssertionError(log.read_text())

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
