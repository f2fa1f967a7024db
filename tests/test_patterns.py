"""No pattern of ours backtracks: each is tried on texts made against it, as long as those that it may meet.

Rule patterns run under a time limit, all others do not: there a hostile file would make the scan hang.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from scanner.engine.anchors import derive_anchor
from scanner.engine.candidates import Dispatcher
from scanner.engine.hit import AFTER, BEFORE
from scanner.engine.windows import BLOCK_AFTER, BLOCK_BEFORE, LINE_AFTER, LINE_BEFORE
from scanner.globs import MAX_PATH
from scanner.ruleset import load_catalogue
from scanner.structured.sniffing import HEAD_BYTES
from scanner.suppress import _KINDS, _MAX_REASON
from tests.pumping import WHOLE, Source, attack, attack_rule, sources
from tests.repositories import ROOT

GROUPS = 4
CPU_S = 60
"""What a group may take: several times what it does take, and a part of what one quadratic pattern takes."""

BOUNDED = {
    "engine.contexts _RUN_BEFORE": (BEFORE, "what is before a secret"),
    "engine.contexts _SAMPLE_HOST": (AFTER, "what is behind a secret"),
    "engine.placeholders _BRACKETED": (200, "longer secrets are not looked at"),
    "engine.shapes _ADDRESS": (LINE_AFTER, "a secret"),
    "engine.shapes _VERSION": (LINE_AFTER, "a secret"),
    "engine.shapes _DATE": (LINE_AFTER, "a secret"),
    "engine.shapes _NUMBER": (LINE_AFTER, "a secret"),
    "structured.sniffing _JSON": (HEAD_BYTES, "the beginning of a text"),
    "structured.sniffing _YAML": (HEAD_BYTES, "the beginning of a text"),
    "structured.sniffing _PGPASS": (HEAD_BYTES, "the beginning of a text"),
    "suppress _CLOSER": (_MAX_REASON, "what is behind a mark"),
    "globs _TOKEN": (MAX_PATH, "longer patterns fit nothing"),
    "globs _ESCAPED_TOKEN": (MAX_PATH, "longer patterns fit nothing"),
    "imports.gitleaks_config token": (1_000, "a person imports this file"),
}
"""Patterns that never meet a long text: how many characters, and why."""

KNOWN_BUILT = {
    # A literal, with blanks behind or before it.
    *("baseline.document __call__", "baseline.document _line_of_double"),
    *("imports.records _line_of", "imports.records _lines_of"),
    # Of rules, or of a file that a person names: `regex` searches under a time limit.
    *("commands.explaining _outcome", "commands.judging fits", "engine.patterns _compiled"),
    *("engine.rule_checks compiled", "engine.rule_checks pattern"),
    *("engine.samples _is_match", "engine.samples sample_of", "engine.samples template_of"),
    *("suppress _content_pattern", "suppress _is_found"),
    *("imports.gitleaks_config _fault", "imports.records _read_allowed"),
    # Globs have tests of their own; those of `saved` are fixed and fit a few characters; words have no repeats.
    *(
        "globs __init__",
        "globs compiled",
        "saved word",
        "engine.words _trie_pattern",
        "engine.literals _around_letter",
        "engine.candidates __init__",
    ),
    # Those in `_built`.
    *("engine.hubs assignments", "engine.hubs url_pattern", "engine.surroundings check_of", "suppress _kind"),
}
"""Patterns that are put together at run time, and what bounds them."""


def test_a_pattern_that_is_built_is_known() -> None:
    built = {source.place for source in sources() if source.text is None}
    assert built == KNOWN_BUILT, "say there what bounds it, or try it in `_built`"


def _built() -> Iterator[Source]:
    """Yield the patterns that are put together at run time from fixed parts."""
    for kind in _KINDS:
        yield Source(f"suppress _KINDS {kind.word}", kind.pattern.pattern, kind.pattern.flags & re.IGNORECASE)
    dispatcher = Dispatcher([derive_anchor(rule.pattern, rule.keywords) for rule in load_catalogue().rules])
    patterns = [dispatcher._url, *(pattern for _, pattern, _ in dispatcher._assignments)]
    for number, pattern in enumerate(patterns):
        yield Source(f"engine.hubs {number}", pattern.pattern, pattern.flags & re.IGNORECASE)


def _follows() -> Iterator[Source]:
    """Yield what is tried behind each word that a rule asks for; a text may be nothing but such words."""
    for anchor in (derive_anchor(rule.pattern, rule.keywords) for rule in load_catalogue().rules):
        for text, asked in zip(anchor.literals, anchor.around, strict=False):
            if asked.follow:
                yield Source(
                    f"engine.surroundings {text}", re.escape(text.encode()) + asked.follow.encode("latin-1"), re.S
                )


def _work() -> Iterator[tuple[str, Callable[[], None]]]:
    for source in (*sources(), *_built(), *{source.text: source for source in _follows()}.values()):
        if source.text is not None:
            size = BOUNDED[source.place][0] if source.place in BOUNDED else WHOLE
            yield source.place, partial(attack, source, size, 24)
    for rule in load_catalogue().rules:
        spans_lines = derive_anchor(rule.pattern, rule.keywords).spans_lines
        size = BLOCK_BEFORE + BLOCK_AFTER if spans_lines else LINE_BEFORE + LINE_AFTER
        yield f"rule {rule.id}", partial(attack_rule, rule.pattern, size, 10)
        if rule.path_pattern:
            yield f"path of rule {rule.id}", partial(attack_rule, rule.path_pattern, MAX_PATH, 10)


def _attack_group(group: int) -> None:
    """Attack every fourth pattern; the child process of the test does this."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    for number, (place, try_it) in enumerate(_work()):
        if number % GROUPS == group:
            print(place, flush=True)
            try_it()
    print("finished")


@pytest.mark.slow
@pytest.mark.parametrize("group", range(GROUPS))
def test_no_pattern_backtracks_without_end(group: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"from tests.test_patterns import _attack_group; _attack_group({group})"],
        capture_output=True,
        check=False,
        cwd=ROOT,
        text=True,
    )
    assert done.stdout.splitlines()[-1:] == ["finished"], f"hangs: {done.stdout.splitlines()[-1:]} {done.stderr}"


def test_every_bound_is_that_of_a_pattern() -> None:
    assert BOUNDED.keys() <= {source.place for source in sources()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"(a+)+b", id="a repeat in a repeat"),
        pytest.param(r"(?:a|a)*b", id="two ways for one character"),
        pytest.param(r"(?:[ab]|b\d?)*c", id="two ways, one of them longer"),
        pytest.param(r"(?:[ \t]*(?:#[^\n]*)?\r?\n){0,40}x", id="comment lines with carriage returns"),
        pytest.param(r"(?:foo|bar|fo|o|0+|[\W_]+)+\d{0,3}x", id="words"),
        pytest.param(r"\s*\n*\s*x", id="neighbours that take the same"),
        pytest.param(r"key[a-z ]*=", id="a beginning at every place"),
        pytest.param(r"(.*?)<([^>]*)>$", id="a lazy beginning"),
    ],
)
def test_the_attacks_find_what_backtracks(pattern: str) -> None:
    """Each would take minutes and more, the patterns of ours together less than one."""
    code = f"from tests.pumping import *; attack(Source('bad', {pattern!r}, 0), {WHOLE}, 1000)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (2, 2)),
    )
    assert done.returncode < 0
