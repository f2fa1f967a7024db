"""leaksweep as a git hook: it blocks what holds a secret, lets pass what does not, and respects what is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repositories import ROOT, Repository, leaksweep, token


def commit(repository: Repository, message: str = "x") -> subprocess.CompletedProcess[bytes]:
    repository.git("add", "-A")
    return subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-q", "-m", message],
        cwd=repository.path,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "r")


def install(repository: Repository, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return leaksweep("install-hook", str(repository.path), *arguments)


def test_a_commit_with_a_secret_is_blocked_and_a_clean_one_passes(repository: Repository) -> None:
    assert install(repository).returncode == 0
    repository.write("a", "clean\n")
    assert commit(repository).returncode == 0
    repository.write("a", token("hook"))
    blocked = commit(repository)
    assert blocked.returncode == 1
    assert token("hook").encode() not in blocked.stdout + blocked.stderr
    assert b"github-token" in blocked.stdout + blocked.stderr


def test_the_hook_that_was_there_runs_first_and_comes_back(repository: Repository) -> None:
    there = repository.path / ".git" / "hooks" / "pre-commit"
    there.parent.mkdir(exist_ok=True)
    there.write_text('#!/bin/sh\necho ran > "$(git rev-parse --show-toplevel)/../ran"\n')
    there.chmod(0o755)
    before = there.read_bytes()
    for _ in range(2):
        assert install(repository).returncode == 0
    repository.write("a", "clean\n")
    assert commit(repository).returncode == 0
    assert (repository.path.parent / "ran").exists()
    assert install(repository, "--remove").returncode == 0
    assert there.read_bytes() == before
    assert install(repository, "--remove").returncode == 2


def test_the_message_hook_reads_what_git_will_keep(repository: Repository, tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_text(f"subject\n\n# {token('comment')}\n# ------------------------ >8 ---\n")
    run = ("hook", "commit-msg", "--", str(message))
    assert leaksweep(*run, cwd=repository.path).returncode == 0
    message.write_text(f"subject\n\n{token('message')}\n")
    assert leaksweep(*run, cwd=repository.path).returncode == 1


def test_a_hooks_folder_of_the_repository_is_respected_and_one_outside_refused(repository: Repository) -> None:
    repository.git("config", "core.hooksPath", ".hooks")
    assert install(repository).returncode == 0
    assert (repository.path / ".hooks" / "pre-commit").exists()
    repository.git("config", "core.hooksPath", str(repository.path.parent / "elsewhere"))
    refused = install(repository)
    assert (refused.returncode, b"leads out" in refused.stderr) == (2, True)
    assert not (repository.path.parent / "elsewhere").exists()


def test_a_worktree_shares_the_hooks(repository: Repository) -> None:
    repository.write("a", "1\n")
    repository.commit("one")
    repository.git("worktree", "add", "-q", str(repository.path.parent / "w"))
    assert leaksweep("install-hook", str(repository.path.parent / "w")).returncode == 0
    assert (repository.path / ".git" / "hooks" / "pre-commit").exists()


def test_a_push_is_scanned_by_the_refs_that_git_names(repository: Repository) -> None:
    repository.write("a", "1\n")
    old = repository.commit("one")
    repository.write("a", token("push"))
    new = repository.commit("two")
    run = ("hook", "pre-push")
    line = f"refs/heads/main {new} refs/heads/main {old}\n".encode()
    assert leaksweep(*run, cwd=repository.path, stdin=line).returncode == 1
    assert (
        leaksweep(*run, cwd=repository.path, stdin=f"(delete) {'0' * 40} refs/heads/x {old}\n".encode()).returncode == 0
    )
    assert leaksweep(*run, cwd=repository.path, stdin=b"nonsense\n").returncode == 2


def test_with_nothing_staged_pre_commit_has_the_whole_index_scanned(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("a", token("index"))
    repository.commit("one")
    assert leaksweep("hook", "pre-commit", cwd=repository.path).returncode == 0
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert leaksweep("hook", "pre-commit", cwd=repository.path).returncode == 1
