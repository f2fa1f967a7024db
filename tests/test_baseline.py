"""Against its own baseline a repository is clean, and exactly what comes later is new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scanner.engine.templates import expand
from tests.repositories import Repository, called, token

FILE = ".leaksweep-baseline.json"


def password(seed: str) -> str:
    """Return a password that a person could have chosen, the same one for the same seed."""
    return expand("{{password:12}}", seed=seed)


def scanned(path: Path, *arguments: str) -> dict[str, Any]:
    done = called("scan", str(path), *arguments, "-f", "json", "--show-secrets")
    assert done.returncode in (0, 1), done.stderr
    return dict(json.loads(done.stdout))


def new_secrets(path: Path, *arguments: str) -> list[str]:
    return sorted(finding["secret"]["value"] for finding in scanned(path, *arguments)["findings"])


def command(action: str, path: Path, *arguments: str, code: int = 0) -> str:
    done = called("baseline", action, str(path), *arguments)
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout + done.stderr


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository with a token and a password in its baseline, everything committed."""
    repo = Repository(tmp_path / "r")
    repo.write("src/app.py", f'import os\nkey = "{token("known")}"\npassword = "{password("known")}"\n')
    repo.write("README", "text\n")
    repo.commit("one")
    command("create", repo.path)
    repo.commit("baseline")
    return repo


def test_a_scan_against_its_own_baseline_has_nothing_new_and_writes_nothing(repo: Repository) -> None:
    content = (repo.path / FILE).read_bytes()
    assert scanned(repo.path)["standing"]["unchanged"] == 2
    assert new_secrets(repo.path) == []
    assert new_secrets(repo.path, "--history") == []
    assert (repo.path / FILE).read_bytes() == content
    assert "unchanged" in command("update", repo.path)
    assert (repo.path / FILE).read_bytes() == content
    assert len(new_secrets(repo.path, "--no-baseline")) == 2
    assert password("known").encode() not in content
    assert token("known").encode() not in content
    assert command("create", repo.path, code=2).count("there already") == 1


def test_moved_lines_reformatting_and_a_rename_are_not_new(repo: Repository) -> None:
    text = (
        f'"""Doc."""\n\n\nsettings = {{\n    "key": "{token("known")}",\n    "password": "{password("known")}",\n}}\n'
    )
    repo.write("src/app.py", text)
    assert new_secrets(repo.path) == []
    repo.git("mv", "src/app.py", "lib.py")
    assert new_secrets(repo.path) == []
    assert new_secrets(repo.path, "--staged") == []
    repo.commit("rename")
    assert new_secrets(repo.path, "--history") == []
    assert new_secrets(repo.path, "--range", "HEAD~1..HEAD") == []


def test_in_history_a_chain_of_renames_is_not_new(repo: Repository) -> None:
    for number in range(4):
        repo.git("mv", "src/app.py" if number == 0 else f"n{number - 1}.py", f"n{number}.py")
        repo.commit(f"rename {number}")
        assert new_secrets(repo.path, "--history") == []
    repo.write("copy.py", f'"{token("known")}"\n')
    repo.commit("copy")
    assert new_secrets(repo.path, "--history") == [token("known")]


@pytest.mark.parametrize("mode", [(), ("--staged",)], ids=["tree", "staged"])
def test_a_copy_into_another_file_is_new(repo: Repository, mode: tuple[str, ...]) -> None:
    repo.write("copy.py", f'key = "{token("known")}"\npassword = "{password("known")}"\n')
    repo.git("add", "-A")
    assert new_secrets(repo.path, *mode) == sorted([token("known"), password("known")])
    repo.git("rm", "-q", "--cached", "src/app.py")
    (repo.path / "src/app.py").unlink()
    assert new_secrets(repo.path, *mode) == []


