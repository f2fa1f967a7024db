"""What one run of a command costs: wall and processor seconds, and the peak memory of all its processes."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

INTERVAL_S = 0.05


class Cost(NamedTuple):
    """`cpu_s` counts user and system time of the command and every child it waited for.

    `peak_bytes` is the largest sum of proportional set sizes over the process tree, sampled every INTERVAL_S:
    a page shared by several processes counts once.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int
    exit_code: int


def measure(command: Sequence[str], *, env: Mapping[str, str], cwd: Path, timeout_s: float = 1800) -> Cost:
    """Return what running `command` costs; its output is thrown away. Raises TimeoutExpired."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = [0]
    watch = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watch.start()
    timer = threading.Timer(timeout_s, process.kill)
    timer.start()
    # wait4 gives the usage of this one child and its children, which subprocess does not.
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - begin
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.join()
    if wall_s >= timeout_s:
        raise subprocess.TimeoutExpired(list(command), timeout_s)
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, peak[0], process.returncode)


def _watch(pid: int, peak: list[int]) -> None:
    while total := sum(memory_of(one) for one in (pid, *descendants(pid))):
        peak[0] = max(peak[0], total)
        time.sleep(INTERVAL_S)


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`, as far as the kernel tells."""
    found = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text().split()]
    except (OSError, ValueError):
        return found
    return found + [below for child in found for below in descendants(child)]


def memory_of(pid: int) -> int:
    """Return the proportional set size of a process in bytes, 0 if it is gone."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return 0
    return 0
