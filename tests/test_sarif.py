"""The SARIF, read by somebody else's validator."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.repositories import Repository, leaksweep, token

VALIDATOR = os.environ.get("LEAKSWEEP_SARIF_MULTITOOL", "")


@pytest.mark.skipif(not VALIDATOR, reason="LEAKSWEEP_SARIF_MULTITOOL names no validator; .ci/run installs one")
def test_the_validator_of_microsoft_finds_no_error(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    repo.write(b"odd \xff\n%20 path", f"x\n{token('a')}\n{token('b')}\n")
    repo.write("b", f"{token('a')} {token('a')}\n")
    repo.commit(f"message {token('a')}")
    repo.write("b", f"\n{token('a')}\n{token('a')}\n")
    repo.commit("again")
    report = tmp_path / "report.sarif"
    assert leaksweep("scan", "--history", str(repo.path), "-f", "sarif", "-o", str(report)).returncode == 1
    assert len(json.loads(report.read_text())["runs"][0]["results"]) == 4
    done = subprocess.run([VALIDATOR, "validate", str(report)], capture_output=True, check=False)
    assert b" error " not in done.stdout, done.stdout.decode()
    assert done.returncode == 0
