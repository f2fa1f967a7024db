"""Histories with holes, hostile headers, blobs without commits: what is known is told, and what is not, too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scanner.engine.templates import expand
from scanner.sources import tree_changes
from tests.attribution.histories import SECRETS, START_S, History, findings_of, plain, told
from tests.repositories import Repository, leaksweep, token


def test_a_shallow_clone_tells_where_it_was_cut_off(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "A: a=S\nB A: a=Sx\nC B: a=x")
    history.repository.git("clone", "-q", "--bare", "--depth", "2", f"file://{tmp_path}/r", str(tmp_path / "s"))
    cut = history.oids["B"][:12]
    assert told(findings_of(tmp_path / "s", tmp_path), history.oids) == plain(
        f"""
        S a: removed, still in history, 1 days [main]
          introduced B a
          removed C a
          ? the history is cut off at {cut}: it may be older than that
        """
    )


def remove_object(repository: Repository, oid: str) -> None:
    (repository.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()


def test_a_missing_folder_is_told_and_the_rest_is_known(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "A: a=S d/b=x\nB A: a=S d/b=T\nC B: a=x d/b=Tx\nD C: a=x d/b=x")
    remove_object(history.repository, history.repository.git("rev-parse", f"{history.oids['B']}:d"))
    assert history.stories(tmp_path) == plain(
        """
        T <unreachable blob>: unreachable []
          ? no commit has it: its path is lost
        S a: removed, still in history, 2 days [main]
          introduced A a
          removed C a
        T d/b: removed, still in history, 1 days [main]
          introduced C d/b
          removed D d/b
          ? the folder d could not be read around 2 commits: dates may be off
        """
    )


def test_missing_trees_of_many_commits_leave_every_secret_told(tmp_path: Path) -> None:
    lines = ["A: a=S b=x"] + [f"C{n} {'A' if n == 1 else f'C{n - 1}'}: a=S b={'x' * (n + 1)}" for n in range(1, 40)]
    history = History(tmp_path / "r", "\n".join([*lines, "Z C39: a=x b=x"]))
    for number in range(1, 38):
        remove_object(history.repository, history.repository.git("rev-parse", f"{history.oids[f'C{number}']}^{{tree}}"))
    story = history.stories(tmp_path)
    assert (
        story.splitlines()[:3]
        == plain(
            """
        S a: removed, still in history, 40 days [main]
          introduced A a
          removed Z a
        """
        ).splitlines()
    )
    assert "? the files could not be read around 38 commits: dates may be off" in story


def test_a_missing_commit_leaves_what_came_before_and_after(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "A: a=x\nB A: a=S\nC B: a=Sx b=T\nD C: a=x b=T")
    remove_object(history.repository, history.oids["B"])
    story = history.stories(tmp_path)
    assert "S a: removed, still in history, 1 days [main]\n  introduced C a\n  removed D a\n" in story
    assert "\nT b: in HEAD, 98 days [main]\n  introduced C b\n" in story
    assert f"? the history is cut off at {history.oids['C'][:12]}: it may be older than that" in story
    assert "? commits are missing, so what happened in them is not known" in story


BROKEN = [
    pytest.param("", "", id="no author and no committer"),
    pytest.param("nobody", "nobody", id="a name alone"),
    pytest.param("<>", "< 1", id="empty brackets"),
    pytest.param("A <a> 99999999999999999999 +0000", "A <a> 253402300800 +0000", id="beyond every calendar"),
    pytest.param("A <a> -99999999999 -9999", "A <a> 12x +zz", id="no such zone"),
    pytest.param("\udcff\udcfe <\udc80> 1 +0000", "\x1b[31m <x\x07> 0 +0000", id="no text at all"),
    pytest.param("A <<a@b>> 1600000000", "A > < 1600000000 +0000", id="brackets everywhere"),
]


@pytest.mark.parametrize(("author", "committer"), BROKEN)
def test_a_broken_header_costs_only_what_it_would_have_told(tmp_path: Path, author: str, committer: str) -> None:
    history = History(tmp_path / "r", "A: a=x")
    tree = history.tree({"a": "S"})
    oid = history.commit_object(tree, [], author=author, committer=committer, message="hostile")
    history.repository.git("update-ref", "refs/heads/main", oid)
    saved = tmp_path / "scan.sarif"
    arguments = ("--history", "--rule", "github-token", "-f", "text", "-f", "sarif", "-o")
    done = leaksweep("scan", str(tmp_path / "r"), *arguments, "-", "-o", str(saved))
    assert done.returncode == 1, done.stderr
    assert oid[:12].encode() in done.stdout
    assert b"\x1b" not in done.stdout + saved.read_bytes()
    (finding,) = findings_of(tmp_path / "r", tmp_path)
    assert finding["story"]["has_doubtful_dates"]
    assert finding["story"]["introduced"]["commit"]["oid"] == oid


def test_a_mailmap_tells_who_is_meant_and_addresses_stay_private(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    repository.write(
        ".mailmap", "# people\nBob Right <bob@right.example> Ann Author <ann@example.org>\nnot a line\n<<>>\n"
    )
    repository.write("a", token("mailmap"))
    repository.commit("one")
    (finding,) = findings_of(repository.path, tmp_path)
    author = finding["story"]["introduced"]["commit"]["author"]
    assert author == {"name": "Bob Right", "date": "2023-11-14T22:13:20+00:00"}
    (finding,) = findings_of(repository.path, tmp_path, show_authors=True)
    assert finding["author"]["email"] == "bob@right.example"
    arguments = ["scan", str(repository.path), "--history", "--rule", "github-token", "-f", "text"]
    assert b"Bob Right <bob@right.example>" in leaksweep(*arguments, "--show-authors").stdout
    names = ("json", "jsonl", "sarif")
    for name in names:
        arguments += ["-f", name]
    for name in ("-", *names):
        arguments += ["-o", name if name == "-" else str(tmp_path / name)]
    assert b"right.example" not in leaksweep(*arguments).stdout
    assert all(b"right.example" not in (tmp_path / name).read_bytes() for name in names)


def test_texts_of_commits_and_tags_have_stories(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    first = repository.commit(f"say\n\n{SECRETS['S']}")
    second = repository.commit(f"again\n\n{SECRETS['S']}")
    repository.git("tag", "-a", "v1", "-m", SECRETS["T"], first)
    assert told(findings_of(repository.path, tmp_path), {"A": first, "B": second}) == plain(
        """
        S <commit message>: in HEAD [main v1]
          introduced A <commit message>
          ? the dates run backwards, so how long it was exposed is not known
        T <message of tag v1>: on other refs [v1]
        """
    ).replace("in HEAD [", "in HEAD, doubtful dates [")


def test_a_ref_may_name_a_blob_or_a_tree(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "A: a=x")
    git = history.repository.git
    blob = git("hash-object", "-w", "--stdin", stdin=SECRETS["S"].encode())
    git("tag", "-a", "blob", "-m", "x", blob)
    git("update-ref", "refs/tags/tree", history.tree({"d/f": "T"}))
    assert history.stories(tmp_path) == plain(
        """
        S <tagged blob>: on other refs [blob]
          ? a ref names it without a commit: since when is not recorded
        T d/f: on other refs [tree]
          ? a ref names it without a commit: since when is not recorded
        """
    )


def test_an_amended_commit_and_a_staged_file_are_told_apart(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "A: a=x\nB A: a=xS\nC A: a=xy main")
    history.repository.git("update-ref", "-d", "refs/heads/other")
    history.repository.git("read-tree", history.tree({"a": "xy", "staged": "T"}))
    assert history.stories(tmp_path) == plain(
        """
        S a: unreachable []
          introduced B a
          ? since when no branch and no tag reaches it is not recorded
        T staged: unreachable []
          ? it is staged, and in no commit
        """
    )


RULE = """
family: test
rules:
  - id: word-beside-it
    name: A word beside it
    description: Found only beside its word.
    severity: high
    confidence: high
    pattern: key=(?P<secret>[a-z0-9]{20})
    rotation_class: other
    examples: ["key={{alnum:20}}"]
    negative_examples: ["word={{alnum:20}}"]
