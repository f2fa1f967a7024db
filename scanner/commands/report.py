"""The command `report`: a saved scan, told again in other formats."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from scanner.commands.console import CLEAN, wants_colour
from scanner.reporters import RenderOptions
from scanner.reporters.output import Output, check_outputs, write_reports
from scanner.saved import read_report


def report(
    *,
    path: str,
    outputs: Sequence[Output] = (Output("text"),),
    show_secrets: bool = False,
    show_authors: bool = False,
    all_occurrences: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    show_suppressed: bool = False,
    **_: Any,
) -> int:
    """Write the reports of the scan saved in `path`; 0 once they are written. Raises ScannerError."""
    check_outputs(outputs)
    write_reports(
        read_report(path),
        outputs,
        RenderOptions(
            show_secrets=show_secrets,
            colour=wants_colour(),
            verbose=verbose,
            quiet=quiet,
            show_authors=show_authors,
            all_occurrences=all_occurrences,
            show_suppressed=show_suppressed,
        ),
        sys.stdout,
    )
    return CLEAN
