"""The command line as a process: what comes out, and the exit code."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.repositories import Repository, leaksweep, token

FORMATS = ("text", "json", "jsonl", "sarif")


def test_a_clean_folder_exits_0(tmp_path: Path) -> None:
    done = leaksweep("scan", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"clean" in done.stdout


@pytest.mark.parametrize("name", FORMATS)
def test_a_secret_is_found_and_never_printed(tmp_path: Path, name: str) -> None:
    secret = token(name)
    (tmp_path / f"x{secret}.env").write_text(f"a = 1\nkey = {secret}\n")
    done = leaksweep("scan", str(tmp_path), "-f", name)
    assert done.returncode == 1
    assert b"github-token" in done.stdout
    assert secret.encode() not in done.stdout + done.stderr
    shown = leaksweep("scan", str(tmp_path), "-f", name, "--show-secrets")
    assert secret.encode() in shown.stdout


def test_many_reports_of_one_scan(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_text(token("many"))
    out = tmp_path / "out.json"
    done = leaksweep("scan", str(tmp_path / "in"), "-f", "json", "-o", str(out), "-f", "jsonl")
    assert done.returncode == 1
    assert json.loads(out.read_text())["summary"]["findings"] == 1
    assert json.loads(done.stdout.splitlines()[0])["type"] == "finding"


def test_standard_input(tmp_path: Path) -> None:
    done = leaksweep("scan", "-", "--path-hint", "deploy.sh", "-f", "json", stdin=token("in").encode())
    assert done.returncode == 1
    assert json.loads(done.stdout)["findings"][0]["path"] == "deploy.sh"


def test_the_number_of_workers_changes_no_byte(tmp_path: Path) -> None:
    for number in range(1200):
        (tmp_path / f"f{number}").write_text(f"{token(str(number))}\n" if number % 100 == 0 else "x\n")
    assert leaksweep("scan", str(tmp_path), "-j", "1").stdout == leaksweep("scan", str(tmp_path), "-j", "4").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("scan", "/no/such/place"), b"no such file"),
        (("scan", "{here}", "--history"), b"not a git repository"),
        (("scan", "{here}", "--staged", "--history"), b"exclude each other"),
        (("scan", "{here}", "--rule", "nothing-like-it"), b"nothing-like-it"),
        (("scan", "{here}", "-f", "json", "-f", "text"), b"standard output"),
        (("scan", "{here}", "--config", "{here}/none.yml"), b"none.yml"),
    ],
)
def test_a_wrong_use_exits_2_and_names_the_thing(tmp_path: Path, arguments: tuple[str, ...], told: bytes) -> None:
    done = leaksweep(*(argument.format(here=tmp_path) for argument in arguments))
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_key_names_file_line_and_nearest_key(tmp_path: Path) -> None:
    (tmp_path / ".leaksweep.yml").write_text("all_files: true\nexcludes: [a]\n")
    done = leaksweep("scan", str(tmp_path))
    assert done.returncode == 2
    assert b".leaksweep.yml:2: unknown key 'excludes'; did you mean 'exclude'?" in done.stderr


@pytest.mark.parametrize("text", ["a: !!python/object:os.system {}", "a: &a [1]\nb: [*a, *a]", "family: ["])
def test_a_hostile_rule_file_exits_2(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    done = leaksweep("scan", str(tmp_path), "--rules", str(tmp_path / "bad.yaml"))
    assert done.returncode == 2
    assert b"bad.yaml" in done.stderr


def test_what_is_too_large_makes_the_scan_incomplete(tmp_path: Path) -> None:
    (tmp_path / "big").write_text("x" * 100)
    done = leaksweep("scan", str(tmp_path), "--max-blob-bytes", "50")
    assert done.returncode == 3
    assert b"too large: 1" in done.stdout


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text(token("link"))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "outside")
    assert leaksweep("scan", str(tmp_path / "in")).returncode == 0


def test_ignored_files_only_on_request(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.write(".gitignore", "ignored\n")
    repository.write("ignored", token("ignored"))
    assert leaksweep("scan", str(tmp_path)).returncode == 0
    assert leaksweep("scan", str(tmp_path), "--all-files").returncode == 1


def test_explain_tells_of_a_line_what_each_rule_made_of_it_and_prints_no_secret(tmp_path: Path) -> None:
    secret = "hunter" + "42!"
    (tmp_path / "settings.py").write_text(f'password = "{secret}"\npassword = get_password()\nx = 1\n')
    kept, dropped, idle = (leaksweep("explain", f"{tmp_path}/settings.py:{line}") for line in (1, 2, 3))
    assert b"generic-password-assignment: kept, confidence medium (the judge gives it" in kept.stdout
    assert secret.encode() not in kept.stdout
    assert b"generic-password-assignment: dropped, " in dropped.stdout
    assert b"no rule looked at this line" in idle.stdout
    assert (kept.returncode, dropped.returncode, idle.returncode) == (0, 0, 0)


def test_explain_looks_into_what_is_encoded(tmp_path: Path) -> None:
    secret = "hunter" + "42!"
    inner = base64.b64encode(f'x = 1\ndb_password = "{secret}"\n'.encode()).decode()
    (tmp_path / "a.txt").write_text(f'blob = "{inner}"\nblob = "none"\n')
    told, other = (leaksweep("explain", f"{tmp_path}/a.txt:{line}").stdout.decode() for line in (1, 2))
    head, _, decoded = told.partition("  decoded, base64:\n")
    assert "generic-password-assignment: kept" in decoded
    assert "generic-password-assignment: kept" not in head
    assert secret not in told
    assert "decoded" not in other


def test_explain_says_that_a_file_or_a_line_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x\n")
    assert leaksweep("explain", f"{tmp_path}/a.txt:9").returncode == 2
    assert leaksweep("explain", f"{tmp_path}/b.txt:1").returncode == 2
