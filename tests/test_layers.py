"""An import points to a lower floor, or stays within its own package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOM = Path(__file__).parent.parent / "scanner"
FLOORS = {
    "__main__": 6,
    "cli": 5,
    "commands": 4,
    "arguments": 4,
    **dict.fromkeys(("scan", "fresh_scan", "sweep", "workers", "progress"), 3),
    **dict.fromkeys(
        (
            "baseline",
            "imports",
            "sources",
            "ruleset",
            "config",
            "safe_yaml",
            "reporters",
            "saved",
            "deep",
            "line_search",
            "islands",
            "stretches",
            "telling_lines",
            "views",
        ),
        2,
    ),
    **dict.fromkeys(
        ("binary", "chunks", "ci_events", "engine", "findings", "globs", "suppress", "wholes", "attribution"), 1
    ),
    **dict.fromkeys(("assess", "containers", "decoders", "line_memory", "owners", "structured"), 1),
    **dict.fromkeys(("model", "errors", "environments"), 0),
}
SAME_FLOOR = {
    ("assess", "owners"): "whose a path is, is part of the assessment",
    ("reporters", "safe_yaml"): "the playbooks are YAML",
    ("saved", "reporters"): "it reads what the JSON reporter wrote, and prints no more than it",
    ("containers", "decoders"): "both take from one budget",
    ("wholes", "structured"): "structured files are read as a whole",
    ("wholes", "containers"): "so are containers",
    ("wholes", "decoders"): "and mails and office documents",
    ("wholes", "chunks"): "and wide encodings",
    ("structured", "decoders"): "what a reader makes is a layer",
    ("engine", "chunks"): "the engine works on chunks",
    ("findings", "engine"): "entropy decides how a fingerprint is made",
    ("deep", "line_search"): "the own lines of a content are searched before what is hidden in it",
    ("line_memory", "engine"): "it remembers what the engine told",
    ("line_memory", "structured"): "a mark of a structured file stands in a line",
    ("line_memory", "wholes"): "what makes content odd stands in a line",
    ("stretches", "deep"): "what is encoded is told as in a whole text",
    ("islands", "deep"): "it decodes parts of a text as the whole is decoded",
    ("islands", "sources"): "it carries by the changes that a delta makes",
    ("deep", "views"): "what is decoded is a view on a text",
    ("telling_lines", "sources"): "the versions of a content are made of copies",
    ("telling_lines", "stretches"): "a stretch tells of its lines",
    ("fresh_scan", "scan"): "what must be read as a whole is searched as everywhere else",
    ("suppress", "globs"): "the ignore file holds patterns for paths",
    ("imports", "safe_yaml"): "safe_yaml is the reader that all files share",
    ("ruleset", "safe_yaml"): "safe_yaml is the reader that both files share",
    ("config", "safe_yaml"): "safe_yaml is the reader that both files share",
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("scanner"):
            parts = node.module.split(".")
            yield from [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("scanner."))


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOM)))
def test_an_import_never_points_up_or_sideways(path: Path) -> None:
    room = path.relative_to(ROOM).parts[0].removesuffix(".py")
    if room == "__init__":
        return
    for other in imports(path):
        if other not in ("__version__", room) and (room, other) not in SAME_FLOOR:
            assert FLOORS[other] < FLOORS[room], f"{room} imports {other}"
