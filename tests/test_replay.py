"""A year of edits on real sources: against a baseline of the first day, exactly what is planted later is new."""

from __future__ import annotations

import ast
import json
import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from scanner.engine.templates import expand
from tests.repositories import Repository, called, token

SOURCES = ("calendar", "csv", "gettext", "shlex", "textwrap", "timeit")


class Year:
    """A repository that is edited step by step; `later` are the secrets planted since the baseline was taken."""

    def __init__(self, path: Path) -> None:
        self.random = random.Random(7)
        self.repo = Repository(path)
        self.later: set[str] = set()
        self.count = 0
        for number, name in enumerate(SOURCES):
            self.repo.write(f"lib/{name}.py", Path(os.__file__).with_name(f"{name}.py").read_bytes())
            self._put(f"lib/{name}.py", f'KEY = "{token(name)}"' if number % 2 else f'password = "{password(name)}"')
        self.commit("the first day")

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.repo.commit(message)

    def files(self) -> list[str]:
        """Return the Python files of the work tree."""
        return [path for path in self.repo.git("ls-files").splitlines() if path.endswith(".py")]

    def pick(self) -> str:
        """Return a file by chance."""
        return self.random.choice(self.files())

    def text(self, path: str) -> str:
        """Return the content of a file."""
        return (self.repo.path / path).read_text(encoding="utf-8")

    def _put(self, path: str, line: str) -> None:
        lines = self.text(path).split("\n")
        lines.insert(self.random.randrange(len(lines)) if self.count else len(lines) // 2, line)
        self.repo.write(path, "\n".join(lines))

    # --- edits ---

    def insert_lines(self) -> None:
        """Push everything down in a file."""
        path = self.pick()
        self.repo.write(path, "# more\n" * self.random.randint(1, 40) + self.text(path))
        self.commit("insert")

    def reformat(self) -> None:
        """Lay a file out anew: other indentation or quotes, other line ends."""
        path = self.pick()
        text = self.text(path).replace("    ", "\t")
        # A line that was planted may have broken the syntax.
        with suppress(SyntaxError):
            text = ast.unparse(ast.parse(self.text(path)))
        self.repo.write(path, text.replace("\r\n", "\n").replace("\n", "\r\n"))
        self.commit("reformat")

    def rename(self) -> None:
        """Give a file another name."""
        path = self.pick()
        self.count += 1
        self.repo.git("mv", path, f"{os.path.dirname(path)}/renamed{self.count}.py")
        self.commit("rename")

    def rename_and_edit(self) -> None:
        """Give a file another name and change it in the same commit."""
        path = self.pick()
        self.count += 1
        target = f"{os.path.dirname(path)}/moved{self.count}.py"
        self.repo.git("mv", path, target)
        self.repo.write(target, "# moved\n" + self.text(target))
        self.commit("move and edit")

    def move_folder(self) -> None:
        """Move all files into another folder."""
        self.count += 1
        folder = f"src{self.count}"
        for path in self.files():
            os.makedirs(self.repo.path / folder, exist_ok=True)
            self.repo.git("mv", path, f"{folder}/{os.path.basename(path)}")
        self.commit("move the folder")

    def rebase(self) -> None:
        """Edit on a branch, edit on the trunk, rebase and fast-forward."""
        trunk, branch = self.random.sample(self.files(), 2)
        self.repo.git("checkout", "-q", "-b", "side")
        self.repo.write(branch, "# side\n" + self.text(branch))
        self.commit("side")
        self.repo.git("checkout", "-q", "main")
        self.repo.write(trunk, "# trunk\n" + self.text(trunk))
        self.commit("trunk")
        self.repo.git("checkout", "-q", "side")
        self.repo.git("rebase", "-q", "main")
        self.repo.git("checkout", "-q", "main")
        self.repo.git("merge", "-q", "--ff-only", "side")
        self.repo.git("branch", "-q", "-d", "side")

    def squash(self) -> None:
        """Rename and edit on a branch in several commits, and merge them as one."""
        self.repo.git("checkout", "-q", "-b", "topic")
        self.rename()
        self.insert_lines()
        self.repo.git("checkout", "-q", "main")
        self.repo.git("merge", "-q", "--squash", "topic")
        self.commit("squashed")
        self.repo.git("branch", "-q", "-D", "topic")

    def plant(self) -> None:
        """Add a secret that the baseline does not know."""
        self.count += 1
        secret = token(f"later {self.count}") if self.count % 2 else password(f"later {self.count}")
        self._put(self.pick(), f'{"KEY" if self.count % 2 else "password"} = "{secret}"')
        self.later.add(secret)
        self.commit("plant")


def password(seed: str) -> str:
    return expand("{{password:14}}", seed=seed)


def new_secrets(path: Path, *arguments: str) -> set[str]:
    done = called("scan", str(path), "-j", "1", "-f", "json", "--show-secrets", "--rule", "github-token",
                  "--rule", "generic-password-assignment", *arguments)  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return {finding["secret"]["value"] for finding in json.loads(done.stdout)["findings"]}


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", [(), ("--history",)], ids=["tree", "history"])
def test_at_every_step_of_a_year_exactly_the_later_secrets_are_new(tmp_path: Path, mode: tuple[str, ...]) -> None:
    year = Year(tmp_path / "r")
    baseline = str(tmp_path / "baseline.json")
    only = ("--rule", "github-token", "--rule", "generic-password-assignment")
    assert called("baseline", "create", str(year.repo.path), "--baseline", baseline, *only, *mode).returncode == 0
    steps: list[Callable[[], None]] = [
        year.insert_lines, year.reformat, year.rename, year.rename_and_edit, year.move_folder, year.rebase, year.squash,
        year.plant,
    ]  # fmt: skip
    for number in range(9 if mode else 24):
        step = steps[number % len(steps)] if number < len(steps) else year.random.choice(steps)
        step()
        found = new_secrets(year.repo.path, "--baseline", baseline, *mode)
        assert found == year.later, (number, step.__name__)
    assert year.later
