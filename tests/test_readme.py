"""The README tells the truth."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.repositories import ROOT


def test_the_help_in_the_readme_is_the_help() -> None:
    text = (ROOT / "README.md").read_text()
    shown = text.partition("<!-- help -->\n```text\n")[2].partition("```")[0]
    printed = subprocess.run(
        [sys.executable, "-m", "scanner", "scan", "--help"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "110", "NO_COLOR": "1"},
    ).stdout.decode()
    assert shown.split() == printed.split()
