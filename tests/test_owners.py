"""CODEOWNERS as GitHub and GitLab read it."""

from __future__ import annotations

import pytest

from scanner.owners import Owners

FILE = """
# everybody
*        @org/all
*.js     @js-owner   # the scripts
/build/logs/  @doctocat
docs/*   docs@example.org
apps/    @octocat
/scripts/ @doctocat @octocat
**/logs  @logs
/apps/github
with\\ space/ @space
!negated @nobody
/deep/**/end.txt @deep
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README", ("@org/all",)),
        ("src/a.js", ("@js-owner",)),
        ("build/logs/x/y.txt", ("@logs",)),
        ("docs/a.md", ("docs@example.org",)),
        ("docs/deep/a.md", ("@org/all",)),
        ("x/apps/y/z", ("@octocat",)),
        ("apps", ("@org/all",)),
        ("apps/github", ()),
        ("apps/github/x", ()),
        ("scripts/x", ("@doctocat", "@octocat")),
        ("x/scripts/x", ("@org/all",)),
        ("with space/x", ("@space",)),
        ("deep/end.txt", ("@deep",)),
        ("deep/a/b/end.txt", ("@deep",)),
    ],
)
def test_the_last_line_that_fits_counts(path: str, owners: tuple[str, ...]) -> None:
    assert Owners.parse(FILE).of(path) == owners


def test_a_section_of_gitlab_gives_its_owners_to_lines_without() -> None:
    owners = Owners.parse("[Docs][2] @docs\nREADME\n^[Code] @code\n*.py @py\n*.c\n")
    assert [owners.of(path) for path in ("README", "a.py", "a.c")] == [("@docs",), ("@py",), ("@code",)]


@pytest.mark.parametrize("text", ["", "\0\n", "* not-an-owner <script>", "a" * 10_000, "/ @x", "[", "\\"])
def test_what_is_no_line_owns_nothing_or_little(text: str) -> None:
    assert set(Owners.parse(text).of("a/b")) <= {"@x"}


def test_a_pattern_made_to_backtrack_does_not() -> None:
    owners = Owners.parse("/" + "a*" * 60 + "b @x\n" + "**/x/" * 60 + "y @x\n")
    assert owners.of("a" * 250) == ()
    assert owners.of("x/" * 2_000) == ()
