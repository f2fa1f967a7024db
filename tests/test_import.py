"""What other tools know is known to the next scan, and what could not be carried is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from scanner.engine.templates import expand
from tests.repositories import Repository, called, token

BASELINE, IGNORE = ".leaksweep-baseline.json", ".leaksweep-ignore"


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository with two tokens, one of them moved down by a later commit."""
    repo = Repository(tmp_path / "r")
    repo.write("a.py", f"key = '{token('a')}'\n")
    repo.write("b.py", f"key = '{token('b')}'\n")
    repo.commit("one")
    return repo


def imported(repo: Repository, name: str, content: str, *more: str, code: int = 0) -> str:
    file = repo.path.parent / name
    file.write_text(content)
    done = called("baseline", "import", str(file), "--path", str(repo.path), *more)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def left(repo: Repository, *arguments: str) -> list[str]:
    done = called("scan", str(repo.path), "-j", "1", "-f", "json", *arguments)
    return [finding["path"] for finding in json.loads(done.stdout)["findings"]]


def test_a_report_with_secrets_finds_them_wherever_they_stand_now(repo: Repository) -> None:
    report = [{"RuleID": "x", "File": "a.py", "StartLine": 1, "EndLine": 1, "Secret": token("a"), "Commit": ""}]
    repo.write("a.py", f"\n\n\nkey = '{token('a')}'\n")
    told = imported(repo, "report.json", json.dumps(report))
    assert "1 findings known by 1 records" in told
    assert left(repo) == ["b.py"]
    assert token("a") not in (repo.path / BASELINE).read_text()


def test_places_in_old_commits_are_looked_up_in_history(repo: Repository) -> None:
    commit = repo.git("rev-parse", "HEAD")
    repo.write("b.py", f"\n\nkey = '{token('b')}'\n")
    repo.commit("moved down")
    told = imported(repo, ".gitleaksignore", f"{commit}:a.py:x:1\n{commit}:b.py:x:1\nno.py:x:1\n")
    assert "2 findings known by 3 records" in told
    assert "not carried" in told
    assert "x at no.py: nothing found there" in told
    assert left(repo) == []
    assert left(repo, "--history") == []


def test_detect_secrets_tells_by_hash_and_keeps_false_positives(repo: Repository) -> None:
    found: dict[str, object] = {"type": "Secret Keyword", "filename": "a.py", "line_number": 9, "is_secret": False}
    found["hashed_secret"] = hashlib.sha1(token("a").encode(), usedforsecurity=False).hexdigest()
    content = {"version": "1.5.0", "plugins_used": [], "results": {"a.py": [found]}}
    imported(repo, ".secrets.baseline", json.dumps(content, indent=1), "--owner", "ann")
    assert left(repo) == ["b.py"]
    shown = called("baseline", "show", str(repo.path)).stdout
    assert shown.split()[:2] == ["false-positive", "a.py"]
    assert "owner ann  imported from .secrets.baseline" in shown


def test_patterns_settle_what_they_fit(repo: Repository) -> None:
    imported(repo, ".gitallowed", "a.py:1:key\n")
    assert left(repo) == ["b.py"]
    imported(repo, ".secretlintignore", "b.*\n")
    assert left(repo) == []
    content = (repo.path / IGNORE).read_text()
    imported(repo, ".secretlintignore", "b.*\n")
    assert (repo.path / IGNORE).read_text() == content
    assert not (repo.path / BASELINE).exists()


@pytest.mark.parametrize("content", ["nonsense", "[{", '{"version": "7", "plugins_used": [], "results": {}}'])
def test_nothing_is_written_if_a_file_cannot_be_read(repo: Repository, content: str) -> None:
    told = imported(repo, "x.json", content, code=2)
    assert "x.json:1: " in told
    assert sorted(path.name for path in repo.path.iterdir()) == [".git", "a.py", "b.py"]


def test_rules_and_allowlists_of_gitleaks_become_ours(repo: Repository) -> None:
    config = repo.path.parent / ".gitleaks.toml"
    config.write_text(
        """
[extend]
useDefault = true
[[rules]]
id = "Acme_Key"
description = "Acme key. Opens everything."
regex = '''(?i)acme[_-]key\\s*=\\s*["']([a-f0-9]{32})["']'''
entropy = 3.0
keywords = ["acme"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ["sample"]
stopwords = ["deadbeef"]
[[rules]]
id = "only-path"
path = "key"
[[rules]]
id = "broken"
regex = "("
[allowlist]
paths = ["^vendor/"]
commits = ["abc"]
"""
    )
    rules = repo.path / "team" / "acme.yaml"
    rules.parent.mkdir()
    done = called("rules", "import", str(config), "--to", str(rules), "--ignore-file", str(repo.path / IGNORE))
    assert done.returncode == 0, done.stderr
    for told in ("only-path", "broken", "commits", "useDefault"):
        assert told in done.stdout
    assert called("rules", "test", str(rules)).returncode == 0
    assert called("rules", "import", str(config), "--to", str(rules)).returncode == 2
    secret = expand("{{hex:32}}", seed="acme")
    line = f'acme_key = "{secret}"'
    repo.write("new.py", line)
    repo.write("sample.py", f"{line} # a sample\n")
    repo.write("vendor/x.py", line)
    repo.write("stop.py", line.replace(secret, f"deadbeef{secret[8:]}"))
    assert left(repo, "--rules", str(rules), "--rule", "acme-key") == ["new.py"]


@pytest.mark.parametrize("content", ["[[rules]", 'rules = "x"', "[rules]\nid = 1"])
def test_a_broken_configuration_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "g.toml").write_text(content)
    done = called("rules", "import", str(tmp_path / "g.toml"), "--to", str(tmp_path / "r.yaml"))
    assert done.returncode == 2
    assert "g.toml" in done.stderr
    assert not (tmp_path / "r.yaml").exists()
