"""tqdm on standard error, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Takes what was done since the last call."""

    def __call__(self, *, items: int, done_bytes: int, findings: int) -> None:
        """Show so many more items and bytes, and this number of findings in all."""


@contextmanager
def progress_bar(*, is_wanted: bool) -> Iterator[Progress]:
    """Give a progress display if it is wanted and standard error is a terminal, else one that shows nothing."""
    if not is_wanted or not sys.stderr.isatty():
        yield _show_nothing
        return
    from tqdm import tqdm

    with tqdm(unit="B", unit_scale=True, file=sys.stderr, leave=False, mininterval=0.2) as bar:
        total = 0

        def show(*, items: int, done_bytes: int, findings: int) -> None:
            nonlocal total
            total += items
            bar.set_postfix_str(f"{total} objects, {findings} matches", refresh=False)
            bar.update(done_bytes)

        yield show


def _show_nothing(*, items: int, done_bytes: int, findings: int) -> None:
    """Show nothing."""
