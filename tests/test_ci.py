"""`leaksweep ci`: the range of an event over real repositories, and a gate that never passes for want of knowledge."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.repositories import ROOT, Repository, token

NONE = "0" * 40


class Clone:
    """A repository on a server and a clone of it, as CI has one."""

    def __init__(self, folder: Path) -> None:
        self.server = Repository(folder / "server")
        self.server.write("a", "1\n")
        self.first = self.server.commit("first")
        self.server.write("a", "1\n2\n")
        self.second = self.server.commit("second")
        self.path = folder / "clone"
        self.events = folder

    def clone(self, *options: str) -> None:
        self.server.git("clone", "-q", *options, f"file://{self.server.path}", str(self.path))

    def run(self, event: str, payload: dict[str, Any], *arguments: str) -> subprocess.CompletedProcess[str]:
        file = self.events / "event.json"
        file.write_text(json.dumps({"repository": {"default_branch": "main"}, **payload}))
        return subprocess.run(
            [sys.executable, "-m", "scanner", "ci", str(self.path), "--event-path", str(file), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "PYTHONPATH": str(ROOT)},
        )

    def values(self, event: str, payload: dict[str, Any]) -> dict[str, str]:
        done = self.run(event, payload, "--print-range")
        assert done.returncode == 0, done.stderr
        return dict(line.split("=", 1) for line in done.stdout.splitlines())


@pytest.fixture
def repository(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def feature(repository: Clone, *, start: str = "main") -> str:
    repository.server.git("checkout", "-q", "-b", "feature", start)
    repository.server.write("new", token("feature"))
    return repository.server.commit("on the branch")


def pull(base: str, head: str) -> dict[str, Any]:
    return {"pull_request": {"base": {"sha": base}, "head": {"sha": head}}}


def test_a_pull_request_counts_from_the_merge_base(repository: Clone) -> None:
    head = feature(repository, start=repository.first)
    repository.clone()
    values = repository.values("pull_request", pull(repository.second, head))
    assert (values["mode"], values["range"], values["commits"]) == ("range", f"{repository.first}..{head}", "1")
    done = repository.run("pull_request", pull(repository.second, head))
    assert done.returncode == 1
    assert "scanning 1 commit," in done.stderr


def test_a_push_counts_from_what_was_there(repository: Clone) -> None:
    repository.clone()
    payload = {"before": repository.first, "after": repository.second, "ref": "refs/heads/main"}
    assert repository.values("push", payload)["range"] == f"{repository.first}..{repository.second}"
    assert repository.run("push", payload).returncode == 0


@pytest.mark.parametrize("before", [NONE, "1" * 40], ids=["new branch", "force push, old end gone"])
def test_a_push_without_a_known_start_counts_from_the_fork_point(repository: Clone, before: str) -> None:
    head = feature(repository)
    repository.clone()
    values = repository.values("push", {"before": before, "after": head, "ref": "refs/heads/feature"})
    assert values["range"] == f"{repository.second}..{head}"


def test_a_force_push_with_its_old_end_still_there_counts_from_the_fork_point(repository: Clone) -> None:
    old = feature(repository)
    repository.server.git("branch", "kept", old)
    repository.server.git("commit", "-q", "--amend", "-m", "amended")
    head = repository.server.git("rev-parse", "HEAD")
    repository.clone()
    values = repository.values("push", {"before": old, "after": head, "ref": "refs/heads/feature"})
    assert values["range"] == f"{repository.second}..{head}"


def test_a_first_push_is_the_whole_history(repository: Clone) -> None:
    repository.clone()
    payload = {"before": NONE, "after": repository.second, "ref": "refs/heads/main"}
    assert repository.values("push", payload)["mode"] == "history"


def test_a_deleted_branch_and_a_branch_without_own_commits_are_nothing(repository: Clone) -> None:
    repository.server.git("branch", "same")
    repository.clone()
    deleted = {"before": repository.second, "after": NONE, "ref": "refs/heads/gone"}
    assert repository.values("push", deleted)["mode"] == "nothing"
    same = {"before": NONE, "after": repository.second, "ref": "refs/heads/same"}
    assert repository.values("push", same)["mode"] == "nothing"
    assert "nothing to scan" in repository.run("push", same).stderr


@pytest.mark.parametrize("event", ["schedule", "workflow_dispatch"])
def test_a_schedule_is_the_whole_history(repository: Clone, event: str) -> None:
    repository.clone()
    assert repository.values(event, {})["mode"] == "history"


def test_a_shallow_clone_and_a_missing_end_are_errors(repository: Clone) -> None:
    head = feature(repository)
    repository.clone("--depth", "1", "--branch", "feature")
    shallow = repository.run("pull_request", pull(repository.second, head))
    assert (shallow.returncode, "shallow" in shallow.stderr) == (2, True)
    repository.server.git("-C", str(repository.path), "fetch", "-q", "--unshallow")
    missing = repository.run("pull_request", pull("1" * 40, head))
    assert (missing.returncode, "is not in this clone" in missing.stderr) == (2, True)


@pytest.mark.parametrize("content", ["[]", "{", '{"a": ' * 5000])
def test_a_broken_event_file_is_an_error(repository: Clone, content: str) -> None:
    repository.clone()
    file = repository.events / "broken.json"
    file.write_text(content)
    done = repository.run("push", {}, "--event-path", str(file))
    assert (done.returncode, "broken.json" in done.stderr) == (2, True)
