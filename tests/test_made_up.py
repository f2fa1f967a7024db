"""What is made up in tests and documentation is told with low confidence; what is random or proven keeps its own."""

from __future__ import annotations

import py_compile
from pathlib import Path

import pytest

from scanner.engine.strength import is_wordy
from scanner.engine.templates import expand
from scanner.environments import environment
from tests.repositories import leaksweep, token

WORDY = 'db_password = "swordfish77"\n'
RANDOM = expand('db_password = "{{password:18}}"\n', seed="random")


def told(folder: Path, *options: str) -> bytes:
    return leaksweep("scan", str(folder), "--all-files", "-f", "csv", *options).stdout


@pytest.mark.parametrize("name", ["tests/conf.py", "docs/setup.txt", "LoginTest.java", "guide.rst", "t/a.sh"])
def test_words_in_tests_and_documentation_are_below_the_default(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(WORDY)
    assert b"generic-password" not in told(tmp_path)
    assert b"generic-password" in told(tmp_path, "--min-confidence", "low")


@pytest.mark.parametrize(
    ("name", "text"),
    [("app/conf.py", WORDY), ("tests/conf.py", RANDOM), ("docs/a.md", f"{token('docs')}\n"), ("latest.py", WORDY)],
)
def test_everything_else_is_told(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert leaksweep("scan", str(tmp_path), "--all-files").returncode == 1


def test_bytecode_beside_its_source_tells_nothing_new(tmp_path: Path) -> None:
    source = tmp_path / "conf.py"
    source.write_text(f'"""Settings.\n\n{RANDOM}"""\n')
    compiled = Path(py_compile.compile(str(source), doraise=True) or "")
    assert b".pyc" not in told(tmp_path)
    source.unlink()
    assert compiled.name.encode() in told(tmp_path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/LoginTest.java", "test"),
        ("src/latest/x.py", None),
        ("t/x", "test"),
        ("a/t", None),
        ("prod/README.md", "test"),
    ],
)
def test_where_words_of_a_path_end(path: str, expected: str | None) -> None:
    assert environment(path) == expected


def test_what_reads_as_words() -> None:
    assert all(
        is_wordy(text) for text in ("swordfish", "s3krit99", "veryPriv@ate", "Bonjour", "SomeKindOfPassword123!@#")
    )
    assert not any(is_wordy(text) for text in ("xq7-kd9v", "k8Jx!92p", "4711", "xkqj wvzt bnmr qqdl"))
