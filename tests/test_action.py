"""The Action's own steps, run one after the other as a runner would, over real repositories."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.repositories import ROOT, Repository, token

pytestmark = pytest.mark.slow
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
NONE = "0" * 40


class Runner:
    """As much of a runner as action.yml asks for: inputs, outputs of steps, conditions, environment files."""

    def __init__(self, folder: Path, temp: Path, action_path: Path) -> None:
        self.folder, self.temp, self.action_path = folder, temp, action_path
        self.outputs: dict[str, dict[str, str]] = {}
        self.used: list[dict[str, str]] = []
        self.log = ""
        self.failed = 0

    def run(self, event: str, payload: dict[str, Any], *, only: str | None = None, **inputs: str) -> Runner:
        self.inputs = {name: spec.get("default", "") for name, spec in ACTION["inputs"].items()}
        self.inputs |= {name.replace("_", "-"): value for name, value in inputs.items()}
        (self.folder / "event.json").write_text(json.dumps({"repository": {"default_branch": "main"}, **payload}))
        (self.folder / "summary").touch()
        for step in ACTION["runs"]["steps"]:
            if (only is None or step["name"] == only) and self.is_due(step.get("if", "")):
                self.step(step, event)
        return self

    def is_due(self, condition: str) -> bool:
        parts = [part.strip() for part in condition.split("&&") if part.strip()]
        if self.failed and "always()" not in parts:
            return False
        for part in parts:
            if part == "always()":
                continue
            found = re.fullmatch(r"([\w.-]+) (==|!=) '([^']*)'", part)
            assert found, part
            if (self.value(found[1]) == found[3]) != (found[2] == "=="):
                return False
        return True

    def value(self, name: str) -> str:
        scope, _, rest = name.partition(".")
        if scope == "inputs":
            return str(self.inputs[rest])
        if scope == "steps":
            step, _, output = rest.partition(".outputs.")
            return self.outputs.get(step, {}).get(output, "")
        return {"github.action_path": str(self.action_path), "runner.temp": str(self.temp)}[name]

    def evaluated(self, text: str) -> str:
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: self.value(found[1]), text)

    def step(self, step: dict[str, Any], event: str) -> None:
        if "uses" in step:
            self.used.append({"uses": step["uses"], **{k: self.evaluated(v) for k, v in step.get("with", {}).items()}})
            return
        assert "${{" not in step["run"], "an expression in a script can be injected into"
        output = self.folder / "output"
        output.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.temp),
                "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(self.temp / "pip")),
                **{name: value for name, value in os.environ.items() if name.startswith("PIP_")},
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": event,
                "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
                "RUNNER_TEMP": str(self.temp),
                **{name: self.evaluated(value) for name, value in step.get("env", {}).items()},
            },
        )
        self.log += done.stdout + done.stderr
        self.outputs[step.get("id", "")] = dict(line.split("=", 1) for line in output.read_text().splitlines())
        if done.returncode and not step.get("continue-on-error"):
            self.failed = self.failed or done.returncode

    @property
    def categories(self) -> list[str]:
        return [used["category"] for used in self.used if "category" in used]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The Action installed by its own step from a clean copy of the project, in a runner's temporary folder."""
    folder = tmp_path_factory.mktemp("action")
    for name in ("scanner", "rules", ".ci", "docs"):
        shutil.copytree(ROOT / name, folder / "copy" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "action.yml"):
        shutil.copy(ROOT / name, folder / "copy" / name)
    runner = Runner(folder, folder, folder / "copy").run("push", {}, only="Install")
    assert not runner.failed, runner.log
    return folder, folder / "copy"


@pytest.fixture
def server(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "server")
    repository.write("a", "1\n")
    repository.commit("first")
    return repository


def run(
    installed: tuple[Path, Path], server: Repository, event: str, payload: dict[str, Any], *clone: str, **inputs: str
) -> Runner:
    folder = server.path.parent
    server.git("clone", "-q", *clone, f"file://{server.path}", str(folder / "clone"))
    return Runner(folder, installed[0], installed[1]).run(event, payload, path="clone", **inputs)


def on_a_branch(server: Repository, content: str, *, name: str = "new.txt") -> tuple[str, str]:
    base = server.git("rev-parse", "main")
    server.git("checkout", "-q", "-b", "feature")
    server.write(name, content)
    return base, server.commit("on the branch")


def pull(base: str, head: str) -> dict[str, Any]:
    return {"pull_request": {"base": {"sha": base}, "head": {"sha": head}}}


