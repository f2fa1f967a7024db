"""A scan that is disturbed, or short of room, tells so: nothing looks complete that is not, nothing is left over."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.repositories import ROOT, Repository, leaksweep, token

FILES = 300
"""Enough for some units of work and some seconds of scanning."""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packed repository of many delta families, each with a secret, and some megabytes to read."""
    repo = Repository(tmp_path_factory.mktemp("many"))
    for version in range(3):
        for number in range(FILES):
            filler = "".join(f"{number} {version} {line} some words of a text\n" for line in range(250))
            repo.write(f"f{number}", filler + f"{token(f'many{number % 40}')}\n" * (version == number % 3))
        repo.commit(f"version {version}")
    repo.git("repack", "-adfq")
    return repo.path


def started(folder: Path, scratch: Path, *arguments: str) -> subprocess.Popen[bytes]:
    scratch.mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "scanner", "scan", str(folder), "--history", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        start_new_session=True,
    )


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed if b"scanner" in Path(f"/proc/{child}/cmdline").read_bytes()]


def wait_for_workers(process: subprocess.Popen[bytes]) -> list[int]:
    while process.poll() is None:
        if len(workers := children_of(process.pid)) > 1:
            return workers
        time.sleep(0.01)
    raise AssertionError("it ended before its workers began")


def members_of(group: int) -> list[str]:
    listed = subprocess.run(["ps", "-eo", "pgid,stat,args"], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in listed.splitlines()[1:]]
    return [row[-1] for row in rows if row[0] == str(group) and not row[1].startswith("Z")]


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="looks at processes by /proc")


@needs_proc
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_scan_ends_with_its_children_and_never_looks_complete(
    many: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    scratch = tmp_path / "scratch"
    process = started(many, scratch, "-j", "2", "-f", "json")
    wait_for_workers(process)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Traceback" not in err
    assert not out or not json.loads(out)["coverage"]["complete"]
    assert os.listdir(scratch) == []
    assert members_of(process.pid) == []


@needs_proc
def test_a_worker_that_is_killed_costs_nothing(many: Path, tmp_path: Path) -> None:
    process = started(many, tmp_path / "scratch", "-j", "2", "-f", "json")
    os.kill(wait_for_workers(process)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=120)
    assert b"Traceback" not in err
    assert json.loads(out) == report_of(many, "-j", "1")


def report_of(folder: Path, *arguments: str) -> dict[str, Any]:
    done = leaksweep("scan", str(folder), "--history", "-f", "json", *arguments)
    assert done.returncode == 1, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.slow
def test_the_number_of_workers_changes_no_byte_of_a_history(many: Path) -> None:
    reports = [leaksweep("scan", str(many), "--history", "-f", "json", "-j", jobs).stdout for jobs in ("1", "2", "3")]
    assert len(json.loads(reports[0])["findings"]) >= 40
    assert reports[0] == reports[1] == reports[2]


def scan_within(many_bytes: int, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "scanner", "scan", *arguments],
        capture_output=True,
        check=False,
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (many_bytes, many_bytes)),
    )


@pytest.mark.slow
def test_two_gigabytes_of_memory_are_enough(many: Path) -> None:
    done = scan_within(2 << 30, str(many), "--history", "-f", "json", "-j", "2")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["coverage"]["complete"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
@pytest.mark.parametrize("name", ["json", "html"])
@pytest.mark.parametrize("is_stdout", [True, False], ids=["standard output", "a file"])
def test_a_report_for_which_there_is_no_room_is_an_error(tmp_path: Path, name: str, *, is_stdout: bool) -> None:
    (tmp_path / "a").write_text(token("x"))
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "scanner",
                "scan",
                str(tmp_path),
                "-f",
                name,
                "-o",
                "-" if is_stdout else "/dev/full",
            ],
            stdout=full if is_stdout else subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
            cwd=ROOT,
        )
    assert done.returncode == 2
    assert b"No space left" in done.stderr
    assert b"internal" not in done.stderr


def _short_of_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096))


def test_a_disk_that_fills_up_leaves_the_old_report_and_no_part_of_the_new(tmp_path: Path) -> None:
    tree, reports = tmp_path / "tree", tmp_path / "reports"
    tree.mkdir()
    reports.mkdir()
    (tree / "a").write_text(token("x"))
    (reports / "r.html").write_text("old")
    done = subprocess.run(
        [sys.executable, "-m", "scanner", "scan", str(tree), "-f", "html", "-o", str(reports / "r.html")],
        stderr=subprocess.PIPE,
        check=False,
        cwd=ROOT,
        preexec_fn=_short_of_disk,
    )
    assert done.returncode == 2
    assert b"report not written" in done.stderr
    assert os.listdir(reports) == ["r.html"]
    assert (reports / "r.html").read_text() == "old"


@pytest.mark.slow
def test_a_folder_two_thousand_levels_down_is_read(tmp_path: Path) -> None:
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(2_000):
            os.mkdir("d")
            os.chdir("d")
        Path("s").write_text(token("deep"))
        done = leaksweep("scan", str(tmp_path), "-f", "json")
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)
        os.chdir(here)
    assert done.returncode == 1
    assert json.loads(done.stdout)["coverage"]["complete"]


@pytest.mark.slow
@pytest.mark.parametrize("is_missing", [False, True], ids=["whole", "without the deepest folder"])
def test_a_tree_two_thousand_levels_deep_is_read(tmp_path: Path, *, is_missing: bool) -> None:
    repo = Repository(tmp_path)
    oid = repo.git("hash-object", "-w", "--stdin", stdin=token("deep").encode())
    entries, trees = f"100644 blob {oid}\ts\n", []
    for _ in range(2_000 if not is_missing else 1_200):
        trees.append(repo.git("mktree", stdin=entries.encode()))
        entries = f"040000 tree {trees[-1]}\td\n"
    repo.git("update-ref", "refs/heads/main", repo.git("commit-tree", trees[-1], "-m", "deep"))
    if is_missing:
        (tmp_path / ".git" / "objects" / trees[0][:2] / trees[0][2:]).unlink()
    done = leaksweep("scan", str(tmp_path), "--history", "-f", "json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["coverage"]["complete"] is not is_missing


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unit", "size"), [(b"var a = f(b);", 50), (b"a", 50), (b"key", 5), (b'"a":', 5), (b"password=", 3)]
)
def test_a_line_of_many_megabytes_takes_bounded_memory(tmp_path: Path, unit: bytes, size: int) -> None:
    (tmp_path / "a.js").write_bytes(unit * (size * 1_000_000 // len(unit)) + b" " + token("line").encode() + b";x = y;")
    done = scan_within(1 << 30, str(tmp_path), "-f", "json", "-j", "1", "--show-secrets")
    assert done.returncode == 1, done.stderr
    assert token("line") in done.stdout.decode()


def test_a_match_at_every_line_is_capped_and_the_cap_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("".join(f"{token(str(number))}\n" for number in range(1_200)))
    done = leaksweep("scan", str(tmp_path), "-f", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert len(report["findings"]) == 1_000
    assert [(skip["reason"], skip["what"]) for skip in report["coverage"]["skipped"]] == [("match limit", "a")]
