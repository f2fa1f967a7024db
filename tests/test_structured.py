"""A value is found by what the structure of its file says of it, alone and packed, in a tree and in history."""

from __future__ import annotations

import base64
import gzip
import json
import random
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.engine.templates import expand
from scanner.structured.reading import read_structured
from scanner.structured.sniffing import format_of, has_mark
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


PIECES = [
    *(b'{\n  "', b'": "', b'",\n  "', b'": [\n  "', b'"]', b'"\n :\n ["', b'"}\n', b'": {"', b'"\n}', b" "),
    *(b"keywords", b"public-key crypto", b"Authorization", b"X-Api-Key", b"x-auth-token", b"Set-Cookie", b"tokens"),
    *(
        b"name",
        b"value",
        b"Value",
        b"plaintext",
        b"defaultValue",
        b"random_password",
        b"type",
        b"result",
        b"secretword",
    ),
    *(b"kind", b"Secret", b"data", b"stringData", b"cell_type", b"nbformat", b"cells", b"source"),
    *(b"---\n", b"- name: ", b"  value: ", b"kind: Secret\n", b"data:\n", b"keys:\n", b"  - ", b": ", b"\n", b"\r\n"),
    *(b"db.example.org:5432:", b"*:*:", b"my db:", b"my\\:db:", b"app:", b"hunter22\n"),
]


@settings(max_examples=1_500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=16).map(b"".join))
@example(b'{\n  "a": "public-key crypto",\n  "keywords": [\n  "secretword"]\n}')
@example(b"db.example.org:5432:app:app:hunter22\ndb.example.org:5432:my db:app:hunter22\n")
@example(b"*:*:my\\:db:app:hunter22\n")
def test_what_a_reader_tells_of_a_text_has_a_mark_in_it(text: bytes) -> None:
    """History is read by changed lines: only one that has a mark makes the whole be read."""
    if any(True for _ in read_structured(text)):
        assert has_mark(text)


def test_words_of_a_package_are_no_headers(tmp_path: Path) -> None:
    package = {"description": "public-key crypto", "x-api-key": "a", "keywords": ["biginteger9", "bignumber"]}
    (tmp_path / "package.json").write_text(json.dumps(package, indent=2))
    done = leaksweep("scan", str(tmp_path), "--min-confidence", "low")
    assert done.returncode == 0, done.stdout


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