def test_a_pull_request_with_a_secret_fails_after_its_alerts_were_uploaded(
    installed: tuple[Path, Path], server: Repository
) -> None:
    runner = run(installed, server, "pull_request", pull(*on_a_branch(server, token("pull"))))
    assert runner.failed == 1, runner.log
    assert runner.categories == ["leaksweep/head/"], runner.log
    out = runner.outputs["scan"]
    assert (out["exit-code"], out["mode"], out["commits"], out["findings"], out["new-findings"]) == (
        "1",
        "range",
        "1",
        "1",
        "1",
    )
    assert "::error " in runner.log
    assert "new.txt" in (runner.folder / "summary").read_text()
    assert json.loads(Path(out["sarif-file"]).read_text())["version"] == "2.1.0"
    for text in (runner.log, (runner.folder / "summary").read_text(), Path(out["json-file"]).read_text()):
        assert token("pull") not in text


def test_a_clean_pull_request_passes(installed: tuple[Path, Path], server: Repository) -> None:
    runner = run(installed, server, "pull_request", pull(*on_a_branch(server, "text\n")))
    assert (runner.failed, runner.outputs["scan"]["exit-code"]) == (0, "0"), runner.log


def test_a_finding_may_be_told_and_let_pass(installed: tuple[Path, Path], server: Repository) -> None:
    payload = pull(*on_a_branch(server, token("told")))
    runner = run(installed, server, "pull_request", payload, fail_on_findings="false", upload_sarif="false")
    assert (runner.failed, runner.outputs["scan"]["exit-code"], runner.categories) == (0, "1", [])


def test_a_shallow_clone_fails_closed_and_can_be_filled_up(installed: tuple[Path, Path], server: Repository) -> None:
    payload = pull(*on_a_branch(server, token("shallow")))
    options = ("--depth", "1", "--branch", "feature")
    runner = run(installed, server, "pull_request", payload, *options)
    assert (runner.failed, runner.outputs["scan"]["exit-code"]) == (2, "2"), runner.log
    assert "shallow" in runner.log
    shutil.rmtree(server.path.parent / "clone")
    assert run(installed, server, "pull_request", payload, *options, unshallow="true").failed == 1


@pytest.mark.parametrize(
    ("before", "ref", "code"),
    [(NONE, "refs/heads/feature", 1), ("1" * 40, "refs/heads/feature", 1)],
    ids=["first push of a branch", "force push"],
)
def test_a_push_without_a_known_start(
    installed: tuple[Path, Path], server: Repository, before: str, ref: str, code: int
) -> None:
    _, head = on_a_branch(server, token("push"))
    runner = run(installed, server, "push", {"before": before, "after": head, "ref": ref})
    assert (runner.failed, runner.outputs["scan"]["mode"]) == (code, "range"), runner.log


def test_a_deleted_branch_passes_and_says_that_nothing_was_read(
    installed: tuple[Path, Path], server: Repository
) -> None:
    payload = {"before": server.git("rev-parse", "HEAD"), "after": NONE, "ref": "refs/heads/gone"}
    runner = run(installed, server, "push", payload)
    assert (runner.failed, runner.categories) == (0, [])
    assert "nothing to scan" in runner.log


def test_a_schedule_reads_the_history_and_uploads_both_categories(
    installed: tuple[Path, Path], server: Repository
) -> None:
    server.write("gone", token("gone"))
    server.commit("with")
    server.git("rm", "-q", "gone")
    server.commit("without")
    runner = run(installed, server, "schedule", {})
    assert runner.failed == 1, runner.log
    assert runner.categories == ["leaksweep/head/", "leaksweep/history/"]
    head, history = (
        json.loads(Path(runner.outputs["scan"][name]).read_text())["runs"][0]
        for name in ("sarif-file", "history-sarif-file")
    )
    assert (len(head["results"]), len(history["results"])) == (0, 1)


def test_a_fork_that_names_files_like_commands_injects_nothing(
    installed: tuple[Path, Path], server: Repository
) -> None:
    name = "::error::x $(touch ran) `touch ran` ${{ x }}\n::set-output name=a::b.txt"
    runner = run(installed, server, "pull_request", pull(*on_a_branch(server, token("fork"), name=name)))
    assert runner.failed == 1
    assert not (runner.folder / "ran").exists()
    commands = [line for line in runner.log.splitlines() if line.startswith("::")]
    assert all(line.startswith(("::error file=", "::error title=")) for line in commands), commands


def test_a_pull_request_cannot_vote_for_itself(installed: tuple[Path, Path], server: Repository) -> None:
    base, _ = on_a_branch(server, f"{token('vote')} # leaksweep:allow[github-token] it is fine\n")
    server.write(".leaksweep-ignore", "new.txt\n")
    server.write(".leaksweep.yml", "exclude: [new.txt]\n")
    runner = run(installed, server, "pull_request", pull(base, server.commit("hide it")))
    assert (runner.failed, runner.outputs["scan"]["new-findings"]) == (1, "1"), runner.log
