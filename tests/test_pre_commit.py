"""The hooks under the real pre-commit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repositories import ROOT, Repository, token

pytestmark = pytest.mark.slow


def try_repo(repository: Repository, cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).parent / "pre-commit"), "try-repo", str(ROOT), *arguments],
        cwd=repository.path,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PRE_COMMIT_HOME": str(cache),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        },
    )


def test_pre_commit_blocks_a_secret_and_passes_what_is_clean(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.write("clean", "text\n")
    repository.git("add", "-A")
    clean = try_repo(repository, tmp_path / "cache", "leaksweep")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    repository.write("secret", token("pre-commit"))
    repository.git("add", "-A")
    blocked = try_repo(repository, tmp_path / "cache", "leaksweep")
    assert blocked.returncode == 1
    assert "github-token" in blocked.stdout
    assert token("pre-commit") not in blocked.stdout + blocked.stderr
    repository.commit("with a secret")
    everything = try_repo(repository, tmp_path / "cache", "leaksweep", "--all-files")
    assert (everything.returncode, "github-token" in everything.stdout) == (1, True)