def test_a_copy_into_the_scanned_folder_is_new_though_the_old_place_is_outside(repo: Repository) -> None:
    repo.write("other/copy.py", f'key = "{token("known")}"\n')
    assert new_secrets(repo.path / "other") == [token("known")]


def test_another_secret_in_the_place_of_a_known_one_is_new(repo: Repository) -> None:
    repo.write("src/app.py", f'import os\nkey = "{token("other")}"\npassword = "{password("other")}"\n')
    found = scanned(repo.path)
    assert sorted(f["secret"]["value"] for f in found["findings"]) == sorted([token("other"), password("other")])
    assert {f["baseline_state"] for f in found["findings"]} == {"new"}
    assert len(found["standing"]["absent"]) == 2


def test_in_history_a_secret_that_comes_back_elsewhere_is_new(tmp_path: Path) -> None:
    repo = Repository(tmp_path)
    repo.write("a", token("gone"))
    repo.commit("one")
    repo.git("rm", "-q", "a")
    repo.commit("two")
    command("create", repo.path, "--history")
    assert '"gone": true' in (repo.path / FILE).read_text()
    assert new_secrets(repo.path, "--history") == []
    assert scanned(repo.path)["standing"]["absent"] == []
    repo.write("b", f"again {token('gone')}")
    repo.commit("three")
    assert new_secrets(repo.path, "--history") == [token("gone")]


def test_an_expired_entry_lets_the_finding_return(repo: Repository) -> None:
    command("create", repo.path, "--force", "--expires", "2999-12-31", "--reason", "rotated soon")
    assert new_secrets(repo.path) == []
    command("create", repo.path, "--force", "--expires", "2020-01-01", "--reason", "rotated soon")
    findings = scanned(repo.path)["findings"]
    assert [f["baseline_state"] for f in findings] == ["new", "new"]
    assert findings[0]["notes"] == ["known, but accepted only until 2020-01-01: rotated soon"]
    assert command("diff", repo.path, code=1).count("! src/app.py") == 2
    assert "2 expired" in command("prune", repo.path, "--dry-run")
    assert "2 expired" in command("prune", repo.path)
    assert json.loads((repo.path / FILE).read_text())["entries"] == [None]


def test_prune_removes_what_is_gone_and_nothing_else(repo: Repository) -> None:
    repo.write("src/app.py", f'key = "{token("known")}"\n')
    assert "0 gone" in command("prune", repo.path, "--rule", "github-token")
    assert "1 gone" in command("prune", repo.path)
    shown = command("show", repo.path)
    assert [line.split()[2] for line in shown.splitlines()] == ["github-token"]


def test_update_adds_and_follows_and_keeps_verdicts(repo: Repository) -> None:
    command("create", repo.path, "--force", "--state", "used-in-tests", "--owner", "ann", "--reason", "ours")
    repo.git("mv", "src/app.py", "lib.py")
    repo.write("new.py", token("later"))
    assert "1 added, 2 moved, 3 entries" in command("update", repo.path, "--state", "accepted-risk")
    lines = command("show", repo.path).splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["used-in-tests", "lib.py"],
        ["used-in-tests", "lib.py"],
        ["accepted-risk", "new.py"],
    ]
    assert new_secrets(repo.path) == []
    assert len(command("show", repo.path, "--state", "accepted-risk").splitlines()) == 1


