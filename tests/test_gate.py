"""A change cannot open the gate for itself: what it adds to any decision is told, and does not count."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.engine.templates import expand
from tests.repositories import Called, Repository, called, token

ACME = expand("acme_{{hex:32}}", seed="acme")
RULES = Path(__file__).parent.parent / "rules" / "github.yaml"


def password_rule(pattern: str) -> str:
    return json.dumps(
        {
            "family": "acme",
            "rules": [
                {
                    "id": "acme-key",
                    "name": "Acme key",
                    "description": "Opens everything.",
                    "severity": "high",
                    "confidence": "high",
                    "pattern": pattern,
                    "rotation_class": "api-key",
                    "examples": ["acme_{{hex:32}}"],
                    "negative_examples": ["acme_1"],
                }
            ],
        }
    )


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository whose branch `main` is trusted, with a known secret in each of the ways to settle one."""
    repo = Repository(tmp_path / "r")
    repo.write("marked.py", f"a = '{token('marked')}'  # leaksweep:allow a sample\n")
    repo.write("ignored.py", f"a = '{token('ignored')}'\n")
    repo.write("known.py", f"a = '{token('known')}'\n")
    repo.write(".leaksweep-ignore", "ignored.py\n")
    repo.write(".leaksweep.yml", "rules: [team]\nexclude: [generated]\n")
    repo.write("team/acme.yaml", password_rule(r"\b(?P<secret>acme_[0-9a-f]{32})\b"))
    repo.write("app.py", "x = 1\n")
    repo.commit("one")
    assert called("baseline", "create", str(repo.path)).returncode == 0
    repo.commit("baseline")
    assert called("scan", str(repo.path)).returncode == 0
    repo.git("checkout", "-q", "-b", "change")
    return repo


MODES = {"tree": (), "range": ("--range", "main..HEAD"), "history": ("--history",), "staged": ("--staged",)}


def gate(repo: Repository, mode: str, *more: str) -> Called:
    return called("scan", str(repo.path), *MODES[mode], "--trust-ref", "main", "-j", "1", *more)


SECRET_LINE = f"token = '{token('sneaked in')}'"


def add_baseline_entry(repo: Repository) -> None:
    repo.write("app.py", SECRET_LINE)
    assert called("baseline", "update", str(repo.path)).returncode == 0


def add_ignore_line(repo: Repository) -> None:
    repo.write("app.py", SECRET_LINE)
    repo.write(".leaksweep-ignore", "ignored.py\napp.py\n")


def add_mark(repo: Repository) -> None:
    repo.write("app.py", f"{SECRET_LINE}  # leaksweep:allow\n")


def add_foreign_mark(repo: Repository) -> None:
    repo.write("app.py", f"{SECRET_LINE}  # gitleaks:allow\n")


def change_rule(repo: Repository) -> None:
    repo.write("app.py", f"key = '{ACME}'\n")
    repo.write("team/acme.yaml", password_rule(r"\b(?P<secret>acme_nothing)\b"))


def remove_rule(repo: Repository) -> None:
    repo.write("app.py", f"key = '{ACME}'\n")
    repo.write(".leaksweep.yml", "")


def exclude_path(repo: Repository) -> None:
    repo.write("app.py", SECRET_LINE)
    repo.write(".leaksweep.yml", "rules: [team]\nexclude: [app.py]\n")


def raise_threshold(repo: Repository) -> None:
    change_rule(repo)
    repo.write(".leaksweep.yml", "rules: [team]\nmin_severity: critical\n")


def replace_rule(repo: Repository) -> None:
    repo.write("app.py", SECRET_LINE)
    repo.write("team/more.yaml", RULES.read_text().replace("gh", "no"))


def break_everything(repo: Repository) -> None:
    repo.write("app.py", SECRET_LINE)
    repo.write(".leaksweep.yml", "nonsense: [\n")
    repo.write(".leaksweep-baseline.json", "<<<<<<< HEAD\n")
    repo.write(".leaksweep-ignore", "[Not A Section]\n")