"""


@pytest.mark.parametrize(
    ("named", "journal", "replayed"), [(10_000, 1 << 20, 0), (-1, 1 << 20, 1), (-1, -1, 0)], ids=str
)
def test_a_secret_that_no_rule_matches_any_more_is_still_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: int, journal: int, replayed: int
) -> None:
    """Whether git looks for the blobs, or lists all changes, which are gone through again or asked for again."""
    monkeypatch.setattr(tree_changes, "MAX_NAMED_BLOBS", named)
    monkeypatch.setattr(tree_changes, "MAX_JOURNAL_BYTES", journal)
    asked: list[tree_changes.Interest] = []
    changes_of = tree_changes.Journal.changes_of

    def again(self: tree_changes.Journal, wanted: tree_changes.Interest) -> tree_changes.Changes:
        asked.append(wanted)
        return changes_of(self, wanted)

    monkeypatch.setattr(tree_changes.Journal, "changes_of", again)
    value = expand("{{alnum:20}}", seed="beside")
    repository = Repository(tmp_path / "r")
    commits = []
    for text in ("x", f"code={value}", f"key={value}", f"one more\ncode={value}", "x", f"key={value}", f"code={value}"):
        repository.write("a", text + "\n")
        commits.append(repository.commit("next"))
    (tmp_path / "rules.yaml").write_text(RULE)
    options = {"rules": [str(tmp_path / "rules.yaml")], "use_default_rules": False, "only_rules": ()}
    (finding,) = findings_of(repository.path, tmp_path, **options)
    story = finding["story"]
    events = [(event["kind"], event["commit"]["oid"]) for event in story["events"]]
    kinds = [("introduced", 1), ("removed", 4), ("reintroduced", 5)]
    assert events == [(kind, commits[number]) for kind, number in kinds]
    assert set(repository.git("log", "--format=%H", f"-S{value}").split()) == {oid for _, oid in events}
    assert (story["state"], story["current"]["start_line"], story["blob_count"]) == ("in HEAD", 1, 3)
    span = f"{commits[1]}..{commits[3]}"
    assert findings_of(repository.path, tmp_path, history=False, range=span, **options) == []
    assert len(asked) == replayed


@pytest.mark.slow
def test_ten_thousand_places_are_counted_and_a_few_are_listed(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    stream = ["commit refs/heads/main\ncommitter C <c@example.org> 1600000000 +0000\ndata 0\n"]
    secret = SECRETS["S"]
    for number in range(5_000):
        text = f"{number}\n{secret}\n"
        stream.append(f"M 644 inline d/{number:04}\ndata {len(text)}\n{text}\n")
    stream.append("commit refs/heads/main\ncommitter C <c@example.org> 1600086400 +0000\ndata 0\nR d e\n")
    for number in range(5_000):
        text = f"{number}\n\n{secret}\n"
        stream.append(f"M 644 inline e/{number:04}\ndata {len(text)}\n{text}\n")
    repository.git("fast-import", "--quiet", stdin="".join(stream).encode())
    findings = findings_of(repository.path, tmp_path, all_occurrences=False)
    assert len(findings) == 5_000
    assert {finding["story"]["state"] for finding in findings} == {"in HEAD"}
    assert all(finding["story"]["introduced"]["path"] == f"d/{finding['path'][2:]}" for finding in findings)


@pytest.mark.slow
def test_many_versions_of_one_file_are_one_finding(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "r")
    stream = []
    for number in range(3_000):
        text = f"{SECRETS['S']}\n{number}\n"
        who = f"committer C <c@example.org> {START_S + number} +0000"
        stream.append(f"commit refs/heads/main\n{who}\ndata 0\nM 644 inline a\ndata {len(text)}\n{text}\n")
    repository.git("fast-import", "--quiet", stdin="".join(stream).encode())
    (finding,) = findings_of(repository.path, tmp_path, all_occurrences=False)
    assert (finding["occurrence_count"], len(finding["occurrences"])) == (3_000, 10)
    assert finding["story"]["blob_count"] == 3_000
    (finding,) = findings_of(repository.path, tmp_path)
    assert len(finding["occurrences"]) == 3_000


def test_sha256_repositories_have_stories(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "A: a=S\nB A: b=S\nC B: b=x", "--object-format=sha256")
    assert history.stories(tmp_path) == plain(
        """
        S b: removed, still in history, 2 days [main]
          introduced A a
          moved B b from a
          removed C b
        """
    )


def test_the_number_of_workers_changes_no_byte_of_a_story(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "A: a=S b=T\nB A: c=S b=T\nC A: a=Sx\nM B C: c=Sx\nD A: b=T other")
    arguments = ("scan", str(tmp_path / "r"), "--history", "--rule", "github-token", "-f", "json")
    once = leaksweep(*arguments, "-j", "1").stdout
    assert leaksweep(*arguments, "-j", "3").stdout == once
    assert history.oids["A"].encode() in once


def test_a_report_counts_all_refs_and_names_a_few(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "A: a=S\nB A: a=x")
    lines = [f"create refs/tags/v{number:03} {history.oids['A']}\n" for number in range(80)]
    history.repository.git("update-ref", "--stdin", stdin="".join(lines).encode())
    saved = tmp_path / "scan.json"
    arguments = ("scan", str(tmp_path / "r"), "--history", "--rule", "github-token", "-f")
    text = leaksweep(*arguments, "text", "-f", "json", "-o", "-", "-o", str(saved)).stdout
    assert b"still reachable from 1 branch and 80 tags" in text
    assert leaksweep("report", str(saved)).stdout == text
    (finding,) = findings_of(tmp_path / "r", tmp_path, all_occurrences=False)
    reached = finding["story"]["reachable_from"]
    assert (reached["tag_count"], len(reached["tags"])) == (80, 50)
    assert b"v049 and 30 more" in leaksweep("show", finding["fingerprint"], str(saved)).stdout
    (finding,) = findings_of(tmp_path / "r", tmp_path)
    assert len(finding["story"]["reachable_from"]["tags"]) == 80


def test_show_prints_one_story_of_a_saved_scan(tmp_path: Path) -> None:
    History(tmp_path / "r", "A: a=S\nB A: b=S\nC B: b=x\nD C: b=x c=T")
    saved = tmp_path / "scan.json"
    leaksweep("scan", str(tmp_path / "r"), "--history", "--rule", "github-token", "-f", "json", "-o", str(saved))
    (finding,) = (one for one in findings_of(tmp_path / "r", tmp_path) if one["path"] == "b")
    done = leaksweep("show", finding["fingerprint"][:12], str(saved))
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "  moved: " in text
    assert ": b:1 from a" in text
    assert "branches whose history has it: main" in text
    assert SECRETS["S"] not in text
    assert leaksweep("show", "nothing", str(saved)).returncode == 2
    assert leaksweep("show", "", str(saved)).returncode == 2


def test_a_scan_whose_history_git_cannot_tell_still_reports(tmp_path: Path) -> None:
    history = History(tmp_path / "r", "A: a=S")
    shutil.rmtree(tmp_path / "r" / ".git" / "refs" / "heads")
    (tmp_path / "r" / ".git" / "refs" / "heads").mkdir()
    (tmp_path / "r" / ".git" / "refs" / "heads" / "broken").write_text("nonsense\n")
    assert [one["path"] for one in findings_of(history.repository.path, tmp_path)] == ["a"]