def test_rules_newer_than_the_baseline_warn_for_a_while(repo: Repository) -> None:
    rule = {
        "id": "acme-key",
        "name": "Acme key",
        "description": "Opens everything.",
        "severity": "high",
        "confidence": "high",
        "pattern": r"\b(?P<secret>acme_[0-9a-f]{32})\b",
        "rotation_class": "api-key",
        "examples": ["acme_{{hex:32}}"],
        "negative_examples": ["acme_1"],
    }
    rules = repo.path.parent / "acme.yaml"
    rules.write_text(json.dumps({"family": "acme", "rules": [rule]}))
    repo.write("later.py", expand("acme_{{hex:32}}", seed="acme"))
    more = ("--rules", str(rules))
    assert called("scan", str(repo.path), *more).returncode == 1
    assert called("scan", str(repo.path), *more, "--grace-new-rules", "2020-01-01").returncode == 1
    done = called("scan", str(repo.path), *more, "--grace-new-rules", "2999-01-01")
    assert done.returncode == 0
    assert "acme-key" in done.stdout
    assert "newer than the baseline" in done.stdout
    repo.write("known.py", token("later"))
    assert called("scan", str(repo.path), *more, "--grace-new-rules", "2999-01-01").returncode == 1
    assert called("scan", str(repo.path), *more, "--grace-new-rules", "soon").returncode == 2


def test_a_key_of_the_users_own_is_needed_again(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKSWEEP_BASELINE_KEY", "a key from the vault")
    done = called("scan", str(repo.path))
    assert done.returncode == 2
    assert "LEAKSWEEP_BASELINE_KEY" in done.stderr
    command("create", repo.path, "--force")
    assert new_secrets(repo.path) == []
    monkeypatch.delenv("LEAKSWEEP_BASELINE_KEY")
    assert called("scan", str(repo.path)).returncode == 2


@pytest.mark.slow
def test_many_passwords_are_sealed_and_a_change_is_found_among_them(tmp_path: Path) -> None:
    for number in range(70):
        (tmp_path / f"f{number}.py").write_text(f'password = "{password(str(number))}"\n')
    command("create", tmp_path)
    document = json.loads((tmp_path / FILE).read_text())
    assert len(document["seals"]) > 20
    assert new_secrets(tmp_path) == []
    content = (tmp_path / FILE).read_bytes()
    command("update", tmp_path)
    assert (tmp_path / FILE).read_bytes() == content
    (tmp_path / "f7.py").write_text(f'password = "{password("another")}"\n')
    assert new_secrets(tmp_path) == [password("another")]
    (tmp_path / "f9.py").write_text(f'password = "{password("9")}"\npassword = "{password("more")}"\n')
    assert new_secrets(tmp_path) == sorted([password("another"), password("more")])
    command("update", tmp_path)
    assert new_secrets(tmp_path) == []


def test_a_path_that_holds_a_secret_is_masked_in_the_baseline(tmp_path: Path) -> None:
    (tmp_path / f"x{token('p')}.env").write_text(f"key = {token('p')}\n")
    command("create", tmp_path)
    assert token("p") not in (tmp_path / FILE).read_text()
    assert new_secrets(tmp_path) == []


def test_a_shown_path_hides_the_secret_of_a_finding_that_is_not_shown(tmp_path: Path) -> None:
    place = tmp_path / f"x{token('p')}.env"
    place.write_text(f"key = {token('p')}\n")
    command("create", tmp_path)
    place.write_text(f"key = {token('p')}\nkey = {token('new')}\n")
    for name in ("text", "json", "jsonl", "sarif"):
        done = called("scan", str(tmp_path), "-f", name)
        assert done.returncode == 1
        assert token("p") not in done.stdout


def test_every_report_counts_and_shows_on_request(repo: Repository) -> None:
    repo.write("src/app.py", f'key = "{token("known")}"\nother = "{token("new")}"\n')
    text = called("scan", str(repo.path)).stdout
    assert "1 new finding (1 critical), 1 unchanged, 1 absent" in text
    run = json.loads(called("scan", str(repo.path), "-f", "sarif", "--show-suppressed").stdout)["runs"][0]
    counts = {key: run["properties"][key] for key in ("new", "unchanged", "absent", "suppressed")}
    assert counts == {"new": 1, "unchanged": 1, "absent": 1, "suppressed": 0}
    states = {result["baselineState"]: result.get("suppressions") for result in run["results"]}
    assert states["new"] is None
    assert states["unchanged"] == [{"kind": "external", "status": "accepted", "justification": "baseline: known"}]
