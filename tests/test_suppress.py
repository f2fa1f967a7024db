"""A mark in a comment settles what is beside it, and nothing else; the ignore file speaks for paths and rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.templates import expand
from scanner.errors import ConfigError
from scanner.globs import deciding, ignore_pattern
from scanner.model import Rule
from scanner.suppress import IgnoreFile, marks_for, marks_in, open_blocks
from tests.repositories import Called, Repository, called, token

SECRET = "s3cr3t-value"
RULE = Rule("acme-key", "acme", "n", "d", "high", "high", "p", tags=("generic",))
OTHER = Rule("other-key", "other", "n", "d", "high", "high", "p")


def is_settled(text: str, rule: Rule = RULE) -> bool:
    data = text.encode()
    at = data.index(SECRET.encode())
    line = data.count(b"\n", 0, at) + 1
    return bool(marks_for(marks_in(data), line, line, SECRET, rule))


@pytest.mark.parametrize(
    "comment",
    ["# {}", "// {}", "/* {} */", "-- {}", "; {}", "<!-- {} -->", "% {}", "{{# {} #}}", "(* {} *)", "# see below {}",
     "//{}", "#{}", "/** {} */", "' {}"],
)  # fmt: skip
@pytest.mark.parametrize(
    "mark",
    ["leaksweep:allow", "leaksweep:allow[acme-key] ours", "leaksweep:allow[other-key, acme]", "leaksweep:allow[acme-*]",
     "gitleaks:allow", "betterleaks:allow", "trufflehog:ignore", "kingfisher:ignore", "pragma: allowlist secret",
     "pragma: whitelist secret", "secretlint-disable-line", "ggignore", "checkov:skip=CKV_SECRET_6:why", "nosec",
     "nosec B105", "noqa: E501, S105"],
)  # fmt: skip
def test_a_mark_in_a_comment_of_any_style_settles_its_line(comment: str, mark: str) -> None:
    assert is_settled(f"before\nkey = {SECRET} {comment.format(mark)}\nafter")
    assert not is_settled(f"before {comment.format(mark)}\nkey = {SECRET}\nafter")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"key = {SECRET} leaksweep:allow", id="not in a comment"),
        pytest.param(f"url = http://x#leaksweep:allow/{SECRET}", id="in a URL"),
        pytest.param(f"key = {SECRET} # leaksweep:allowed", id="another word"),
        pytest.param(f"key = {SECRET} # leaksweep:allow[other-key]", id="another rule"),
        pytest.param(f"key = {SECRET} # nosec B602", id="nosec of something else"),
        pytest.param(f"key = {SECRET} # noqa", id="noqa of everything"),
        pytest.param(f"# leaksweep:allow\n\nkey = {SECRET}", id="two lines above"),
        pytest.param(f"x = 1 # leaksweep:allow\nkey = {SECRET}", id="a mark with code before it speaks for its line"),
        pytest.param(f"key = {SECRET}\n# leaksweep:allow", id="below"),
        pytest.param(f"# leaksweep:allow-start\nkey = {SECRET}\n", id="a block that is not closed"),
        pytest.param(f"# leaksweep:allow-start\n# leaksweep:allow-end\nkey = {SECRET}", id="behind a block"),
        pytest.param(f"# leaksweep:allow-start[other-key]\nkey = {SECRET}\n# leaksweep:allow-end", id="other block"),
        pytest.param(f"// secretlint-disable\n// secretlint-enable\nkey = {SECRET}", id="enabled again"),
        pytest.param(f"// secretlint-disable-line @secretlint/rule-github\nkey = {SECRET}", id="line above"),
    ],
)
def test_what_is_no_mark_for_a_secret_settles_nothing(text: str) -> None:
    assert not is_settled(text)


@pytest.mark.parametrize(
    "text",
    [
        f"# leaksweep:allow\nkey = {SECRET}",
        f"  // leaksweep:allow-next-line[acme-key] because\nkey = {SECRET}",
        f"-- pragma: allowlist nextline secret\nkey = {SECRET}",
        f"x = 1 # pragma: whitelist nextline secret\nkey = {SECRET}",
        f"# kingfisher:ignore\nkey = {SECRET}",
        f"key = {SECRET}\n# kingfisher:ignore",
        f"# checkov:skip=CKV_SECRET_2\nkey = {SECRET}",
        f"// secretlint-disable-next-line\nkey = {SECRET}",
        f"<!-- leaksweep:allow-start ours -->\na\nkey = {SECRET}\n<!-- leaksweep:allow-end -->",
        f"/* secretlint-disable */\na\nkey = {SECRET}\n/* secretlint-enable */",
        f"// secretlint-disable @secretlint/secretlint-rule-acme -- why\nkey = {SECRET}",
    ],
)
def test_marks_speak_for_the_next_line_and_for_blocks(text: str) -> None:
    assert is_settled(text)


def test_a_mark_of_bandit_settles_only_what_bandit_would_have_found() -> None:
    assert not is_settled(f"key = {SECRET} # nosec", OTHER)


def test_the_secret_itself_cannot_hold_the_mark() -> None:
    secret = "abc#leaksweep:allow"
    data = f'password = "{secret}"'.encode()
    assert marks_in(data)
    assert not marks_for(marks_in(data), 1, 1, secret, RULE)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["# leaksweep:allow-start", "# leaksweep:allow-end", "x", "key"]), max_size=12))
def test_a_block_settles_exactly_what_stands_between_its_ends(lines: list[str]) -> None:
    marks = marks_in("\n".join(lines).encode())
    for number, line in enumerate(lines, 1):
        if line != "key":
            continue
        before = [i for i in range(number - 1) if lines[i].endswith("start")]
        closed = any(
            any(lines[j].endswith("-end") for j in range(i, len(lines)))
            and not any(lines[j].endswith("-end") for j in range(i, number - 1))
            for i in before
        )
        assert bool(marks_for(marks, number, number, SECRET, RULE)) == closed


# --- the ignore file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "ignored", "kept"),
    [
        (["*.pem"], ["a.pem", "x/y/a.pem"], ["a.pem.txt"]),
        (["/a.txt"], ["a.txt"], ["x/a.txt"]),
        (["docs/"], ["docs/x", "a/docs/y/z"], ["docs"]),
        (["docs/*.md"], ["docs/a.md"], ["docs/x/a.md", "x/docs/a.md"]),
        (["a/**/b"], ["a/b", "a/x/b", "a/x/y/b"], ["a/xb"]),
        (["a/**"], ["a/x", "a/x/y"], ["b/a/x"]),
        (["**/a"], ["a", "x/a"], ["xa"]),
        (["*.txt", "!keep.txt"], ["a.txt"], ["keep.txt", "x/keep.txt"]),
        (["!keep.txt", "*.txt"], ["keep.txt"], []),
        (["d/", "!d/keep"], ["d/keep"], []),
        (["d/*", "!d/keep"], ["d/x"], ["d/keep"]),
        ([r"\#x", r"\!y", "z\\ "], ["#x", "!y", "z "], ["x", "y", "z"]),
        (["a[bc]d", "e[!f]g"], ["abd", "exg"], ["axd", "efg"]),
        ([r"\*"], ["*"], ["a"]),
    ],
)
def test_patterns_mean_what_they_mean_to_git(
    tmp_path: Path, lines: list[str], ignored: list[str], kept: list[str]
) -> None:
    patterns = [pattern for line in lines if (pattern := ignore_pattern(line))]
    repo = Repository(tmp_path)
    repo.write(".gitignore", "\n".join(lines) + "\n")
    for path in (*ignored, *kept):
        expected = path in ignored
        assert (deciding(patterns, path) is not None) == expected, path
    for path in (*ignored, *kept):
        told = repo.git_code("check-ignore", "-q", "--no-index", path)
        assert (told == 0) == (path in ignored), path


def test_sections_speak_for_rules_and_the_last_line_decides() -> None:
    text = "# old keys\n*.old\n\n[acme-key]\nvendor/\n!vendor/ours/\n[other*]\nx\n"
    ignore = IgnoreFile.parse(text, path="f")
    line = ignore.line_for(RULE, "a.old")
    assert line is not None
    assert (line.number, line.reason) == (2, "old keys")
    assert ignore.suppression(line).origin == "f:2"
    assert ignore.line_for(RULE, "vendor/a") is not None
    assert ignore.line_for(OTHER, "vendor/a") is None
    assert ignore.line_for(OTHER, "x") is not None
    assert ignore.line_for(RULE, "x") is None


@pytest.mark.parametrize(("text", "line"), [("a\n[Not A Rule]\n", 2), ("a\n\n/\n", 3)])
def test_a_line_that_means_nothing_is_an_error(text: str, line: int) -> None:
    with pytest.raises(ConfigError, match=f"^f:{line}: "):
        IgnoreFile.parse(text, path="f")


# --- a scan ------------------------------------------------------------------------------------------


def scan(path: Path, *arguments: str) -> Called:
    return called("scan", str(path), "-j", "1", *arguments)


def test_a_scan_counts_lists_and_reports_stale_decisions(tmp_path: Path) -> None:
    repo = Repository(tmp_path)
    repo.write("a.py", f"a = '{token('a')}'  # leaksweep:allow[github-token] a sample\n# leaksweep:allow\nx = 1\n")
    repo.write("b.py", f"b = '{token('b')}'\n# leaksweep:allow-start\n")
    repo.write(".leaksweep-ignore", "[github-token]\n# from upstream\nb.py\nnowhere/\n")
    done = scan(tmp_path)
    assert done.returncode == 0
    assert "2 suppressed" in done.stdout
    assert "stale: a.py:2: leaksweep:allow settles nothing" in done.stdout
    assert "stale: b.py:2: leaksweep:allow-start is never closed" in done.stdout
    assert ".leaksweep-ignore:4: 'nowhere/' settles nothing" in done.stdout
    shown = json.loads(scan(tmp_path, "--show-suppressed", "-f", "json").stdout)
    assert [f["suppressions"] for f in shown["findings"]] == [
        [{"kind": "inSource", "justification": "a sample", "origin": "leaksweep:allow, line 1"}],
        [{"kind": "external", "justification": "from upstream", "origin": ".leaksweep-ignore:3"}],
    ]
    assert shown["standing"]["suppressed"] == 2
    assert scan(tmp_path, "--no-inline-allow").returncode == 1


def test_every_occurrence_needs_its_mark_and_the_newest_version_counts(tmp_path: Path) -> None:
    repo = Repository(tmp_path)
    marked = f"'{token('a')}' # gitleaks:allow\n"
    repo.write("a.py", f"'{token('a')}'\n")
    repo.commit("one")
    assert scan(tmp_path, "--history").returncode == 1
    repo.write("a.py", marked)
    repo.commit("two")
    assert scan(tmp_path, "--history").returncode == 0
    assert scan(tmp_path, "--range", "HEAD~1..HEAD").returncode == 0
    repo.write("a.py", f"{marked}'{token('a')}'\n")
    assert scan(tmp_path).returncode == 1
    repo.commit("three")
    assert scan(tmp_path, "--history").returncode == 1


def test_a_private_key_can_be_marked(tmp_path: Path) -> None:
    key = expand("-----BEGIN RSA PRIVATE KEY-----\n{{pem-body:12}}\n-----END RSA PRIVATE KEY-----", seed="k")
    (tmp_path / "k.txt").write_text(f"x\n# leaksweep:allow-next-line a test key\n{key}\n")
    assert scan(tmp_path).returncode == 0
    (tmp_path / "k.txt").write_text(f"x\n{key}  # kingfisher:ignore\n")
    assert scan(tmp_path).returncode == 0
    (tmp_path / "k.txt").write_text(f"x\n{key}\n")
    assert scan(tmp_path).returncode == 1


def test_a_line_of_nothing_but_marks_costs_little_and_settles_no_more() -> None:
    """One mark for each secret is enough; a line of ten thousand is made to take time."""
    text = b"ggignore " * 7_000 + b"\n" + b"leaksweep:allow " * 4_000 + b"\n"
    marks = marks_in(text * 40)
    assert {mark.line for mark in marks} == set(range(1, 81))
    assert len(marks) <= 80 * 50


def test_a_text_of_nothing_but_open_blocks_costs_little() -> None:
    marks = marks_in(b"# leaksweep:allow-start\n" * 100_000 + b"# leaksweep:allow\n" * 100_000)
    assert len(open_blocks(marks)) == 1_000
    assert len(marks) == 101_000


def test_a_pattern_that_ran_out_of_time_is_not_tried_again() -> None:
    ignore = IgnoreFile.parse("secret: (a|a)*(b|b)*(a|a)*(b|b)*(a|a)*c\n", path="x")
    assert all(ignore.line_for(RULE, "p", "a" * 400) is None for _ in range(2_000))
