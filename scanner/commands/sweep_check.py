"""Tells a repository that is as it was, so that it need not be read; cheap, since a sweep asks it of every one."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from scanner import __version__
from scanner.ruleset import Ruleset, load_ruleset
from scanner.sweep.state import common_folder, state_of
from scanner.sweep.values import SweepOptions, SweepTarget


def rules_of(options: SweepOptions) -> Ruleset:
    """Return the rules; those of the package are parsed once a process, others may change while a worker lives."""
    if not options.rules and options.use_default_rules:
        return _default_rules()
    return load_ruleset([Path(rule) for rule in options.rules], use_default_rules=options.use_default_rules)


@lru_cache(maxsize=1)
def _default_rules() -> Ruleset:
    return load_ruleset()


def reading_digest(ruleset: Ruleset, options: SweepOptions) -> str:
    """Return the digest of all that decides what is found in an object: under another one all is read anew."""
    told = f"{__version__} {ruleset.digest} {options.max_blob_bytes}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def state_in(folder: str, options: SweepOptions) -> str | None:
    """Return the state of the repository in a folder, or None where only git can tell."""
    place = common_folder(folder)
    return None if place is None else state_with(place, options)


def state_with(common_dir: str, options: SweepOptions) -> str:
    """Return the digest of what a repository holds and of how it is told: if either is another, it is told anew."""
    return f"{state_of(common_dir)} {options.min_severity} {options.min_confidence} {int(options.allow_shallow)}"


def is_unchanged(target: SweepTarget, options: SweepOptions, state: str) -> bool:
    """Return whether a local repository is as it was when it had that state; False where only git can tell."""
    return not target.is_remote and state_in(target.location, options) == state
