"""The benchmark measures, counts and tabulates what it says."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.benchmarks.compare import Case, Run, interleaved, main, table
from tests.benchmarks.measure import Cost, measure
from tests.benchmarks.peers import OWN, PEERS, command_of, count_kingfisher, count_list
from tests.benchmarks.scratch import complete_copy, missing_blobs
from tests.repositories import Repository


def test_tools_take_turns_on_each_case(tmp_path: Path) -> None:
    cases = [Case("tree", "a", tmp_path), Case("history", "b", tmp_path)]
    order = [(case.name, tool.name) for case, tool in interleaved(cases, (OWN, PEERS[0]), 2)]
    mine, other = OWN.name, PEERS[0].name
    assert order == [("a", mine), ("a", other), ("a", mine), ("a", other)] + [("b", mine), ("b", other)] * 2


def test_cost_counts_the_children_of_a_command(tmp_path: Path) -> None:
    busy = "sum(i * i for i in range(3_000_000))"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}]); sys.exit(3)"
    cost = measure([sys.executable, "-c", code], env=dict(os.environ), cwd=tmp_path)
    assert cost.exit_code == 3
    assert cost.wall_s > 0
    assert cost.cpu_s > 0.05
    assert cost.peak_bytes > 1 << 20


def test_the_table_has_medians_and_ratios_to_the_best_peer() -> None:
    runs = [
        Run("redis", "leaksweep", Cost(1.0, 2.0, 10 << 20, 0), 3),
        Run("redis", "leaksweep", Cost(3.0, 2.0, 12 << 20, 0), 3),
        Run("redis", "one", Cost(4.0, 8.0, 1 << 20, 0), 1),
        Run("redis", "two", Cost(5.0, 4.0, 1 << 20, 0), 2),
    ]
    assert "| redis | leaksweep | 2.00 | 2.00 | 12 | 3 | 0.50 | 0.50 |" in table(runs)


@pytest.mark.parametrize(
    ("count", "report", "expected"),
    [
        pytest.param(count_list, "[{}, {}]", 2, id="a list"),
        pytest.param(count_list, "null", 0, id="nothing"),
        pytest.param(count_kingfisher, '[{"a": 1}]\n[{}, {}]\n', 3, id="lists in a row"),
        pytest.param(count_kingfisher, '{"findings": [1, 2]}', 2, id="one object"),
    ],
)
def test_findings_are_counted(count: object, report: str, expected: int) -> None:
    assert callable(count)
    assert count(report) == expected


def test_every_tool_names_the_target_and_the_report(tmp_path: Path) -> None:
    for tool in (OWN, *PEERS):
        for kind in tool.arguments:
            command = command_of(tool, Path("x"), kind, target=tmp_path / "t", report=tmp_path / "r")
            assert {str(tmp_path / "t"), str(tmp_path / "r")} <= set(command)


def test_a_missing_blob_gets_a_stand_in(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "source")
    repository.write("large", "x" * 100)
    repository.write("small", "y")
    repository.commit("one")
    oid = repository.git("rev-parse", "HEAD:large")
    (tmp_path / "source" / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    assert missing_blobs(repository.path) == [oid]
    copy = complete_copy(repository.path, tmp_path / "work")
    assert missing_blobs(copy) == []
    assert missing_blobs(repository.path) == [oid]


def test_the_command_compares_itself_on_an_empty_folder(tmp_path: Path) -> None:
    arguments = ["--empty", "--tool", "leaksweep", "--rounds", "1", "--scratch", str(tmp_path / "work")]
    files = ["--json", str(tmp_path / "out.json"), "--markdown", str(tmp_path / "out.md")]
    assert main(arguments + files) == 0
    assert "| empty folder | leaksweep |" in (tmp_path / "out.md").read_text()
    assert '"wall_s"' in (tmp_path / "out.json").read_text()
