"""Compare leaksweep with its peers: `python -m tests.benchmarks.compare --help`, and docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.measure import Cost, measure
from tests.benchmarks.peers import FINE, OWN, PEERS, Tool, command_of, environment, installed, versions
from tests.benchmarks.scratch import complete_copy

MIB = 1 << 20


class Case(NamedTuple):
    """One thing to scan: a kind of `peers.CASES`, a name for the table, and where it lies."""

    kind: str
    name: str
    target: Path


class Run(NamedTuple):
    """What one run of one tool on one case cost and found."""

    case: str
    tool: str
    cost: Cost
    findings: int


def interleaved(cases: Sequence[Case], tools: Sequence[Tool], rounds: int) -> list[tuple[Case, Tool]]:
    """Return the order of runs: all tools on one case, round after round, then the next case."""
    return [(case, tool) for case in cases for _ in range(rounds) for tool in tools if case.kind in tool.arguments]


def run_once(case: Case, tool: Tool, executable: Path, home: Path, timeout_s: float) -> Run:
    """Return the cost and the findings of one run."""
    report = home / "report.json"
    report.unlink(missing_ok=True)
    command = command_of(tool, executable, case.kind, target=case.target, report=report)
    cost = measure(command, env=environment(home), cwd=case.target, timeout_s=timeout_s)
    if cost.exit_code not in FINE:
        raise SystemExit(f"{tool.name}: exit code {cost.exit_code} of {' '.join(command)}")
    text = report.read_text(errors="replace") if report.exists() else ""
    return Run(case.name, tool.name, cost, tool.count(text) if text.strip() else 0)


def table(runs: Iterable[Run]) -> str:
    """Return the runs as a Markdown table: medians, and the ratio to the best peer of each case."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.case, run.tool), []).append(run)
    rows = {key: _median(group) for key, group in groups.items()}
    lines = [
        "| case | tool | wall s | CPU s | peak MiB | findings | wall, to best peer | CPU, to best peer |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for (case, tool), (wall_s, cpu_s, peak, findings) in rows.items():
        peers = [row for (other, name), row in rows.items() if other == case and name != OWN.name]
        ratios = [
            f"{mine / min(row[i] for row in peers):.2f}" if peers else "" for i, mine in ((0, wall_s), (1, cpu_s))
        ]
        cells = [case, tool, f"{wall_s:.2f}", f"{cpu_s:.2f}", f"{peak / MIB:.0f}", str(findings), *ratios]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _median(runs: Sequence[Run]) -> tuple[float, float, float, int]:
    median = statistics.median
    return (
        median(run.cost.wall_s for run in runs),
        median(run.cost.cpu_s for run in runs),
        max(run.cost.peak_bytes for run in runs),
        runs[-1].findings,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for, print the table, write the files; return the exit code."""
    options = _parser().parse_args(arguments)
    folder = Path(options.scratch).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    cases = list(_cases(options, folder))
    wanted = [tool for tool in (OWN, *PEERS) if not options.tool or tool.name in options.tool]
    executables = {tool.name: installed(tool, Path(options.peers or folder / "peers").resolve()) for tool in wanted}
    runs: list[Run] = []
    with tempfile.TemporaryDirectory(dir=folder) as home:
        env = environment(Path(home))
        found = versions([(tool, executables[tool.name]) for tool in wanted], env)
        for case, tool in interleaved(cases, wanted, options.rounds):
            runs.append(run_once(case, tool, executables[tool.name], Path(home), options.timeout))
            last = runs[-1]
            sys.stderr.write(f"{last.case} {last.tool} {last.cost.wall_s:.2f} s, {last.findings} findings\n")
    markdown = table(runs)
    sys.stdout.write(markdown)
    if options.markdown:
        Path(options.markdown).write_text(markdown)
    if options.json:
        Path(options.json).write_text(json.dumps(_document(runs, found), indent=1) + "\n")
    return 0


def _document(runs: Sequence[Run], found: dict[str, str]) -> dict[str, object]:
    return {
        "machine": {"system": platform.platform(), "python": platform.python_version()},
        "versions": found,
        "runs": [{"case": run.case, "tool": run.tool, **run.cost._asdict(), "findings": run.findings} for run in runs],
    }


def _cases(options: argparse.Namespace, folder: Path) -> Iterable[Case]:
    for path in options.history:
        copy = complete_copy(Path(path), folder)
        yield Case("history", f"history of {copy.name}", copy)
    for path in options.tree:
        yield Case("tree", f"tree {Path(path).resolve().name}", Path(path).resolve())
    if options.empty:
        empty = folder / "empty"
        empty.mkdir(exist_ok=True)
        yield Case("tree", "empty folder", empty)
    for path in options.staged:
        yield Case("staged", f"staged in {Path(path).resolve().name}", Path(path).resolve())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="compare", description="Compare leaksweep with its peers, run by run.")
    add = parser.add_argument
    add("--history", action="append", default=[], metavar="REPO", help="the full history of a repository; repeatable")
    add("--tree", action="append", default=[], metavar="DIR", help="the files of a folder; repeatable")
    add("--staged", action="append", default=[], metavar="REPO", help="what the index would commit; repeatable")
    add("--empty", action="store_true", help="an empty folder: what start-up costs")
    add("--tool", action="append", metavar="NAME", help="only this tool; repeatable")
    add("--peers", metavar="DIR", help="environments of the peers, one folder for each package (default: made by pip)")
    add(
        "--scratch", default=str(Path(tempfile.gettempdir()) / "leaksweep-benchmark"), metavar="DIR", help="work folder"
    )
    add("--rounds", type=int, default=3, metavar="N", help="runs of each tool on each case (default: 3)")
    add("--timeout", type=float, default=1800, metavar="S", help="seconds after which a run is given up")
    add("--json", metavar="PATH", help="write every run as JSON")
    add("--markdown", metavar="PATH", help="write the table as Markdown")
    return parser


if __name__ == "__main__":
    if shutil.which("git") is None:
        sys.exit("git is not on the PATH")
    sys.exit(main())
