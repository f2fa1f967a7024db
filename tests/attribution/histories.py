"""Histories from a few letters, and their stories in a few lines.

A history is a line for each commit: its name, its parents, a colon, its whole tree. `S` in a file is the secret,
`T` another one; every other letter is harmless, and a file without letters is not there. `@3` is the day of both
dates, `@3/5` those of author and committer; without it, commit number n is of day n.

    A:     a=S          b=x
    B A:   a=           b=x    @7
    M A B: a=S          b=xS   main tag:v1
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scanner.commands.scan import scan
from scanner.reporters.output import Output
from tests.repositories import Repository, token

START_S = 1_600_000_000
DAY_S = 86_400
SECRETS = {"S": token("the secret"), "T": token("another")}
_LINE = re.compile(r"(?P<name>\w+)(?P<parents>[\w ]*):(?P<rest>.*)")


class History:
    """A repository made of a description; `oids` are the ids of its commits by name."""

    def __init__(self, path: Path, text: str, *options: str) -> None:
        self.repository = Repository(path, *options)
        self.oids: dict[str, str] = {}
        lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
        for number, line in enumerate(lines):
            self._commit(line, number, is_last=number == len(lines) - 1)

    def _commit(self, line: str, number: int, *, is_last: bool) -> None:
        found = _LINE.fullmatch(line)
        assert found, line
        words = found["rest"].split()
        files = dict(word.split("=") for word in words if "=" in word)
        days = [word[1:].split("/") for word in words if word.startswith("@")]
        names = [word for word in words if "=" not in word and not word.startswith("@")]
        authored, committed = (days[0] * 2)[:2] if days else (str(number), str(number))
        oid = self.commit_object(
            self.tree(files),
            [self.oids[parent] for parent in found["parents"].split()],
            author=f"Ann Author <ann@example.org> {START_S + int(authored) * DAY_S} +0000",
            committer=f"Carl <carl@example.org> {START_S + int(committed) * DAY_S} +0000",
            message=found["name"],
        )
        self.oids[found["name"]] = oid
        for name in [*names, *(["main"] if is_last and "main" not in text_of(names) else [])]:
            kind, _, short = name.rpartition(":")
            full = {"": f"refs/heads/{short}", "tag": f"refs/tags/{short}"}.get(kind, f"refs/{kind}/{short}")
            if short != "none":
                self.repository.git("update-ref", full, oid)

    def tree(self, files: dict[str, str]) -> str:
        """Return the id of a tree that holds `files`."""
        self.repository.git("read-tree", "--empty")
        entries = []
        for path, letters in files.items():
            if letters:
                text = "".join(f"{SECRETS.get(letter, letter)}\n" for letter in letters)
                blob = self.repository.git("hash-object", "-w", "--stdin", stdin=text.encode())
                entries.append(f"100644 {blob}\t{path}\n")
        self.repository.git("update-index", "--index-info", stdin="".join(entries).encode())
        tree = self.repository.git("write-tree")
        self.repository.git("read-tree", "--empty")
        return tree

    def commit_object(self, tree: str, parents: Iterable[str], *, author: str, committer: str, message: str) -> str:
        """Return the id of a commit, whatever its header says."""
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {author}"] if author else []
        lines += [f"committer {committer}"] if committer else []
        data = "\n".join([*lines, "", message, ""]).encode("utf-8", "surrogateescape")
        return self.repository.git("hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=data)

    def stories(self, tmp_path: Path, **options: Any) -> str:
        """Return what a scan tells of it, every commit by its name."""
        return told(findings_of(self.repository.path, tmp_path, **options), self.oids)


def text_of(names: Iterable[str]) -> str:
    return " ".join(names)


def findings_of(path: Path, tmp_path: Path, **options: Any) -> list[dict[str, Any]]:
    """Return the findings of a scan in this process."""
    out = tmp_path / "report.json"
    settings: dict[str, Any] = {
        "history": True,
        "all_occurrences": True,
        "only_rules": ["github-token"],
        **options,
    }
    code = scan(
        path=str(path),
        outputs=(Output("json", str(out)),),
        progress=False,
        jobs=1,
        show_secrets=True,
        **settings,
    )
    assert code in (0, 1, 3)
    return list(json.loads(out.read_text())["findings"])


def told(findings: Iterable[dict[str, Any]], oids: dict[str, str]) -> str:
    """Return the stories as text: path, state, days and refs of each, then its events, then what is not known."""
    names = {oid: name for name, oid in oids.items()}
    letters = {value: letter for letter, value in SECRETS.items()}
    lines = []
    for finding in findings:
        story = finding["story"]
        refs = [name for kind in ("branches", "tags", "other_refs") for name in story["reachable_from"][kind]]
        days = "" if story["exposure_days"] is None else f", {story['exposure_days']} days"
        doubt = ", doubtful dates" if story["has_doubtful_dates"] else ""
        secret = letters[finding["secret"]["value"]]
        lines.append(f"{secret} {finding['path']}: {story['state']}{days}{doubt} [{' '.join(refs)}]")
        for event in story["events"]:
            origin = f" from {event['from_path']}" if "from_path" in event else ""
            oid = event["commit"]["oid"]
            lines.append(f"  {event['kind']} {names.get(oid, oid)} {event['path']}{origin}")
        lines += [f"  ? {text}" for text in story["unknowns"]]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Return an indented text without its margin and its empty lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join(line[margin:] for line in lines)
