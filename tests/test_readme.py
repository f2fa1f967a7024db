"""The README tells the truth."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.repositories import ROOT

README = ROOT / "README.md"
MARK = "<!-- help -->\n```text\n"


def scan_help() -> str:
    return subprocess.run(
        [sys.executable, "-m", "scanner", "scan", "--help"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "110", "NO_COLOR": "1"},
    ).stdout.decode()


def test_the_help_in_the_readme_is_the_help() -> None:
    shown = README.read_text().partition(MARK)[2].partition("```")[0]
    assert shown.split() == scan_help().split()


if __name__ == "__main__":  # python -m tests.test_readme writes the help into the README
    before, _, rest = README.read_text().partition(MARK)
    README.write_text(before + MARK + scan_help() + "```" + rest.partition("```")[2])
