"""Put the parsed rules into the wheel: to parse them takes longer than most commit hooks may, on every new machine."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ParsedRules(BuildHookInterface):
    """Adds the file that `scanner.ruleset` looks for beside the rules."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Parse the rules before the wheel is packed; an editable one takes them from the cache as ever."""
        if version == "editable":
            return
        sys.dont_write_bytecode = True
        sys.path.insert(0, self.root)
        from scanner.ruleset import write_parsed

        self._folder = tempfile.TemporaryDirectory()
        parsed = write_parsed(Path(self._folder.name))
        parsed.chmod(0o644)
        build_data["force_include"][str(parsed)] = f"scanner/rules/{parsed.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was only made for the wheel."""
        if version != "editable":
            self._folder.cleanup()
