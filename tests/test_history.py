"""Whatever git keeps is read, each secret is found once, at the right place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.repositories import Repository, leaksweep, token

ODD_PATH = b"odd \"quoted' \xff\nname"


def scanned(repository: Repository, *arguments: str) -> dict[str, Any]:
    done = leaksweep("scan", str(repository.path), *arguments, "-f", "json", "--show-secrets")
    assert done.returncode in (0, 1), done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def planted(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Repository, dict[str, tuple[str, int, str | None]]]:
    """A repository, and for each place its secret's expected path, line and commit."""
    repo = Repository(tmp_path_factory.mktemp("planted"))
    where: dict[str, tuple[str, int, str | None]] = {}
    repo.write("head.txt", f"a\n{token('head')}\n")
    repo.write("deleted.txt", f"{token('deleted')}\n")
    repo.write("line.txt", f"a\nb\n{token('line')}\n")
    repo.write(".gitattributes", "nodiff.txt -diff\n")
    repo.write("nodiff.txt", f"{token('nodiff')}\n")
    repo.write("nul.bin", b"\x00\x01\n" + token("nul").encode())
    repo.write(ODD_PATH, f"\n\n\n{token('odd')}\n")
    repo.write("before.txt", "same\n" * 20 + token("renamed"))
    first = repo.commit("first")
    for name, line in (("head", 2), ("deleted", 1), ("line", 3), ("nodiff", 1)):
        where[name] = (f"{name}.txt", line, first)
    where["nul"] = ("nul.bin", 2, first)
    where["odd"] = ("odd \"quoted' \\xff\\x0aname", 4, first)
    repo.git("mv", "before.txt", "after.txt")
    repo.git("rm", "-q", "deleted.txt")
    repo.write("line.txt", "a\nb\n")
    where["renamed"] = ("after.txt", 21, repo.commit("second"))
    repo.git("checkout", "-q", "-b", "other")
    repo.write("branch.txt", token("branch"))
    where["branch"] = ("branch.txt", 1, repo.commit("on a branch"))
    repo.git("checkout", "-q", "main")
    repo.git("checkout", "-q", "--detach")
    repo.write("tagged.txt", token("tagged"))
    where["tagged"] = ("tagged.txt", 1, repo.commit("only a tag"))
    repo.git("tag", "only")
    repo.git("checkout", "-q", "main")
    head = repo.git("rev-parse", "HEAD")
    repo.git("tag", "-a", "v1", "-m", f"Release\n\n{token('tag message')}")
    where["tag message"] = ("<message of tag v1>", 3, head)
    where["commit message"] = ("<commit message>", 3, repo.commit(f"Say it\n\n{token('commit message')}"))
    noted = repo.git("rev-parse", "HEAD")
    repo.git("notes", "add", "-m", token("note"))
    where["note"] = (noted, 1, repo.git("rev-parse", "refs/notes/commits"))
    repo.git("checkout", "-q", "other")
    repo.git("merge", "-q", "--no-commit", "--no-ff", "main")
    repo.write("evil.txt", token("merge"))
    where["merge"] = ("evil.txt", 1, repo.commit("merge"))
    repo.git("checkout", "-q", "main")
    repo.write("head.txt", f"a\n{token('head')}\n{token('stash staged')}\n")
    repo.git("add", "-A")
    repo.write("line.txt", token("stash unstaged"))
    repo.write("untracked.txt", token("stash untracked"))
    repo.git("stash", "push", "-q", "-u")
    where["stash staged"] = ("head.txt", 3, repo.git("rev-parse", "stash^2"))
    where["stash unstaged"] = ("line.txt", 1, repo.git("rev-parse", "stash"))
    where["stash untracked"] = ("untracked.txt", 1, repo.git("rev-parse", "stash^3"))
    repo.write("dangling.txt", token("dangling"))
    repo.git("add", "-A")
    tree = repo.git("write-tree")
    where["dangling"] = ("dangling.txt", 1, repo.git("commit-tree", tree, "-m", "nobody points here"))
    repo.git("rm", "-q", "-f", "dangling.txt")
    repo.git("hash-object", "-w", "--stdin", stdin=token("loose").encode())
    where["loose"] = ("<unreachable blob>", 1, None)
    return repo, where


@pytest.mark.parametrize("is_packed", [False, True], ids=["loose", "packed"])
def test_every_place_of_a_secret_is_found_once(
    planted: tuple[Repository, dict[str, tuple[str, int, str | None]]], is_packed: bool
) -> None:
    repo, where = planted
    if is_packed:
        repo.git("repack", "-q", "-ad", "--keep-unreachable")
    found = scanned(repo, "--history")["findings"]
    for name, expected in where.items():
        places = [(f["path"], f["start_line"], f["commit"]) for f in found if f["secret"]["value"] == token(name)]
        paths = (
            {expected}
            if name != "note"
            else {(p, 1, expected[2]) for p in (expected[0], f"{expected[0][:2]}/{expected[0][2:]}")}
        )
        assert len(places) == 1, (name, places)
        assert places[0] in paths, name


