"""The examples of docs/sweep.md: they parse, and every command line in them is one that the programs take."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from scanner.arguments import parser
from tests.repositories import ROOT

PAGE = (ROOT / "docs" / "sweep.md").read_text()
COMPOSE, KUBERNETES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def commands() -> Iterator[list[str]]:
    """Yield the words of each command in the examples, without the pip that stands before it."""
    services = yaml.safe_load(COMPOSE)["services"].values()
    lines = [shlex.split(service["command"])[2] for service in services]
    for document in yaml.safe_load_all(KUBERNETES):
        if document["kind"] == "Deployment":
            (container,) = document["spec"]["template"]["spec"]["containers"]
            lines.append(container["command"][2])
    for line in lines:
        install, _, rest = line.partition(" && exec ")
        assert install == "pip install -q 'leaksweep[dask]'"
        yield shlex.split(rest)
    yield from (line.split() for line in re.findall(r"(?m)^leaksweep sweep .*$", PAGE))


def test_every_leaksweep_in_the_page_is_understood() -> None:
    ours = [words[1:] for words in commands() if words[0] == "leaksweep"]
    assert len(ours) >= 4
    for words in ours:
        assert parser().parse_args(words).command == "sweep.sweep"


def test_every_dask_in_the_page_is_understood() -> None:
    pytest.importorskip("distributed")
    theirs = [words[1:] for words in commands() if words[0] == "dask"]
    assert {words[0] for words in theirs} == {"scheduler", "worker"}
    for name in ("scheduler", "worker"):
        shown = subprocess.run(
            [sys.executable, "-m", f"distributed.cli.dask_{name}", "--help"], capture_output=True, text=True, check=True
        ).stdout
        options = [word for words in theirs if words[0] == name for word in words if word.startswith("--")]
        assert [option for option in options if option not in shown] == []


def test_kubernetes_finds_the_pods_by_their_labels() -> None:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(KUBERNETES))
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in documents if one["kind"] == "Deployment"]
    (service,) = [one for one in documents if one["kind"] == "Service"]
    assert service["spec"]["selector"] in labels
    for one in documents:
        if one["kind"] == "Deployment":
            assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"]
            claimed = [volume["name"] for volume in one["spec"]["template"]["spec"].get("volumes", ())]
            (container,) = one["spec"]["template"]["spec"]["containers"]
            assert [mount["name"] for mount in container.get("volumeMounts", ())] == claimed
