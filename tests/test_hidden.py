"""A secret is found in whatever hides it, in a tree and in history, at its place."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hiding import CONTAINERS, DOCUMENTS, ENCODINGS, on_line_3, zipped
from tests.repositories import Repository, leaksweep, token

TEXT = "some text\nsecond line\nkey = {}\nlast line\n"


class Case(NamedTuple):
    """A file with one secret: where it must be reported; a line of 0 may be any."""

    secret: str
    content: bytes
    inside: str
    line: int
    decoding: tuple[str, ...] | None = None


def cases() -> Iterator[tuple[str, Case]]:
    """Yield each way to hide, alone and in combinations, with a fresh secret each."""
    for name, hide in ENCODINGS.items():
        secret = token(secrets.token_hex())
        yield name, Case(secret, hide(secret.encode()), "", 3)
        secret = token(secrets.token_hex())
        yield f"{name}, gzip", Case(secret, gzip.compress(hide(secret.encode())), "", 3)
        secret = token(secrets.token_hex())
        yield f"{name}, zip", Case(secret, zipped(("a.txt", hide(secret.encode()))), "!a.txt", 3)
    for name, (inside, hide) in CONTAINERS.items():
        secret = token(secrets.token_hex())
        yield name, Case(secret, hide(TEXT.format(secret).encode()), inside, 3)
        secret = token(secrets.token_hex())
        packed = hide(on_line_3(base64.b64encode(secret.encode())))
        yield f"base64, {name}", Case(secret, packed, inside, 3)
        secret = token(secrets.token_hex())
        coded = on_line_3(base64.b64encode(hide(TEXT.format(secret).encode())))
        yield f"{name}, base64", Case(secret, coded, "", 3)
    for name, (inside, hide) in DOCUMENTS.items():
        secret = token(secrets.token_hex())
        yield name, Case(secret, hide(secret.encode()), inside, 0)
        secret = token(secrets.token_hex())
        yield f"{name}, zip", Case(secret, zipped(("a", hide(secret.encode()))), f"!a{inside}", 0)
        secret = token(secrets.token_hex())
        yield f"{name}, base64", Case(secret, on_line_3(base64.b64encode(hide(secret.encode()))), "", 3)


CASES = dict(cases())


def file_name(name: str) -> str:
    return f"{name.replace(' ', '-')}.data"


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = Repository(tmp_path_factory.mktemp("hidden"))
    for name, case in CASES.items():
        repository.write(file_name(name), case.content)
    repository.commit("Hide all")
    return repository


@pytest.fixture(scope="module", params=["tree", "history"])
def found(hidden: Repository, request: pytest.FixtureRequest) -> dict[str, list[tuple[str, int]]]:
    options = ["--history"] if request.param == "history" else []
    done = leaksweep(
        "scan", *options, str(hidden.path), "-f", "json", "--show-secrets", "--rule", "github-token", "--no-progress"
    )
    assert done.returncode == 1, done.stderr
    places: dict[str, list[tuple[str, int]]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        place = finding["path"], finding["start_line"]
        places.setdefault(finding["secret"]["value"], []).append(place)
    return places


@pytest.mark.parametrize("name", CASES)
def test_a_hidden_secret_is_found_once_at_its_place(name: str, found: dict[str, list[tuple[str, int]]]) -> None:
    case = CASES[name]
    places = found.get(case.secret, [])
    assert [path for path, _ in places] == [file_name(name) + case.inside]
    assert case.line in (0, places[0][1])


def test_depth_0_decodes_nothing(tmp_path: Path) -> None:
    secret = token("depth")
    (tmp_path / "a.gz").write_bytes(gzip.compress(secret.encode()))
    assert leaksweep("scan", str(tmp_path), "--max-decode-depth", "0").returncode == 0
    assert leaksweep("scan", str(tmp_path)).returncode == 1


def test_what_lies_deeper_than_the_depth_makes_the_scan_incomplete(tmp_path: Path) -> None:
    data = token("deep").encode()
    for _ in range(5):
        data = zipped(("a", data))
    (tmp_path / "a.zip").write_bytes(data)
    done = leaksweep("scan", str(tmp_path), "-f", "json")
    assert done.returncode == 3
    assert [skip["reason"] for skip in json.loads(done.stdout)["coverage"]["skipped"]] == ["decode limit"]
    assert leaksweep("scan", str(tmp_path), "--max-decode-depth", "5").returncode == 1


def test_each_member_that_holds_the_same_encoded_secret_is_told(tmp_path: Path) -> None:
    same = on_line_3(base64.b64encode(token("twice").encode()))
    (tmp_path / "a.zip").write_bytes(zipped(("one", same), ("dull", b"nothing\n" * 99), ("two", same)))
    (tmp_path / "b.zip").write_bytes(zipped(("dull", b"nothing\n" * 99), ("three", same)))
    done = leaksweep("scan", str(tmp_path), "-f", "json", "-j", "1")
    paths = {finding["path"] for finding in json.loads(done.stdout)["findings"]}
    assert paths == {"a.zip!one", "a.zip!two", "b.zip!three"}


def test_the_path_of_decoders_is_told_outermost_first(tmp_path: Path) -> None:
    packed = base64.b64encode(gzip.compress(token("path").encode()))
    (tmp_path / "a.txt").write_bytes(on_line_3(packed))
    done = leaksweep("scan", str(tmp_path), "-f", "json")
    assert json.loads(done.stdout)["findings"][0]["decoding"] == ["base64", "gzip"]
