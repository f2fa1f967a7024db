"""Configuration file + options -> one frozen Config, and where each value came from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from scanner.assess import ROTATION_DAYS
from scanner.errors import ConfigError
from scanner.model import CONFIDENCES, SEVERITIES

FILE_NAME = ".leaksweep.yml"
MAX_FILE_BYTES = 1_000_000
_LISTS = frozenset({"rules", "only_rules", "exclude"})


@dataclass(frozen=True, slots=True)
class Config:
    """The effective values of a run. Paths in `rules` are those of files or folders; `jobs` 0 means every core.

    `rotation_days` pairs rotation classes with the age in days at which a secret is overdue; 0 allows any age.
    """

    rules: tuple[str, ...] = ()
    use_default_rules: bool = True
    only_rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    min_severity: str = "low"
    min_confidence: str = "medium"
    max_blob_bytes: int = 100 << 20
    max_decode_depth: int = 3
    all_files: bool = False
    allow_shallow: bool = False
    jobs: int = 0
    rotation_days: tuple[tuple[str, int], ...] = ()


KEYS = tuple(field.name for field in fields(Config))


def load_config(
    options: Mapping[str, Any], *, root: str | None, path: str | None = None
) -> tuple[Config, dict[str, str]]:
    """Return the effective values and the origin of each: `default`, a file with its line, or `option`.

    `path` must exist; else `.leaksweep.yml` in `root` is read if it is there. Options that are None do not
    count; lists of file and options are joined. Raises ConfigError.
    """
    file = Path(path) if path is not None else _default_file(root)
    values: dict[str, Any] = {}
    origins = dict.fromkeys(KEYS, "default")
    if file is not None:
        for key, (value, line) in _read(file).items():
            values[key] = value
            origins[key] = f"{file}:{line}"
    for key in KEYS:
        value = options.get(key)
        if value is None or value == ():
            continue
        origins[key] = f"{origins[key]} and option" if key in _LISTS and key in values else "option"
        values[key] = (*values.get(key, ()), *value) if key in _LISTS else value
    return Config(**values), origins


def _default_file(root: str | None) -> Path | None:
    if root is None:
        return None
    file = Path(root) / FILE_NAME
    return file if file.is_file() and not file.is_symlink() else None


def _read(file: Path) -> dict[str, tuple[Any, int]]:
    from scanner.safe_yaml import line_of_key, load_yaml

    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise ConfigError(f"{file}: larger than {MAX_FILE_BYTES} bytes")
    document = load_yaml(content, path=file, error=ConfigError)
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError(f"{file}: a configuration is a mapping of keys to values")
    found = {}
    for key, value in document.items():
        line = line_of_key(content, str(key)) or 1
        found[str(key)] = (_checked(str(key), value, file, line), line)
    return found


def _checked(key: str, value: object, file: Path, line: int) -> object:
    where = f"{file}:{line}: {key}"
    if key not in KEYS:
        raise ConfigError(f"{file}:{line}: unknown key {key!r}{_nearest(key)}")
    if key == "rotation_days":
        return _checked_days(value, where)
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{where} is a list of texts")
        return tuple(os.path.join(file.parent, item) for item in value) if key == "rules" else tuple(value)
    if key in ("use_default_rules", "all_files", "allow_shallow"):
        if not isinstance(value, bool):
            raise ConfigError(f"{where} is true or false")
    elif key in ("max_blob_bytes", "max_decode_depth", "jobs"):
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ConfigError(f"{where} is a number, 0 or more")
    elif value not in (allowed := SEVERITIES if key == "min_severity" else CONFIDENCES):
        raise ConfigError(f"{where} is one of {', '.join(allowed)}")
    return value


def _checked_days(value: object, where: str) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} is a mapping of rotation classes to days")
    for name, days in value.items():
        if name not in ROTATION_DAYS:
            raise ConfigError(f"{where}: {name!r} is none of {', '.join(ROTATION_DAYS)}")
        if not isinstance(days, int) or isinstance(days, bool) or days < 0:
            raise ConfigError(f"{where}: {name} is a number of days, 0 or more")
    return tuple(value.items())


def _nearest(key: str) -> str:
    import difflib

    near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.0)
    return f"; did you mean {near[0]!r}?" if near else ""
