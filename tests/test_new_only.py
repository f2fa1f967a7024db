"""A change answers for the secrets that it brings in, however they are written before and after it."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repositories import Repository, leaksweep, token

Write = Callable[[str], bytes]


def in_base64(secret: str) -> bytes:
    return b"value: " + base64.b64encode(f"the token {secret} of old".encode()) + b"\n"


FORMS: dict[str, Write] = {
    "plain": lambda secret: secret.encode() + b"\n",
    "base64": in_base64,
    "utf-16": lambda secret: f"key = {secret}\r\n".encode("utf-16"),
    "gzip": lambda secret: gzip.compress(f"key = {secret}\n".encode(), mtime=0),
    "percent": lambda secret: b"next%3D" + "".join(f"%{byte:02x}" for byte in secret.encode()).encode() + b"\n",
}

MOVES = [
    *((form, form) for form in FORMS),
    ("base64", "plain"),
    ("plain", "base64"),
    ("utf-16", "base64"),
    ("percent", "utf-16"),
]


def content(form: str, *secrets: str, before: str = "") -> bytes:
    """Return a file that holds secrets in a form, after some lines that say nothing."""
    if form in ("utf-16", "gzip"):
        return FORMS[form](f"{before}\n".join(["", *secrets]))
    return before.encode() + b"".join(FORMS[form](secret) for secret in secrets)


@pytest.fixture(scope="module", params=["--staged", "--range"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return the secrets that are told of each file, whose first version holds an old one, its second a new one too."""
    repo = Repository(tmp_path_factory.mktemp("moves"))
    for number, (old, _) in enumerate(MOVES):
        repo.write(f"{number}.txt", content(old, token(f"old {number}")))
    first = repo.commit("old")
    for number, (_, new) in enumerate(MOVES):
        secrets = token(f"old {number}"), token(f"new {number}")
        repo.write(f"{number}.txt", content(new, *secrets, before="one\ntwo lines\n"))
    if request.param == "--staged":
        repo.git("add", "-A")
        options = ["--staged"]
    else:
        options = ["--range", f"{first}..{repo.commit('new')}"]
    done = leaksweep("scan", str(repo.path), *options, "-f", "json", "--show-secrets", "--rule", "github-token")
    assert done.returncode == 1, done.stderr
    told: dict[str, set[str]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        told.setdefault(finding["path"], set()).add(finding["secret"]["value"])
    return told


@pytest.mark.parametrize("number", range(len(MOVES)), ids=[f"{old} to {new}" for old, new in MOVES])
def test_an_old_secret_is_not_new_because_it_is_written_in_another_way(number: int, found: dict[str, set[str]]) -> None:
    assert found.get(f"{number}.txt") == {token(f"new {number}")}


def test_a_range_decodes_as_deep_as_it_is_told(tmp_path: Path) -> None:
    repo = Repository(tmp_path)
    packed = [in_base64(token("deep"))]
    for _ in range(3):
        packed.append(b"value: " + base64.b64encode(packed[-1]) + b"\n")
    repo.write("a", packed[3])
    first = repo.commit("old")
    repo.write("a", b"a line\n" + packed[3])
    span = f"{first}..{repo.commit('new')}"
    for depth in ("4", "3"):
        assert leaksweep("scan", str(tmp_path), "--range", span, "--max-decode-depth", depth).returncode in (0, 3)
    repo.write("a", b"a line\n" + in_base64(token("deep")))
    span = f"{first}..{repo.commit('flat')}"
    assert leaksweep("scan", str(tmp_path), "--range", span, "--max-decode-depth", "4").returncode == 0
    assert leaksweep("scan", str(tmp_path), "--range", span, "--max-decode-depth", "3").returncode == 1
