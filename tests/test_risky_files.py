"""Rules that count at certain paths only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanner.engine.templates import expand
from tests.repositories import Repository, leaksweep


def _rules_found(tmp_path: Path, *options: str) -> dict[str, str]:
    done = leaksweep("scan", *options, "-f", "json", str(tmp_path))
    findings = json.loads(done.stdout)["findings"]
    return {finding["path"]: finding["rule_id"] for finding in findings}


def test_a_rule_for_certain_paths_takes_no_other_ones_place_elsewhere(tmp_path: Path) -> None:
    line = expand('API_SECRET="{{base62:32}}"\n', seed="dotenv")
    (tmp_path / ".env").write_text(line)
    (tmp_path / "settings.txt").write_text(line)
    found = _rules_found(tmp_path, "--all-files")
    assert found[".env"] == "dotenv-secret"
    assert found["settings.txt"].startswith("generic-")


@pytest.mark.parametrize("name", [".env.example", "sample.env.dist"])
def test_a_template_of_settings_is_no_risky_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(expand("API_SECRET={{base62:32}}\n", seed=name))
    assert "dotenv-secret" not in _rules_found(tmp_path, "--all-files").values()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (".my.cnf", "password=rootrules"),
        (".bashrc", "export MYSQL_PWD=rootrules"),
        ("config/database.yml", "  password: rootrules"),
        ("srv/server.cfg", 'rcon_password "rootrules"'),
        (".dbeaver-data-sources.xml", '<connection host="h" user="user" password="password"/>'),
    ],
)
def test_a_word_is_a_password_in_a_file_that_programs_log_in_with(tmp_path: Path, name: str, line: str) -> None:
    for path in (tmp_path / name, tmp_path / "src" / "x.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{line}\n")
    assert _rules_found(tmp_path, "--all-files") == {name: "login-file-password"}


def test_a_value_that_the_template_beside_it_has_too_is_told_there(tmp_path: Path) -> None:
    shared = expand('SESSION_SECRET="{{base62:32}}"\n', seed="shared")
    (tmp_path / ".env.example").write_text(shared)
    (tmp_path / ".env.production").write_text(shared + expand('API_SECRET="{{base62:32}}"\n', seed="own"))
    done = leaksweep("scan", "-f", "json", "--all-files", "--min-confidence", "low", str(tmp_path))
    told = {(one["path"], one["start_line"]): one for one in json.loads(done.stdout)["findings"]}
    assert "the template beside it has the same value" in told[".env.production", 1]["notes"]
    assert told[".env.production", 2]["notes"] == []
    levels = [told[key]["confidence"] for key in ((".env.production", 1), (".env.production", 2), (".env.example", 1))]
    assert levels == ["low", "medium", "medium"]


def test_a_risky_path_counts_in_history(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.write(".env", expand('API_SECRET="{{base62:32}}"\n', seed="history"))
    repository.commit("Add settings")
    (tmp_path / ".env").unlink()
    repository.commit("Remove them")
    assert _rules_found(tmp_path, "--history")[".env"] == "dotenv-secret"


@pytest.mark.parametrize(
    ("name", "head", "rule"),
    [
        ("passwords.kdbx", "03d9a29a67fb4bb501000400", "keepass-database"),
        ("host.keytab", "050200000032000200", "kerberos-keytab"),
        ("secring.gpg", "9503fe0400", "gnupg-secring"),
    ],
)
def test_a_store_of_secrets_is_found_by_its_first_bytes_in_trees_and_in_history(
    tmp_path: Path, name: str, head: str, rule: str
) -> None:
    repository = Repository(tmp_path)
    repository.write(name, bytes.fromhex(head) + bytes(range(256)) * 8)
    repository.write("image.bin", bytes(range(256)) * 8)
    repository.commit("Add a store")
    assert _rules_found(tmp_path) == {name: rule}
    (tmp_path / name).unlink()
    repository.commit("Remove it")
    assert _rules_found(tmp_path) == {}
    assert _rules_found(tmp_path, "--history") == {name: rule}