def move_the_marked_line(repo: Repository) -> None:
    repo.write("app.py", f"x = 1\na = '{token('marked')}'  # leaksweep:allow a sample\n")


CHANGES = [
    add_baseline_entry,
    add_ignore_line,
    add_mark,
    add_foreign_mark,
    change_rule,
    remove_rule,
    exclude_path,
    raise_threshold,
    replace_rule,
    break_everything,
    move_the_marked_line,
]


@pytest.mark.parametrize("mode", ["tree", "range"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_that_hides_its_own_secret_fails_the_gate(
    repo: Repository, change: Callable[[Repository], None], mode: str
) -> None:
    change(repo)
    repo.commit("change")
    done = gate(repo, mode)
    assert done.returncode == 1, done.stderr
    assert "app.py" in done.stdout
    told: dict[Callable[[Repository], None], str] = {
        add_baseline_entry: ".leaksweep-baseline.json: counts as it stands at main",
        add_ignore_line: "this change itself would settle it (.leaksweep-ignore:2)",
        add_mark: "this change itself would settle it (leaksweep:allow, line 1)",
        add_foreign_mark: "this change itself would settle it (gitleaks:allow, line 1)",
        change_rule: "team/acme.yaml: counts as it stands at main",
        remove_rule: ".leaksweep.yml: counts as it stands at main",
        break_everything: "cannot be read",
        move_the_marked_line: "this change itself would settle it",
    }
    assert told.get(change, "counts") in done.stdout


@pytest.mark.parametrize("mode", MODES)
def test_an_innocent_change_passes_the_gate(repo: Repository, mode: str) -> None:
    repo.write("app.py", "y = 2\n")
    repo.git("mv", "known.py", "moved.py")
    repo.git("mv", "marked.py", "other.py")
    repo.git("add", "-A")
    if mode != "staged":
        repo.commit("change")
    done = gate(repo, mode)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_trusted_revision_must_be_there(repo: Repository, tmp_path: Path) -> None:
    done = called("scan", str(repo.path), "--trust-ref", "nowhere")
    assert done.returncode == 2
    assert "unknown revision 'nowhere'" in done.stderr
    (tmp_path / "plain").mkdir()
    assert called("scan", str(tmp_path / "plain"), "--trust-ref", "main").returncode == 2


def test_only_new_rules_are_no_rules(repo: Repository) -> None:
    rules = repo.path / "mine.yaml"
    rules.write_text(password_rule(r"\b(?P<secret>acme_x)\b"))
    more = ("--rules", str(rules))
    assert gate(repo, "tree", *more).returncode == 0
    done = gate(repo, "tree", *more, "--no-default-rules")
    assert done.returncode in (0, 2)


def test_a_fault_at_the_trusted_revision_is_named_as_such(repo: Repository) -> None:
    repo.git("checkout", "-q", "main")
    repo.write(".leaksweep.yml", "nonsense: 1\n")
    repo.commit("fault")
    done = gate(repo, "tree")
    assert done.returncode == 2
    assert "main:.leaksweep.yml:1: unknown key 'nonsense'" in done.stderr


def test_files_outside_of_the_repository_count_as_they_are(repo: Repository, tmp_path: Path) -> None:
    (tmp_path / "ignore").write_text("app.py\nignored.py\n")
    repo.write("app.py", SECRET_LINE)
    repo.commit("change")
    assert gate(repo, "tree", "--ignore-file", str(tmp_path / "ignore")).returncode == 0


def test_a_bare_repository_is_judged_by_its_trusted_files(repo: Repository, tmp_path: Path) -> None:
    repo.git("checkout", "-q", "main")
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "bare"))
    arguments = ("scan", "--history", str(tmp_path / "bare"), "-j", "1")
    assert called(*arguments).returncode == 1
    assert called(*arguments, "--trust-ref", "main").returncode == 0
