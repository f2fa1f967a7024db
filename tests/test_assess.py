"""How urgent a finding is, and why."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.assess import ROTATION_DAYS, assess, is_client_side
from scanner.environments import environment
from scanner.model import Assessment, Finding, State
from scanner.ruleset import ROTATION_CLASSES
from tests.reporters.reports import findings_with, rules
from tests.repositories import Repository, leaksweep, token


def finding(path: str = "src/app.py", state: State | None = State.IN_HEAD, seed: str = "a", days: int = 10) -> Finding:
    made = replace(findings_with(token(seed), path, state)[0], assessment=None)
    assert made.story is None or state
    story = made.story and replace(made.story, exposure_days=days, has_doubtful_dates=False)
    return replace(made, story=story)


def assessed(*findings: Finding, **options: dict[str, int] | str) -> list[Assessment]:
    made = [one.assessment for one in assess(findings, rules(), **options)]  # type: ignore[arg-type]
    return [one for one in made if one is not None]


def priority(one: Finding) -> int:
    return assessed(one)[0].priority


def test_priority_falls_with_every_reason_to_worry_less() -> None:
    base = finding()
    assert priority(base) > priority(replace(base, severity="high")) > priority(replace(base, severity="low"))
    assert priority(base) > priority(replace(base, confidence="low"))
    states = [State.IN_HEAD, State.ON_OTHER_REFS, State.REMOVED, State.UNREACHABLE]
    by_state = [priority(finding(state=state)) for state in states]
    assert by_state == sorted(by_state, reverse=True)
    assert priority(finding("deploy/production/app.env")) > priority(base) > priority(finding("tests/app.py"))
    assert priority(finding("public/app.js")) > priority(base)


def test_priority_is_a_product_that_its_reasons_tell() -> None:
    for one in (finding(), finding("prod/public/x.env", days=1000), finding("tests/x", State.UNREACHABLE)):
        made = assessed(one)[0]
        product = 80.0
        for reason in made.reasons:
            product *= float(reason.rpartition("(x ")[2].rstrip(")"))
        assert made.priority == max(1, min(100, round(product)))


def test_a_secret_is_overdue_after_the_days_of_its_class() -> None:
    allowed = ROTATION_DAYS[rules()["github-token"].rotation_class]
    assert assessed(finding(days=allowed))[0].overdue_days is None
    assert assessed(finding(days=allowed + 1))[0].overdue_days == 1
    configured = {rules()["github-token"].rotation_class: 5}
    assert assessed(finding(days=10), rotation_days=configured)[0].overdue_days == 5
    assert assessed(finding(days=9999), rotation_days=dict.fromkeys(configured, 0))[0].overdue_days is None
    doubtful = finding(days=9999)
    assert doubtful.story
    doubtful = replace(doubtful, story=replace(doubtful.story, has_doubtful_dates=True))
    assert assessed(doubtful)[0].overdue_days is None
    assert assessed(finding(state=None))[0].overdue_days is None


def test_every_class_has_a_limit() -> None:
    assert set(ROTATION_DAYS) == set(ROTATION_CLASSES)


def test_reuse_counts_paths_and_crossing_into_production_counts_more() -> None:
    alone, other = assessed(finding("a.py"), finding("b.py", seed="other"))
    assert (alone.reuse_count, other.reuse_count) == (1, 1)
    plain = assessed(finding("a.py"), finding("b.py"))
    assert [one.reuse_count for one in plain] == [2, 2]
    mixed = assessed(finding("prod/a.py"), finding("tests/b.py"))
    assert all(any("shared between production and test" in reason for reason in one.reasons) for one in mixed)
    assert plain[0].priority > alone.priority


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("deploy/prod.env", "production"),
        ("config/production/db.yml", "production"),
        ("products/list.py", None),
        ("src/attest.py", None),
        ("tests/prod.env", "production"),
        ("prod/tests/x.py", "test"),
        ("infra/staging/main.tf", "staging"),
        ("README.example.md", "test"),
        (".env.local", "development"),
    ],
)
def test_the_environment_is_that_of_the_innermost_word(path: str, expected: str | None) -> None:
    assert environment(path) == expected


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("public/config.js", "", True),
        ("web/static/a/b.txt", "", True),
        ("src/components/Pay.tsx", "", True),
        (".env", "NEXT_PUBLIC_API_TOKEN=x", True),
        (".env", "API_TOKEN=x", False),
        ("android/app/src/main/res/values/strings.xml", "", True),
        ("src/server.py", "", False),
        ("tests/public/config.js", "", True),
        ("public/tests/config.js", "", False),
    ],
)
def test_what_reaches_users(path: str, line: str, expected: bool) -> None:
    assert is_client_side(path, line) is (expected and environment(path) != "test")


def test_owners_come_from_the_text_given() -> None:
    assert assessed(finding("src/a.py"), codeowners="*.py @py\n")[0].owners == ("@py",)


@pytest.mark.parametrize("mode", ["tree", "history"])
def test_a_scan_tells_priority_and_owners(tmp_path: Path, mode: str) -> None:
    repo = Repository(tmp_path)
    repo.write("prod/a.env", f"{token('a')}\n")
    repo.write("tests/a.env", f"{token('a')}\n")
    repo.write(".github/CODEOWNERS", "prod/ @ops\n")
    repo.write(".leaksweep.yml", "rotation_days:\n  oauth-token: 1\n  api-key: 1\n")
    repo.commit("one")
    found = json.loads(leaksweep("scan", *["--history"] * (mode == "history"), str(tmp_path), "-f", "json").stdout)
    production, test = (one["assessment"] for one in found["findings"])
    assert (production["owners"], test["owners"]) == (["@ops"], [])
    assert production["priority"] > test["priority"]
    assert {one["reuse_count"] for one in (production, test)} == {2}
    assert (production["overdue_days"] is not None) == (mode == "history")


def test_a_wrong_rotation_class_is_told(tmp_path: Path) -> None:
    (tmp_path / ".leaksweep.yml").write_text("rotation_days: {passwords: 3}\n")
    done = leaksweep("scan", str(tmp_path))
    assert done.returncode == 2
    assert b"'passwords' is none of database-password" in done.stderr


def test_owners_that_are_no_plain_file_are_nobody(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(token("a"))
    (tmp_path / "other").write_text("* @other\n")
    (tmp_path / "CODEOWNERS").symlink_to("other")
    (tmp_path / "docs" / "CODEOWNERS").mkdir(parents=True)
    (tmp_path / ".gitlab").mkdir()
    os.mkfifo(tmp_path / ".gitlab" / "CODEOWNERS")
    done = leaksweep("scan", str(tmp_path), "-f", "json")
    assert [one["assessment"]["owners"] for one in json.loads(done.stdout)["findings"]] == [[]]
