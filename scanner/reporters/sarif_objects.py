"""sarif-om's objects as plain values under their schema names."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import attr


def to_plain(value: Any) -> Any:
    """Return objects as dicts, lists and scalars; what has its default value is left out."""
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if not attr.has(type(value)):
        return value
    plain = {}
    for attribute, name, default in _fields(type(value)):  # type: ignore[arg-type]
        item = getattr(value, attribute)
        if item is not None and item != default:
            plain[name] = to_plain(item)
    return plain


@lru_cache(maxsize=128)
def _fields(kind: Any) -> tuple[tuple[str, str, Any], ...]:
    """Return attribute, schema name and default of every field; a list default is made anew by a factory."""
    return tuple(
        (field.name, field.metadata["schema_property_name"], _default(field.default)) for field in attr.fields(kind)
    )


def _default(default: Any) -> Any:
    return default.factory() if isinstance(default, attr.Factory) else default  # type: ignore[arg-type]
