"""A value is found by what the structure of its file says of it, alone and packed, in a tree and in history."""

from __future__ import annotations

import base64
import gzip
import json
import random
from pathlib import Path
from typing import NamedTuple

import pytest

from scanner.engine.templates import expand
from scanner.structured.sniffing import format_of
from tests.hiding import on_line_3, zipped
from tests.repositories import Repository, leaksweep
from tests.structured_files import STRUCTURED, structured, told


class Case(NamedTuple):
    """A file with one value, the path in reports, and its line."""

    secret: str
    content: bytes
    path: str
    line: int


def password() -> str:
    return expand("{{base62:18}}", seed=str(random.random()))


def cases() -> list[tuple[str, Case]]:
    out = []
    for name, (_, line) in STRUCTURED.items():
        secrets = [password() for _ in range(3)]
        contents = [structured(name, secret) for secret in secrets]
        expected = [told(name, secret) for secret in secrets]
        out.append((name, Case(expected[0], contents[0], name, line)))
        out.append((f"{name}.gz", Case(expected[1], gzip.compress(contents[1]), f"{name}.gz", line)))
        zipped_in_text = on_line_3(base64.b64encode(zipped((name, contents[2]))))
        out.append((f"{name}.zip.txt", Case(expected[2], zipped_in_text, f"{name}.zip.txt", 3)))
    return out


CASES = dict(cases())


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository(tmp_path_factory.mktemp("structured"))
    for name, case in CASES.items():
        made.write(name, case.content)
    made.commit("Add all")
    return made


@pytest.fixture(scope="module", params=["tree", "history"])
def places(repository: Repository, request: pytest.FixtureRequest) -> dict[str, list[tuple[str, int]]]:
    options = ["--history"] if request.param == "history" else []
    done = leaksweep(
        "scan",
        *options,
        str(repository.path),
        "-f",
        "json",
        "--show-secrets",
        "--no-progress",
        "--min-confidence",
        "low",
    )
    assert done.returncode == 1, done.stderr
    found: dict[str, list[tuple[str, int]]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        found.setdefault(finding["secret"]["value"], []).append((finding["path"], finding["start_line"]))
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_value_is_found_once_on_its_line(name: str, places: dict[str, list[tuple[str, int]]]) -> None:
    case = CASES[name]
    assert places.get(case.secret) == [(case.path, case.line)]


@pytest.mark.timeout(60)
def test_comments_with_carriage_returns_are_looked_at_once_each() -> None:
    assert format_of(b"# more\r\n" * 40 + b"x = 1\r\n") == ""
    assert format_of(b"# more\r\n" * 40 + b"name: 1\r\n") == "yaml"


def test_the_structure_of_an_encoded_text_is_told_wherever_it_stands(tmp_path: Path) -> None:
    secret = password()
    lines = [
        base64.b64encode(text) for text in (b"some other text, longer than it must be", structured("har.json", secret))
    ]
    (tmp_path / "a.txt").write_bytes(b"\n\n".join([lines[0], b"x: " + lines[1], lines[0], b""]))
    done = leaksweep("scan", str(tmp_path), "-f", "json", "--show-secrets")
    found = [(one["secret"]["value"], one["start_line"]) for one in json.loads(done.stdout)["findings"]]
    assert found == [(secret, 3)]


def test_a_template_of_a_manifest_is_no_json() -> None:
    assert format_of(b"{{- if .Values.enabled }}\nkind: Secret\n") == "yaml"
    assert format_of(b'[{"a": 1}]') == format_of(b'{ "a": [] }') == "json"
