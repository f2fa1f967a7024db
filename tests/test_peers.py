"""What the other tools themselves write today, in environments of their own, imports; the second scan is clean."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from scanner.engine.templates import expand
from tests.repositories import Repository, called, token

PEERS = os.environ.get("LEAKSWEEP_PEERS", "")
needs_peers = pytest.mark.skipif(not PEERS, reason="LEAKSWEEP_PEERS names no folder of environments; .ci/run makes one")
ONLY = ("--rule", "github-token", "--rule", "private-key-pem", "--rule", "slack-bot-token")


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository with secrets that every tool finds."""
    repo = Repository(tmp_path / "r")
    repo.write("a.env", f"GITHUB_TOKEN={token('a')}\n")
    repo.write("src/b.py", f'# text\nimport os\n\nkey = "{token("b")}"\n')
    pem = "-----BEGIN RSA PRIVATE KEY-----\n{{pem-body:12}}\n-----END RSA PRIVATE KEY-----\n"
    repo.write("k.pem", expand(pem, seed="k"))
    repo.write("slack.txt", expand("xoxb-{{digits:12}}-{{digits:12}}-{{base62:24}}\n", seed="q"))
    repo.commit("one")
    return repo


def run(name: str, *arguments: str, cwd: Path) -> bytes:
    program = next(Path(PEERS).glob(f"*/bin/{name}"))
    done = subprocess.run([str(program), *arguments], cwd=cwd, capture_output=True, check=False)
    return done.stdout


def clean_after_import(repo: Repository, *files: Path) -> bool:
    """Return whether the scan that fails before the import passes after it."""
    assert called("scan", str(repo.path), *ONLY).returncode == 1
    done = called("baseline", "import", *map(str, files), "--path", str(repo.path), *ONLY)
    assert done.returncode == 0, done.stderr
    assert "0 findings known" not in done.stdout
    return called("scan", str(repo.path), *ONLY).returncode == 0


@pytest.mark.slow
@needs_peers
@pytest.mark.parametrize("arguments", [("git",), ("dir",), ("dir", "--redact"), ("git", "--redact")], ids=" ".join)
def test_reports_of_gitleaks(repo: Repository, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    report = tmp_path / "report.json"
    run("gitleaks", arguments[0], ".", "--no-banner", "-f", "json", "-r", str(report), *arguments[1:], cwd=repo.path)
    assert clean_after_import(repo, report)


@pytest.mark.slow
@needs_peers
@pytest.mark.parametrize("mode", ["git", "dir"])
def test_an_ignore_file_of_gitleaks_fingerprints(repo: Repository, tmp_path: Path, mode: str) -> None:
    report = tmp_path / "report.json"
    run("gitleaks", mode, ".", "--no-banner", "-f", "json", "-r", str(report), cwd=repo.path)
    ignore = tmp_path / ".gitleaksignore"
    ignore.write_text("".join(f"{finding['Fingerprint']}\n" for finding in json.loads(report.read_text())))
    assert clean_after_import(repo, ignore)


@pytest.mark.slow
@needs_peers
def test_a_baseline_of_detect_secrets(repo: Repository, tmp_path: Path) -> None:
    baseline = tmp_path / ".secrets.baseline"
    baseline.write_bytes(run("detect-secrets", "scan", cwd=repo.path))
    assert clean_after_import(repo, baseline)


@pytest.mark.slow
@needs_peers
def test_a_baseline_of_kingfisher(repo: Repository, tmp_path: Path) -> None:
    baseline = tmp_path / "kingfisher.yaml"
    options = ("--no-validate", "--git-history", "none", "--manage-baseline", "--baseline-file", str(baseline))
    run("kingfisher", "scan", ".", *options, cwd=repo.path)
    assert clean_after_import(repo, baseline)
