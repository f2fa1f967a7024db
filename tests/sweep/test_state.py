"""The state of a repository: another one after anything that could change what is read or told, else the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.sweep.state import common_folder, state_of
from tests.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "r")
    made.write("a", "1\n")
    made.commit("one")
    return made


def _pack(one: Repository) -> None:
    one.git("gc", "-q")


def _alternate(one: Repository) -> None:
    (one.path / ".git" / "objects" / "info" / "alternates").write_text(f"{one.path}/.git/more\n")


CHANGES: dict[str, Callable[[Repository], object]] = {
    "commit": lambda one: one.commit("two"),
    "branch": lambda one: one.git("branch", "b"),
    "tag": lambda one: one.git("tag", "t"),
    "another HEAD": lambda one: one.git("checkout", "-q", "-b", "c"),
    "loose blob": lambda one: one.git("hash-object", "-w", "--stdin", stdin=b"lost"),
    "index": lambda one: one.write("b", "2") or one.git("add", "b"),  # type: ignore[func-returns-value]
    "stash": lambda one: one.write("a", "3") or one.git("stash", "-q"),  # type: ignore[func-returns-value]
    "linked work tree": lambda one: one.git("worktree", "add", "-q", str(one.path.parent / "w")),
    "remote": lambda one: one.git("remote", "add", "origin", "https://example.org/r"),
    "pack": _pack,
    "alternate": _alternate,
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_a_repository_changes_its_state(repository: Repository, name: str) -> None:
    place = common_folder(str(repository.path))
    assert place is not None
    before = state_of(place)
    assert state_of(place) == before
    CHANGES[name](repository)
    assert state_of(place) != before


def test_what_comes_into_a_borrowed_folder_changes_the_state(repository: Repository) -> None:
    more = repository.path / ".git" / "more" / "ab"
    more.mkdir(parents=True)
    _alternate(repository)
    before = state_of(str(repository.path / ".git"))
    (more / ("0" * 38)).write_bytes(b"")
    assert state_of(str(repository.path / ".git")) != before


def test_a_loop_of_links_ends_and_a_fifo_is_not_waited_for(repository: Repository) -> None:
    import os

    refs = repository.path / ".git" / "refs"
    (refs / "loop").symlink_to(refs)
    os.mkfifo(refs / "pipe")
    assert state_of(str(repository.path / ".git"))


def test_only_git_tells_the_folder_of_a_linked_work_tree(repository: Repository) -> None:
    repository.git("worktree", "add", "-q", str(repository.path.parent / "w"))
    assert common_folder(str(repository.path.parent / "w")) is None
    assert common_folder(str(repository.path / ".git" / "worktrees" / "w")) is None
    repository.git("clone", "-q", "--bare", ".", str(repository.path.parent / "bare"))
    assert common_folder(str(repository.path.parent / "bare")) == str(repository.path.parent / "bare")
