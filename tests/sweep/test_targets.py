"""Which repositories a list names: each once, under whatever name."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.errors import UsageError
from scanner.model import Skip
from scanner.sweep.targets import read_list, targets_of
from tests.repositories import Repository


def ids(*words: str) -> list[str]:
    return [one.id for one in targets_of(words) if not isinstance(one, Skip)]


def test_a_repository_listed_twice_or_under_two_names_is_one(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "a" / "r")
    repository.commit("one")
    repository.git("worktree", "add", "-q", str(tmp_path / "linked"))
    (tmp_path / "name").symlink_to(repository.path)
    words = [str(repository.path), str(tmp_path / "linked"), str(tmp_path / "name"), str(tmp_path / "a")]
    assert ids(*words) == [str(repository.path.resolve() / ".git")]


def test_folders_are_searched_and_bare_repositories_found(tmp_path: Path) -> None:
    Repository(tmp_path / "deep" / "er" / "work").commit("one")
    Repository(tmp_path / "deep" / "plain").git("init", "-q", "--bare", str(tmp_path / "deep" / "bare.git"))
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [Path(one).name for one in ids(str(tmp_path))] == ["bare.git", ".git", ".git"]


@pytest.mark.parametrize(
    "pair",
    [
        ("https://Example.org/a/b.git", "https://example.org/a/b/"),
        ("git@example.org:a/b.git", "ssh://git@example.org/a/b"),
    ],
)
def test_two_spellings_of_a_url_are_one(pair: tuple[str, str]) -> None:
    assert len(ids(*pair)) == 1


@pytest.mark.parametrize(
    "word", ["https://user:word@example.org/a", "ext::sh -c true", "http://example.org/a", "/no/where"]
)
def test_what_cannot_be_swept_is_an_error_that_holds_no_credentials(word: str) -> None:
    with pytest.raises(UsageError) as told:
        ids(word)
    assert "user:word" not in str(told.value)


def test_a_list_holds_comments_and_blank_lines() -> None:
    assert list(read_list(["# x\n", "\n", " a \n"])) == ["a"]