def test_a_range_tells_what_its_commits_brought_in_and_no_more(tmp_path: Path) -> None:
    repo = Repository(tmp_path)
    repo.write("a", f"{token('old')}\n")
    old = repo.commit("old")
    repo.write("a", f"{token('old')}\n{token('new')}\n")
    new = repo.commit("new")
    found = scanned(repo, "--range", f"{old}..{new}")["findings"]
    assert [(f["secret"]["value"], f["commit"], f["start_line"]) for f in found] == [(token("new"), new, 2)]
    for bad in (f"{new}..{old}", f"{new}..{new}", f"{old}..nowhere", "-x..HEAD"):
        assert leaksweep("scan", str(tmp_path), f"--range={bad}").returncode == 2, bad


def test_a_range_tells_of_a_copy_and_of_a_file_that_is_back(tmp_path: Path) -> None:
    repo = Repository(tmp_path)
    repo.write("kept", f"{token('kept')}\n")
    repo.write("gone", f"{token('gone')}\n")
    repo.commit("with both")
    repo.git("rm", "-q", "gone")
    old = repo.commit("without one")
    repo.write("copy", f"{token('kept')}\n")
    copied = repo.commit("copied")
    repo.write("gone", f"{token('gone')}\n")
    back = repo.commit("back")
    found = scanned(repo, "--range", f"{old}..{back}")["findings"]
    assert {(f["path"], f["secret"]["value"], f["commit"]) for f in found} == {
        ("copy", token("kept"), copied),
        ("gone", token("gone"), back),
    }


def test_staged_reads_the_index_and_not_the_work_tree(tmp_path: Path) -> None:
    repo = Repository(tmp_path)
    repo.write("a", f"{token('old')}\n")
    repo.git("add", "-A")
    assert len(scanned(repo, "--staged")["findings"]) == 1
    repo.commit("old")
    assert scanned(repo, "--staged")["findings"] == []
    repo.write("a", f"{token('old')}\n\n{token('staged')}\n")
    repo.git("add", "-A")
    repo.write("a", token("work tree"))
    found = scanned(repo, "--staged")["findings"]
    assert [(f["path"], f["start_line"], f["secret"]["value"]) for f in found] == [("a", 3, token("staged"))]


def test_an_empty_repository_is_clean_and_a_shallow_one_incomplete(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "a")
    assert leaksweep("scan", str(repo.path), "--history").returncode == 0
    repo.commit("one")
    repo.commit("two")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.path}", str(tmp_path / "b"))
    assert leaksweep("scan", str(tmp_path / "b"), "--history").returncode == 3
    assert leaksweep("scan", str(tmp_path / "b"), "--history", "--allow-shallow").returncode == 0


def test_a_missing_and_a_corrupt_object_make_the_scan_incomplete(tmp_path: Path) -> None:
    repo = Repository(tmp_path)
    repo.write("a", "text\n")
    repo.commit("one")
    oid = repo.git("rev-parse", "HEAD:a")
    path = tmp_path / ".git" / "objects" / oid[:2] / oid[2:]
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:10])
    assert leaksweep("scan", str(tmp_path), "--history").returncode == 3
    path.unlink()
    done = leaksweep("scan", str(tmp_path), "--history")
    assert done.returncode == 3
    assert oid.encode() in done.stdout


@pytest.mark.parametrize("is_planted", [True, False], ids=["with a secret", "without"])
def test_a_range_whose_parents_lack_a_tree_is_incomplete_and_tells_what_it_can(
    tmp_path: Path, *, is_planted: bool
) -> None:
    repo = Repository(tmp_path)
    repo.write("old", f"{token('copied')}\n" if is_planted else "text\n")
    start = repo.commit("one")
    repo.write("other", "text\n")
    repo.commit("two")
    repo.write("copy", (tmp_path / "old").read_bytes())
    repo.commit("three")
    tree = repo.git("rev-parse", f"{start}^{{tree}}")
    (tmp_path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    done = leaksweep("scan", str(tmp_path), "--range", f"{start}..HEAD", "-f", "json", "--show-secrets")
    report = json.loads(done.stdout)
    assert done.returncode == (1 if is_planted else 3), done.stderr
    assert ("copy" in {one["occurrences"][-1]["path"] for one in report["findings"]}) is is_planted
    assert [skip["what"] for skip in report["coverage"]["skipped"]] == [
        "what the commits of the range copied or brought back"
    ]


def test_a_repository_cannot_make_us_run_its_programs(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    repo.write("a", "x")
    repo.commit("one")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "filter.x.clean"):
        repo.git("config", key, str(program))
    repo.write("a", "y")
    for mode in ((), ("--staged",), ("--history",)):
        assert leaksweep("scan", str(repo.path), *mode).returncode == 0
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_secret_in_the_name_of_an_author_is_told_of_every_commit(tmp_path: Path, is_packed: bool) -> None:
    repo = Repository(tmp_path)
    names = [f"{number}" for number in range(3)]
    secret = token("author")
    told = []
    for number in (*names, *names):
        repo.commit(f"by Ann {number}")
        repo.git("commit", "-q", "--allow-empty", "-m", f"{number}", "--author", f"{secret} <{number}@example.org>")
        told.append(repo.git("rev-parse", "HEAD"))
    if is_packed:
        repo.git("gc", "-q")
    found = scanned(repo, "--history")["findings"]
    assert [(one["path"], one["secret"]["value"]) for one in found] == [("<commit header>", secret)]
    assert {one["commit"] for one in found[0]["occurrences"]} == set(told)
