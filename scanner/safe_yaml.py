"""YAML from people we do not trust: the safe schema, no aliases, bounded depth, no key twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from scanner.errors import ScannerError

MAX_DEPTH = 50

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(content: bytes, *, path: Path | str, error: type[ScannerError]) -> object:
    """Return the document in `content` as plain values; an empty document is None.

    Raises `error`, with the path and the line, for broken YAML, a tag outside of the safe schema, an alias
    (the YAML bomb), a nesting deeper than 50, or a key that stands twice in one mapping.
    """
    try:
        _check_events(content, path, error)
        loader = _Loader(content)
        try:
            node = loader.get_single_node()
            _check_keys(node, path, error)
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        cause = getattr(problem, "problem", None) or str(problem).splitlines()[0]
        raise error(f"{where}: {cause}") from problem
    except ValueError as problem:
        raise error(f"{path}: {problem}") from problem


def _check_events(content: bytes, path: Path | str, error: type[ScannerError]) -> None:
    """Refuse aliases and deep nesting while the document is still a flat list of events."""
    depth = 0
    for event in yaml.parse(content, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            raise error(f"{path}:{_line(event)}: aliases are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise error(f"{path}:{_line(event)}: nested deeper than {MAX_DEPTH}")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _check_keys(node: Any, path: Path | str, error: type[ScannerError]) -> None:
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen if isinstance(key, yaml.ScalarNode) else False:
                raise error(f"{path}:{key.start_mark.line + 1}: key {key.value!r} stands twice")
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else None)
            _check_keys(value, path, error)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_keys(item, path, error)


def line_of_key(content: bytes, key: str) -> int | None:
    """Return the line, from 1, on which the mapping key `key` first stands, or None."""
    root = yaml.compose(content, Loader=_Loader)
    for token in root.value if isinstance(root, yaml.MappingNode) else ():
        if isinstance(token[0], yaml.ScalarNode) and token[0].value == key:
            return int(token[0].start_mark.line) + 1
    return None
