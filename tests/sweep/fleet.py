"""Many generated repositories of very different sizes, the same ones for the same seed, made by `git fast-import`.

`python -m tests.sweep.fleet FOLDER --count 200` makes them. Sizes follow a log-normal distribution, as those of real
repositories do: most have some dozens of commits, a few have thousands.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.repositories import Repository, token

_WORDS = (
    *("client", "server", "request", "response", "value", "index", "buffer", "handler", "config", "session", "queue"),
    *("parse", "render", "update", "remove", "insert", "select", "connect", "timeout", "retry", "message", "user"),
)
_ENDINGS = (".py", ".js", ".go", ".yaml", ".md", ".json", ".txt")
_FIRST_S = 1_500_000_000
_DAY_S = 86_400
MEDIAN_COMMITS = 24
SPREAD = 1.1
"""The standard deviation of the logarithm of the number of commits."""


def make_fleet(folder: Path, count: int, *, seed: int = 1, median: int = MEDIAN_COMMITS) -> None:
    """Make `count` bare repositories; every fifth holds a secret of its own and every tenth one that several share."""
    for number in range(count):
        generator = random.Random(f"{seed} {number}")
        commits = 1 + int(median * generator.lognormvariate(0, SPREAD))
        make_one(folder / f"r{number:05}.git", generator, commits, _secrets(number, generator))


def make_one(path: Path, generator: random.Random, commits: int, secrets: list[str]) -> None:
    """Make one bare repository with so many commits; each of `secrets` comes in at some commit, some go again."""
    Repository(path, "--bare").git(
        *("-c", "fastimport.unpackLimit=40", "fast-import", "--quiet"),
        stdin=b"".join(_commits(generator, commits, secrets)),
    )


def _secrets(number: int, generator: random.Random) -> list[str]:
    own = [token(f"fleet {number} {i}") for i in range(generator.randint(1, 3))] if number % 5 == 0 else []
    return [*own, token(f"shared {number % 3}")] if number % 10 == 0 else own


def _commits(generator: random.Random, commits: int, secrets: list[str]) -> Iterator[bytes]:
    files = {f"src/{generator.choice(_WORDS)}{i}{generator.choice(_ENDINGS)}": _lines(generator, 60) for i in range(3)}
    coming = {generator.randrange(commits): secret for secret in secrets}
    at_s = _FIRST_S + generator.randrange(1_000 * _DAY_S)
    for number in range(commits):
        at_s += generator.randrange(3 * _DAY_S)
        changed = _edited(generator, files)
        if number in coming:
            files["deploy/prod.env"] = [f"API_TOKEN={coming[number]}"]
            changed.append("deploy/prod.env")
        elif "deploy/prod.env" in files and generator.random() < 0.02:
            files["deploy/prod.env"] = ["# API_TOKEN is in the vault"]
            changed.append("deploy/prod.env")
        yield _commit(number, at_s, _message(generator), {name: files[name] for name in changed})


def _edited(generator: random.Random, files: dict[str, list[str]]) -> list[str]:
    if generator.random() < 0.1:
        files[f"src/{generator.choice(_WORDS)}{len(files)}{generator.choice(_ENDINGS)}"] = _lines(generator, 80)
    changed = generator.sample(sorted(files), min(len(files), generator.randint(1, 3)))
    for name in changed:
        if name != "deploy/prod.env":
            at = generator.randrange(len(files[name]) + 1)
            files[name][at : at + generator.randint(0, 3)] = _lines(generator, generator.randint(1, 6))
    return changed


def _lines(generator: random.Random, count: int) -> list[str]:
    return [
        " " * 4 * generator.randint(0, 3) + " ".join(generator.choices(_WORDS, k=generator.randint(1, 9)))
        for _ in range(count)
    ]


def _message(generator: random.Random) -> str:
    return " ".join(generator.choices(_WORDS, k=6)) + "\n"


def _commit(number: int, at_s: int, message: str, files: dict[str, list[str]]) -> bytes:
    parts = [
        f"commit refs/heads/main\nmark :{number + 1}\n"
        f"author Ann Author <ann@example.org> {at_s} +0000\n"
        f"committer Carl Committer <carl@example.org> {at_s} +0000\n"
        f"data {len(message)}\n{message}"
    ]
    if number:
        parts.append(f"from :{number}\n")
    for name, lines in files.items():
        content = "\n".join(lines) + "\n"
        parts.append(f"M 100644 inline {name}\ndata {len(content)}\n{content}")
    return "".join(parts).encode()


def change(path: Path, *, secret: str | None = None) -> None:
    """Add one commit to a repository that `make_one` made."""
    at_s = _FIRST_S + 4_000 * _DAY_S
    content = (secret or "nothing new") + "\n"
    commit = (
        f"commit refs/heads/main\nauthor Ann Author <ann@example.org> {at_s} +0000\n"
        f"committer Carl Committer <carl@example.org> {at_s} +0000\ndata 5\nmore\nfrom refs/heads/main^0\n"
        f"M 100644 inline new.txt\ndata {len(content)}\n{content}"
    )
    subprocess.run(
        ["git", "--git-dir", os.fspath(path), "-c", "fastimport.unpackLimit=40", "fast-import", "--quiet"],
        input=commit.encode(),
        check=True,
    )


def main() -> None:
    """Make a fleet where the command line says."""
    arguments = argparse.ArgumentParser(description="Make many repositories of very different sizes.")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--count", type=int, default=200)
    arguments.add_argument("--median", type=int, default=MEDIAN_COMMITS, help="commits of the median repository")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    make_fleet(options.folder, options.count, seed=options.seed, median=options.median)


if __name__ == "__main__":
    main()
