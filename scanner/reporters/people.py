"""People in a report: by name, and by address only on request."""

from __future__ import annotations

import re

from scanner.model import Person
from scanner.reporters import RenderOptions
from scanner.reporters.safe import Masker

_DOMAIN = re.compile(r"@[^\s<>@]+")


def shown_name(person: Person, options: RenderOptions, mask: Masker) -> str:
    """Return a person's name; where the name is an address, without its domain unless authors are to be shown."""
    shown = mask(person.name)
    return shown if options.show_authors else _DOMAIN.sub("@...", shown)


def name_and_address(person: Person, options: RenderOptions, mask: Masker) -> str:
    """Return how a text calls a person."""
    address = f" <{mask(person.email)}>" if options.show_authors and person.email else ""
    return (shown_name(person, options, mask) or "somebody without a name") + address
