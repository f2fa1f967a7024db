"""Every command that the parser names is there."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator

from scanner.arguments import parser


def commands_of(top: argparse.ArgumentParser) -> Iterator[str]:
    named = top.get_default("command")
    if named:
        yield named
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from commands_of(below)


def test_every_named_command_can_be_imported() -> None:
    names = list(commands_of(parser()))
    assert "scan.scan" in names
    for name in names:
        module, _, function = name.partition(".")
        assert callable(getattr(importlib.import_module(f"scanner.commands.{module}"), function)), name
