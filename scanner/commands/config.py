"""The command `config`."""

from __future__ import annotations

import os
from typing import Any

from scanner.commands.console import CLEAN, say
from scanner.config import load_config


def config_show(*, config: str | None = None, **options: Any) -> int:
    """Print the effective values and where each came from."""
    settings, origins = load_config(options, root=os.curdir, path=config)
    for key, origin in origins.items():
        say(f"{key}: {getattr(settings, key)!r}  # {origin}")
    return CLEAN
