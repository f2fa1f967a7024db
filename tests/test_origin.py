"""A remote's address is told without what would let somebody in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanner.sources.origin import public_uri
from tests.repositories import Repository, leaksweep, token


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://example.org/a/b.git", "https://example.org/a/b.git"),
        ("https://user:pass@example.org:8443/a?token=x#y", "https://example.org:8443/a"),
        ("git@example.org:a/b.git", "ssh://example.org/a/b.git"),
        ("ssh://git@example.org/a/b", "ssh://example.org/a/b"),
        ("/home/me/repo", None),
        ("../repo", None),
        ("file:///home/me/repo", None),
        ("ext::sh -c true", None),
        ("https://[::1", None),
        ("https://example.org:port/a", None),
        ("https://\x1b/a", None),
        ("https://example.org/<script>", "https://example.org"),
        ("", None),
    ],
)
def test_an_address_without_user_and_password(address: str, told: str | None) -> None:
    assert public_uri(address) == told


def test_a_history_scan_tells_origin_and_commit_and_no_password(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    repo.write("a", f"{token('a')}\n")
    head = repo.commit("one")
    repo.git("remote", "add", "origin", f"https://me:{token('password')}@example.org/a.git")
    done = leaksweep("scan", "--history", str(repo.path), "-f", "json")
    target = json.loads(done.stdout)["target"]
    assert (target["repository_uri"], target["revision"]) == ("https://example.org/a.git", head)
    assert token("password").encode() not in done.stdout
