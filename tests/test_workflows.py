"""The Action and the workflows of the documentation, judged by other people's linters."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repositories import ROOT

BIN = Path(sys.executable).parent
SCHEMAS = {
    "github": "github-workflows",
    "gitlab": "gitlab-ci",
    "azure": "azure-pipelines",
    "bitbucket": "bitbucket-pipelines",
}


def workflows() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "ci.md").read_text()
    return re.findall(r"<!-- workflow: (\w+) -->\n```yaml\n(.*?)```", text, re.DOTALL)


def lint(*command: str) -> None:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("number", range(len(workflows())))
def test_a_documented_workflow_is_valid(number: int, tmp_path: Path) -> None:
    system, text = workflows()[number]
    folder = tmp_path / ".github" / "workflows" if system == "github" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "workflow.yml"
    file.write_text(text)
    # The Azure schema holds a pattern that only Python takes.
    lint("check-jsonschema", "--regex-variant", "python", "--builtin-schema", f"vendor.{SCHEMAS[system]}", str(file))
    if system == "github":
        lint("zizmor", "--offline", "--no-progress", "--persona", "pedantic", str(file))


def test_the_action_is_valid() -> None:
    lint("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml")
    lint("zizmor", "--offline", "--no-progress", "--persona", "pedantic", "action.yml")


def test_every_action_is_pinned_by_commit() -> None:
    text = (ROOT / "action.yml").read_text() + (ROOT / "docs" / "ci.md").read_text()
    used = re.findall(r"uses: (\S+)", text)
    assert len(used) > 5
    assert not [name for name in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name)]


def test_the_hooks_are_valid() -> None:
    lint("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")
    lint("pre-commit", "validate-config", ".pre-commit-config.yaml")
