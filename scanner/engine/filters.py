"""The ordered reasons to drop a match. Each filter looks at one match and returns a reason or None."""

from __future__ import annotations

from functools import partial

from scanner.engine.contexts import is_digest, is_inside_blob, is_key, is_url_sample
from scanner.engine.encoded import is_encoded_words, is_no_basic, is_user_name
from scanner.engine.hit import Filter, Hit
from scanner.engine.placeholders import (
    is_documented,
    is_local_default,
    is_placeholder,
    is_regular,
    is_repeated,
    is_sequence,
    is_unfilled,
)
from scanner.engine.references import is_encrypted, is_reference
from scanner.engine.shapes import (
    is_code,
    is_identifier,
    is_media,
    is_named_otherwise,
    is_path,
    is_prose,
    is_tag_text,
    is_word,
)
from scanner.model import Rule

__all__ = ["NAMES", "Filter", "Hit", "all_filters_of", "drop_reason", "filters_of"]

ALWAYS: tuple[tuple[str, Filter], ...] = (
    ("placeholder", is_placeholder),
    ("repeated", is_repeated),
    ("sequence", is_sequence),
    ("example", is_documented),
    ("blob", is_inside_blob),
    ("digest", is_digest),
    ("key", is_key),
)
ADDABLE: tuple[tuple[str, Filter], ...] = (
    ("regular", is_regular),
    ("reference", is_reference),
    ("encrypted", is_encrypted),
    ("media", is_media),
    ("path", is_path),
    ("identifier", is_identifier),
    ("prose", is_prose),
    ("code", is_code),
    ("local-default", is_local_default),
    ("name", is_named_otherwise),
    ("tag", is_tag_text),
    ("basic", is_no_basic),
    ("encoded", is_encoded_words),
    ("same-as-user", is_user_name),
    ("word", is_word),
    ("url-sample", is_url_sample),
    ("unfilled", is_unfilled),
)
NAMES = frozenset(name for name, _ in ALWAYS + ADDABLE)


def filters_of(rule: Rule) -> tuple[Filter, ...]:
    """Return the filters that a rule's matches pass, in order."""
    always = tuple(f for name, f in ALWAYS if name not in rule.disabled_filters)
    return always + tuple(f for name, f in ADDABLE if name in rule.added_filters)


def all_filters_of(rule: Rule) -> Filter:
    """Return the filters that a rule's matches pass as one."""
    return partial(drop_reason, filters=filters_of(rule))


def drop_reason(hit: Hit, filters: tuple[Filter, ...]) -> str | None:
    """Return the reason of the first filter that drops `hit`, or None."""
    return next((reason for f in filters if (reason := f(hit))), None)
