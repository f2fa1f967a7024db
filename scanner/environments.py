"""Which environment the words of a path tell of: production, staging, development, or tests and documentation."""

from __future__ import annotations

import re
from functools import lru_cache

TEST = "test"
_WORDS = {
    "production": frozenset({"prod", "production", "live", "prd"}),
    "staging": frozenset({"stage", "staging", "stg", "uat", "preprod", "qa"}),
    "development": frozenset({"dev", "development", "local", "sandbox"}),
    TEST: frozenset(
        {
            "test",
            "tests",
            "testing",
            "unittest",
            "unittests",
            "testdata",
            "testutils",
            "spec",
            "specs",
            "e2e",
            "conftest",
        }
        | {"fixture", "fixtures", "mock", "mocks", "stub", "stubs", "cassettes", "snapshots", "golden"}
        | {"example", "examples", "sample", "samples", "demo", "demos", "doc", "docs", "documentation", "tutorial"}
        | {"readme", "changelog", "contributing"}
    ),
}
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_TEST_FOLDER = frozenset({"t", "__tests__"})
_DOCUMENT_ENDINGS = (".md", ".rst", ".adoc", ".asciidoc", ".mdx", ".pod")


@lru_cache(maxsize=4096)
def environment(path: str) -> str | None:
    """Return the environment that the words of a path tell of, the innermost first; None if they tell none.

    Tests, examples and documentation are one: `test`. Words end where the case changes: `LoginTest.java`.
    """
    folders = path.split("/")
    for number, part in enumerate(reversed(folders)):
        words = {word.lower() for word in _PARTS.findall(part)} | set(re.findall(r"[a-z0-9]+", part.lower()))
        for name, known in _WORDS.items():
            if words & known:
                return name
        if (number and part in _TEST_FOLDER) or (not number and part.lower().endswith(_DOCUMENT_ENDINGS)):
            return TEST
    return None


_COMPILED = re.compile(r"(.*?)__pycache__/([^/]+?)\.[\w-]+(?:\.opt-\d)?\.pyc$")


def source_of(path: str) -> str | None:
    """Return the path of the source of which this file is the bytecode: `b.py` for `__pycache__/b.cpython-311.pyc`."""
    found = _COMPILED.fullmatch(path)
    return f"{found[1]}{found[2]}.py" if found else None


_TEMPLATE = re.compile(r"(?i)[._-](?:example|sample|template|tmpl|tpl|dist|defaults?)(?=[._-]|$)")


def template_of(path: str) -> str | None:
    """Return the path of the file that one fills in from this one, `a/.env` for `a/.env.example`, or None."""
    folder, _, name = path.rpartition("/")
    filled = _TEMPLATE.sub("", name)
    if filled in ("", name):
        return None
    return f"{folder}/{filled}" if folder else filled


def is_filled_in(path: str, filled: str) -> bool:
    """Return whether `path` is what is filled in, or a variant of it: `.env.production` of `.env`."""
    return template_of(path) is None and (path == filled or path.startswith(f"{filled}."))
