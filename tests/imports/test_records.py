"""Files of other tools, as their own documentation describes them, and what is wrong with some."""

from __future__ import annotations

import hashlib
import json

import pytest

from scanner.errors import BaselineError
from scanner.imports.records import plain_path, read_foreign

OID = "0123456789abcdef0123456789abcdef01234567"
SHA1 = hashlib.sha1(b"secret", usedforsecurity=False).hexdigest()


def read(name: str, content: object) -> tuple[list[tuple[str | int, ...]], tuple[str, ...], tuple[str, ...]]:
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    got = read_foreign(text, path="f", name=name)
    keys: list[tuple[str | int, ...]] = [
        (r.path, r.rule, r.secret or r.sha1, r.first_line, r.last_line, r.commit, r.state) for r in got.records
    ]
    return keys, got.ignore_lines, got.left


def test_a_report_of_gitleaks_names_secrets_or_places() -> None:
    one = {"RuleID": "a", "File": "x.py", "StartLine": 3, "EndLine": 4, "Secret": "value", "Commit": OID}
    records, _, _ = read("report.json", [one, {**one, "Secret": "REDACTED"}, {**one, "Secret": "val..."}])
    assert records[0] == ("x.py", "a", "value", 0, 0, "", "known")
    assert records[1] == records[2] == ("x.py", "a", "", 3, 4, OID, "known")


def test_fingerprints_of_gitleaks_may_hold_colons() -> None:
    records, _, left = read(".gitleaksignore", f"# why\n{OID}:a:b.py:rule:7\na.py:rule:8\n\nnonsense\n")
    assert records[0] == ("a:b.py", "rule", "", 7, 7, OID, "known")
    assert records[1] == ("a.py", "rule", "", 8, 8, "", "known")
    assert left == ("f:5: 'nonsense' is no fingerprint of the form [commit:]file:rule:line",)
    assert read(".betterleaksignore", "a.py:rule:8\n")[0] == records[1:]


def secrets_baseline(**changes: object) -> dict[str, object]:
    found = {
        "type": "Secret Keyword",
        "filename": "a.py",
        "hashed_secret": SHA1,
        "is_verified": False,
        "line_number": 2,
    }
    results = {"a.py": [found, {**found, "is_secret": False}, {**found, "type": "Private Key"}]}
    return {"version": "1.5.0", "plugins_used": [], "filters_used": [], "results": results, **changes}


def test_a_baseline_of_detect_secrets_keeps_its_verdicts() -> None:
    records, _, _ = read(".secrets.baseline", secrets_baseline())
    assert [record[2] for record in records] == [SHA1, SHA1, ""]
    assert [record[-1] for record in records] == ["known", "false-positive", "known"]


KINGFISHER = f"""version: 2
fingerprint_algorithm: kingfisher-v1
repositories:
- id: git://host/repo
  findings:
  - path: a.py
    fingerprint: '{SHA1[:19]}'
    rule_id: some.rule
    line: 5
"""


def test_baselines_of_kingfisher_in_both_versions() -> None:
    assert read("b.yaml", KINGFISHER)[0] == [("a.py", "some.rule", "", 5, 5, "", "known")]
    old = "ExactFindings:\n  matches:\n  - filepath: a.py\n    fingerprint: 1\n    linenum: 5\n    lastupdated: x\n"
    assert read("b.yaml", old)[0] == [("a.py", "", "", 5, 5, "", "known")]


def test_patterns_become_lines_of_the_ignore_file() -> None:
    lines, left = read(".gitallowed", "# c\nREADME.md:.*:key\n[\n")[1:]
    assert lines == ("grep: README.md:.*:key",)
    assert len(left) == 1
    assert read(".secretlintignore", "# c\ndocs/\n!docs/x\n")[1] == ("docs/", "!docs/x")
    lines, left = read("secret_scanning.yml", "paths-ignore:\n  - 'docs/**'\n  - \"*.js\"\nother: 1\n")[1:]
    assert lines == ("/docs/**", "/*.js")
    assert left == ("f: key 'other' has no meaning here",)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x", "hello", "f:1: of no known kind"),
        ("r.json", '[\n{"File": "a"}]', "f:1: finding 1 has no 'RuleID'"),
        ("r.json", '[\n{"RuleID": "a", "File": "a", "StartLine": "x"}]', "f:2: 'x' is no line number"),
        ("r.json", "[\n\n", "f:3: "),
        ("s", secrets_baseline(version="9.0"), "f:2: version '9.0' is not known"),
        ("s", secrets_baseline(results=[]), "'results' maps"),
        ("s", json.dumps(secrets_baseline(), indent=1).replace(SHA1, "x", 1), "'hashed_secret' is a SHA-1"),
        ("k", KINGFISHER.replace("version: 2", "version: 3"), "f:1: version 3 is not known"),
        ("k", KINGFISHER.replace("line: 5", "line: five"), "f:6: 'five' is no line number"),
        ("k", KINGFISHER + "<<<<<<< HEAD\n", "f:10: a merge conflict"),
        ("secret_scanning.yml", "paths-ignore: x\n", "f:1: 'paths-ignore' is a list"),
    ],
)
def test_a_file_of_an_unknown_kind_or_version_is_an_error_with_its_line(name: str, content: object, told: str) -> None:
    with pytest.raises(BaselineError) as caught:
        read(name, content)
    assert told in str(caught.value)
    assert str(caught.value).startswith("f:")


def test_paths_of_other_tools_become_ours() -> None:
    assert plain_path("/work/r/a/b.py", "/work/r") == "a/b.py"
    assert plain_path("./a\\b.py", "") == "a/b.py"
    assert plain_path("/work/rest/a", "/work/r") == "/work/rest/a"
