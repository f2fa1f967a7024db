"""The triage over a pipe of answers, and at a terminal of its own."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from scanner.baseline.recording import Verdict
from scanner.baseline.triage import Triage
from tests.repositories import ROOT, Repository, called, leaksweep, token


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository with three tokens."""
    repo = Repository(tmp_path / "r")
    for name in "abc":
        repo.write(f"{name}.py", f"before\nkey = '{token(name)}'\nafter\n")
    repo.commit("one")
    return repo


def shown(repo: Repository) -> list[list[str]]:
    return [line.split()[:2] for line in called("baseline", "show", str(repo.path)).stdout.splitlines()]


def audit(repo: Repository, answers: str, *more: str) -> str:
    done = leaksweep("baseline", "audit", str(repo.path), *more, stdin=answers.encode())
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_answers_of_a_pipe_decide_undo_skip_and_resume(repo: Repository) -> None:
    told = audit(repo, "f\nt\nu\ns\nA\nwe know\nann\n2999-12-31\n")
    assert "2 decided, 1 left" in told
    assert "[1/3]" in told
    assert "> " in told
    assert "before" in told
    assert not any(token(name) in told for name in "abc")
    assert shown(repo) == [["false-positive", "a.py"], ["accepted-risk", "c.py"]]
    told = audit(repo, "r\n")
    assert "[1/1]" in told
    assert shown(repo)[1] == ["revoked", "b.py"]
    assert called("scan", str(repo.path)).returncode == 0
    assert "0 decided, 0 left" in audit(repo, "")


def test_the_secret_is_shown_when_asked_for_and_only_that_one(repo: Repository) -> None:
    told = audit(repo, "v\nq\n")
    assert token("a") in told
    assert token("b") not in told


def test_a_wrong_key_or_day_changes_nothing(repo: Repository) -> None:
    told = audit(repo, "x\nK\nwhy\nann\nsoon\nu\n?\nq\n")
    assert "'x' is no key" in told
    assert "the last day is a day as YYYY-MM-DD" in told
    assert "nothing to take back" in told
    assert not (repo.path / ".leaksweep-baseline.json").exists()


def test_a_verdict_can_be_changed_with_all(repo: Repository) -> None:
    audit(repo, "f\nf\nf\n")
    assert "[1/3]" in audit(repo, "t\nq\n", "--all")
    assert shown(repo)[0] == ["used-in-tests", "a.py"]


def test_undo_goes_back_to_the_first_step() -> None:
    triage = Triage([5, 7])
    triage.decide(Verdict("known"))
    triage.skip()
    assert triage.current is None
    assert [triage.undo(), triage.undo(), triage.undo()] == [True, True, False]
    assert triage.current == 5
    assert not triage.verdicts


@pytest.mark.skipif(not hasattr(os, "forkpty"), reason="no terminals on this system")
def test_at_a_terminal_single_keys_do_and_the_screen_is_cleared(repo: Repository) -> None:
    pid, terminal = os.forkpty()
    if pid == 0:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
        arguments = [sys.executable, "-m", "scanner", "baseline", "audit", str(repo.path), "--no-progress"]
        os.execve(sys.executable, arguments, environment)  # noqa: S606
    told = b""
    for key in (b"k", b"F", b"why\n", b"\n", b"\n", b"u", b"q"):
        told += until_quiet(terminal)
        os.write(terminal, key)
    told += until_quiet(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"\x1b[2J" in told
    assert b"reason (Enter for none)" in told
    assert shown(repo) == [["known", "a.py"]]


def until_quiet(terminal: int) -> bytes:
    """Return what a terminal shows until it asks for something, or its process has ended."""
    out = b""
    ends = (b"q save and quit\r\n", b"none): ", b"left\r\n")
    limit = time.monotonic() + 60
    while not out.endswith(ends) and time.monotonic() < limit:
        try:
            out += os.read(terminal, 65_536)
        except OSError:
            break
    return out
