"""What sweeps cost on this machine: the first, the next, one with a giant, by each executor (for docs/scale.md).

`python -m tests.sweep.costs incremental|clones|executors|giant|store [REPOSITORY...]`. Processor seconds are those of
the sweep and of all its processes. `busy` is how much of two cores the sweep had work for: every SAMPLE_S it is seen
how many of its processes run or wait for a core. On a machine that others use that tells more than the time it got.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from scanner.commands.sweep_task import sweep_one
from scanner.sweep.store import Store
from scanner.sweep.summary import summary_of
from scanner.sweep.values import SweepOptions, SweepTarget, Task
from scanner.sweep.writing import write_all
from scanner.workers import usable_cores
from tests.benchmarks.measure import descendants, measure
from tests.repositories import ROOT, token
from tests.sweep.cluster import Cluster
from tests.sweep.fleet import change, make_fleet, make_one
from tests.sweep.sweeping import KEY, NOW_S, Sweep

SAMPLE_S = 0.02


class Run(NamedTuple):
    """One sweep: `busy` is the part of all cores that it had work for, on the average over its wall time."""

    name: str
    wall_s: float
    cpu_s: float
    busy: float
    peak_bytes: int

    def __str__(self) -> str:
        peak = f"{self.peak_bytes / 1e6:5.0f} MB"
        return f"{self.name:<34} {self.wall_s:8.2f} s wall {self.cpu_s:8.2f} s cpu {self.busy:6.1%} busy {peak}"


def run(name: str, sweep: Sweep, *arguments: str) -> Run:
    """Return what a sweep cost, and print it."""
    command = sweep.command(*arguments, "--report-dir", str(sweep.reports))
    samples: list[int] = []
    watch = threading.Thread(target=_sample, args=(samples,), daemon=True)
    watch.start()
    cost = measure(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT)
    samples_taken = samples[:]
    if cost.exit_code not in (0, 3):
        raise RuntimeError(f"the sweep ended with exit code {cost.exit_code}")
    cores = usable_cores()
    busy = sum(min(cores, one) for one in samples_taken) / (cores * max(1, len(samples_taken)))
    done = Run(name, cost.wall_s, cost.cpu_s, busy, cost.peak_bytes)
    print(done, flush=True)
    return done


def _sample(samples: list[int]) -> None:
    """Note down, as long as this process has children, how many processes below it run or wait for a core."""
    time.sleep(SAMPLE_S)
    while below := descendants(os.getpid()):
        samples.append(sum(map(is_running, below)))
        time.sleep(SAMPLE_S)


def is_running(process: int) -> bool:
    """Return whether a process runs or waits for a core (proc(5), /proc/PID/stat)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    except OSError:
        return False


# --- what is measured --------------------------------------------------------------------------------


def incremental(folder: Path, targets: list[str], count: int, median: int) -> None:
    """A first sweep, a second with nothing changed, and one with a hundredth of the repositories changed."""
    make_fleet(folder / "in", count, median=median)
    sweep = Sweep(folder / "sweep")
    places = [str(folder / "in"), *targets]
    first = run("first", sweep, *places)
    sizes(sweep)
    again = run("nothing changed", sweep, *places)
    changed = max(1, count // 100)
    for number in range(changed):
        change(folder / "in" / f"r{number * 100 + 50:05}.git", secret=token(f"new {number}"))
    third = run(f"{changed} of {count} changed", sweep, *places)
    for one in (again, third):
        cpu, wall = one.cpu_s / first.cpu_s, one.wall_s / first.wall_s
        print(f"{one.name}: {cpu:.2%} of the processor time of the first, {wall:.2%} of its wall time")


def clones(folder: Path, targets: list[str], count: int, median: int) -> None:
    """The same repositories as folders, as URLs that are cloned, and as URLs of which nothing changed."""
    make_fleet(folder / "in", count, median=median)
    places = [*map(str, sorted((folder / "in").iterdir())), *targets]
    urls = folder / "urls"
    urls.write_text("".join(f"{Path(place).resolve().as_uri()}\n" for place in places))
    run(f"{len(places)} folders", Sweep(folder / "folders"), *places)
    sweep = Sweep(folder / "sweep")
    run(f"{len(places)} URLs, cloned", sweep, "--from", str(urls))
    run("fetched, nothing changed", sweep, "--from", str(urls))


def sizes(sweep: Sweep) -> None:
    """Print what the store and the reports take on the disk."""
    store = sum(path.stat().st_size for path in sweep.store.parent.iterdir())
    reports = sum(path.stat().st_size for path in sweep.reports.rglob("*") if path.is_file())
    totals = sweep.summary["totals"]
    folders = [Path(one["id"]) / "objects" for one in sweep.summary["repositories"]]
    objects = sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())
    print(f"{totals['repositories']} repositories, object folders {objects:,} bytes, {totals['bytes']:,} bytes read")
    print(f"store {store:,} bytes, reports {reports:,} bytes, {totals['findings']} findings")


def executors(folder: Path, targets: list[str], count: int, median: int) -> None:
    """The local executor and a Dask cluster on loopback: one worker, two, and two of which one is killed half-way."""
    os.environ |= {"LEAKSWEEP_SWEEP_KEY": KEY, "SOURCE_DATE_EPOCH": str(NOW_S)}
    make_fleet(folder / "in", count, median=median)
    places = [str(folder / "in"), *targets]
    local = Sweep(folder / "local2")
    run("local, 1 process", Sweep(folder / "local1"), *places, "-j", "1")
    run("local, 2 processes", local, *places, "-j", "2")
    expected = local.told()
    for workers in (1, 2):
        with _cluster(folder / f"cluster{workers}", workers) as address:
            sweep = Sweep(folder / f"dask{workers}")
            run(f"Dask, {workers} worker" + "s" * (workers > 1), sweep, *places, "--executor", address)
            print("  the same report" if sweep.told() == expected else "  ANOTHER REPORT")
    _with_a_killed_worker(folder, places, expected)


def _with_a_killed_worker(folder: Path, places: Sequence[str], expected: dict[str, bytes]) -> None:
    cluster = _cluster(folder / "cluster", 2)
    sweep, log = Sweep(folder / "killed"), folder / "log"
    with cluster as address:
        begin = time.monotonic()
        process = sweep.start(*places, "--executor", address, "--log", str(log))
        half = _repositories(expected) // 2
        while (done := log.read_text().count('"repository"') if log.exists() else 0) < half and process.poll() is None:
            time.sleep(0.05)
        os.killpg(cluster.workers[0], signal.SIGKILL)
        code = process.wait()
        wall_s = time.monotonic() - begin
    told = log.read_text().count('"repository"')
    sweep.run("report")
    same = "the same report" if sweep.told() == expected else "ANOTHER REPORT"
    print(f"Dask, 2 workers, one killed after {done} repositories: {wall_s:.2f} s, exit {code}, {told} results, {same}")


def _repositories(expected: dict[str, bytes]) -> int:
    return sum(name.endswith(".sarif") for name in expected)


class _cluster:  # noqa: N801 - reads as the function it stands for
    """A cluster whose workers have connected; gives the address of its scheduler as `--executor` takes it."""

    def __init__(self, folder: Path, workers: int) -> None:
        folder.mkdir()
        self._cluster = Cluster(folder)
        self.workers = [self._cluster.worker().pid for _ in range(workers)]
        for number in range(1, workers + 1):
            while "Starting established connection" not in (folder / f"{number}.log").read_text():
                time.sleep(0.1)

    def __enter__(self) -> str:
        return self._cluster.address.replace("tcp", "dask")

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self._cluster.end()


def giant(folder: Path, targets: list[str], count: int, median: int) -> None:
    """Equal repositories and one that is ten times as large."""
    for number in range(count):
        make_one(folder / "in" / f"r{number:05}.git", random.Random(number), median, [token(f"own {number}")])
    make_one(folder / "in" / "giant.git", random.Random("giant"), 10 * median, [token("giant")])
    run(f"{count} of {median} commits, 1 of {10 * median}", Sweep(folder / "sweep"), str(folder / "in"), *targets)


def store(folder: Path, targets: list[str], count: int, median: int) -> None:
    """A store of so many repositories, copies of two outcomes of which one has findings: what it costs to use it."""
    make_fleet(folder / "in", 2, median=median)
    options = SweepOptions(str(folder / "cache"))
    places = [str(folder / "in" / f"r{number:05}.git") for number in range(2)]
    with_findings, without = (sweep_one(Task(SweepTarget(one, one), options, b"key")) for one in places)
    path = str(folder / "sweep.sqlite")
    with Store(path) as held:
        sweep = held.begin([], now_s=NOW_S)
        begin = time.process_time()
        for number in range(count):
            outcome = with_findings if number % 5 == 0 else without
            held.save(SweepTarget(f"/r{number:06}", ""), replace(outcome, target_id=f"/r{number:06}"), sweep=sweep)
        spent = time.process_time() - begin
        print(
            f"saved {count:,} outcomes: {spent / count * 1e3:.2f} ms each, {os.path.getsize(path) / count:,.0f} bytes"
        )
        for name, ask in (
            ("states", lambda: held.states("")),
            ("summary", lambda: summary_of(held)),
            ("summary, CSV, page", lambda: write_all(held, str(folder / "reports"), lambda document, path: None)),
        ):
            begin = time.process_time()
            ask()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            print(f"{name}: {time.process_time() - begin:.2f} s cpu, {peak:.0f} MB at most")


def main() -> int:
    """Measure what the command line names."""
    what = {"incremental": incremental, "clones": clones, "executors": executors, "giant": giant, "store": store}
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("what", choices=what)
    arguments.add_argument("repositories", nargs="*", help="more repositories, or folders of some")
    arguments.add_argument("--count", type=int, default=200, help="generated repositories")
    arguments.add_argument("--median", type=int, default=24, help="commits of the median one")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        targets = [os.path.abspath(path) for path in options.repositories]
        what[options.what](Path(folder), targets, options.count, options.median)
    return 0


if __name__ == "__main__":
    sys.exit(main())
