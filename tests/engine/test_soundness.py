"""The candidates miss nothing that the patterns find, and their cost does not grow with the rules."""

from __future__ import annotations

import random
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.chunks import normalise
from scanner.engine import literals, patterns
from scanner.engine.anchors import derive_anchor, is_head
from scanner.engine.candidates import Dispatcher
from scanner.engine.hits import Hit
from scanner.engine.matcher import Engine
from scanner.engine.surroundings import Surroundings
from scanner.engine.templates import expand
from scanner.model import Rule
from scanner.ruleset import load_ruleset
from tests.engine.generated import example_of, generated_rules

RULESET = load_ruleset()
ENGINE = Engine(RULESET.rules, RULESET.anchors)
ROOT = Path(__file__).parent.parent.parent
EXAMPLES = [
    expand(template, seed=f"{rule.id} {number}", checksum=rule.checksum).encode("utf-8", "surrogateescape")
    for rule in RULESET.rules
    for number, template in enumerate(rule.examples + rule.negative_examples)
]
SURROUNDINGS = (
    *(b"\n", b" ", b"\r\n", b"-", b"_", b"x", b'"', b"'", b"\t", b"=", b"/", b"+", b"$", b"{", b".", b"0", b"\x00"),
    *(
        "é".encode(),
        "é".encode() * 90,
        "\u212a".encode(),
        "\u017f".encode(),
        b"\xff",
        b"a" * 25,
        b"x" * 3_000,
        b"k: " * 400,
    ),
)


def hits_of(engine: Engine, data: bytes) -> list[Hit]:
    return sorted(set(engine.search_hits(data).hits))


def all_hits_of(engine: Engine, data: bytes) -> list[Hit]:
    return sorted(set(engine.search_everywhere_hits(data).hits))


@pytest.mark.parametrize("seed", range(6))
def test_examples_in_any_surroundings_are_found_with_candidates_as_without(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(8):
        parts = [rng.choice(EXAMPLES if rng.random() < 0.6 else SURROUNDINGS) for _ in range(rng.randint(2, 10))]
        data = b"".join(parts)
        data = data.swapcase() if rng.random() < 0.3 else data
        assert hits_of(ENGINE, data) == all_hits_of(ENGINE, data)


LINE_PARTS = [
    *(part for part in SURROUNDINGS if b"\n" not in part),
    b"x = f(a.b, c) " * 60,
    "é".encode() * 1_200,
    b'{"a":[1,2],"key":0},' * 90,
]


@pytest.mark.parametrize("seed", range(6))
def test_examples_on_long_lines_are_found_by_the_cores_of_patterns_as_without(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "MIN_CORE_BYTES", 0)
    engine = Engine(RULESET.rules, RULESET.anchors)
    rng = random.Random(seed)
    for _ in range(8):
        examples = [rng.choice(EXAMPLES).replace(b"\n", b" ") for _ in range(rng.randint(2, 6))]
        parts = [part for example in examples for part in (*rng.choices(LINE_PARTS, k=rng.randint(0, 6)), example)]
        data = b"".join(parts)
        data = data.swapcase() if rng.random() < 0.3 else data
        assert hits_of(engine, data) == all_hits_of(engine, data)


@pytest.mark.parametrize(
    ("pattern", "core"),
    [
        (r"(?<!\w)[\w.-]{0,30}?key=(?P<secret>x+)", r"key=(?P<secret>x+)"),
        (r"(?ix)(?<![\w])(?P<name>[\w.$-]{0,50}?(?:a|b)):(?P<secret>x)", r"(?ix)(?P<name>(?:a|b)):(?P<secret>x)"),
        (r"\b(?i:(?:[\w.]{0,20}[_.-])?key)=(?P<secret>x)", r"(?i:key)=(?P<secret>x)"),
        (r"(?<!\w)[\w.-]{0,30}?key=(?P<secret>x)|(?P<secret>yy)", None),
        (r"(?<!\w)[\w.-]{1,30}?key=(?P<secret>x)", None),
        (r"(?<!\w)(?:[\w]{0,20}\.){2}key=(?P<secret>x)", None),
        (r"\b[ab]{0,900}key=(?P<secret>x)", None),
    ],
)
def test_the_core_of_a_pattern_leaves_out_what_need_not_be_there(pattern: str, core: str | None) -> None:
    assert patterns.core_of(pattern) == core


def real_files(count: int, most_bytes: int) -> Iterator[Path]:
    roots = [ROOT, Path(sysconfig.get_paths()["stdlib"])]
    files = sorted(file for root in roots for file in (root.glob("*/*") if root == ROOT else root.glob("*.py")))
    files = [file for file in files if file.is_file() and 0 < file.stat().st_size <= most_bytes]
    yield from random.Random(0).sample(files, min(count, len(files)))


def test_real_files_give_the_same_with_candidates_as_without() -> None:
    for file in real_files(12, 10_000):
        data = normalise(file.read_bytes())
        assert hits_of(ENGINE, data) == all_hits_of(ENGINE, data), file


@pytest.mark.slow
def test_many_real_files_give_the_same_with_candidates_as_without() -> None:
    for file in real_files(300, 60_000):
        data = normalise(file.read_bytes())
        assert hits_of(ENGINE, data) == all_hits_of(ENGINE, data), file


QUICKLY_MADE_UP = [
    rule
    for rule in RULESET.rules
    if len(rule.pattern) < 160 and not is_head(rule.pattern) and not re.search(r"\d{3,}\}|\(\?[!=]", rule.pattern)
]
"""Rules whose matches hypothesis can make up without trying for long: short, and no conditions to meet by chance."""


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_a_pattern_matches_holds_its_anchor(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(QUICKLY_MADE_UP))
    pattern = rule.pattern.replace("(?P<secret>", "(?:")
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII | re.MULTILINE)), label=rule.id)
    content = text.encode("utf-8", "surrogatepass")
    engine = Engine([rule], [derive_anchor(rule.pattern, rule.keywords)])
    assert hits_of(engine, content) == all_hits_of(engine, content)


@pytest.mark.parametrize("lead", [0, 5_000, 100_000])
def test_a_token_in_the_middle_of_a_long_line_is_found_and_not_cut(lead: int) -> None:
    rule = Rule("long", "f", "n", "d", "high", "high", r"(?<![A-Za-z0-9_])(?P<secret>tok_[a-z0-9]{20,})(?![a-z0-9])")
    engine = Engine([rule], [derive_anchor(rule.pattern)])
    body = "tok_" + expand("{{hex:24000}}", seed="long")
    data = b"." * lead + b" " + body.encode() + b" " + b"." * 50_000
    assert [hit.secret for hit in hits_of(engine, data)] == [body]


BODY = b"a" + expand("{{hex:38}}", seed="far").encode() + b"7"
LONG_LINES = [
    pytest.param(
        r"(?i)acme_(?P<secret>[a-z0-9]{40})(?![a-z0-9])",
        b"x" * 30_000 + b"_acme_" + BODY + b"-" + b"y" * 30_000,
        id="in a long run",
    ),
    pytest.param(
        r"(?i)(?<![a-z])acme[_-](?P<secret>(?=[a-z]{0,30}[0-9])[a-z0-9]{40})(?![a-z0-9])",
        b"0" * 9_000 + b"-acme_" + BODY + b"-" + b"y" * 9_000,
        id="in a long run with digits",
    ),
    pytest.param(
        r"(?<!\w)(?P<secret>acme=[a-z0-9]{40})(?=[^\n]{0,5000}end)",
        b"." * 9_000 + b" acme=" + BODY + b" " + b"." * 4_900 + b"end" + b"." * 9_000,
        id="with a condition far ahead",
    ),
    pytest.param(
        r"(?<!\w)[\w.-]{0,30}?acme=(?P<secret>[a-z0-9]{40})(?=[^\n]{0,5000}end)",
        b"." * 9_000 + b" my.acme=" + BODY + b" " + b"." * 4_900 + b"end" + b"." * 9_000,
        id="with a condition far ahead, by its core",
    ),
]


@pytest.mark.parametrize(("pattern", "line"), LONG_LINES)
def test_what_is_far_from_its_candidate_on_a_long_line_is_found(
    pattern: str, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "MIN_CORE_BYTES", 0)
    rule = Rule("far", "f", "n", "d", "high", "high", pattern)
    engine = Engine([rule], [derive_anchor(pattern)])
    assert len(all_hits_of(engine, line)) == 1
    assert hits_of(engine, line) == all_hits_of(engine, line)


@pytest.mark.parametrize("much", [0, 1 << 20])
def test_literals_that_begin_inside_of_others_are_found(much: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(literals, "_MUCH_BYTES", much)
    texts = ["kick", "kit", "k$k", "$k$", "ickk", "itk"]
    rng = random.Random(much)
    for _ in range(300):
        data = "".join(rng.choices(["k", "i", "c", "t", "$"], k=30)).encode()
        out: list[tuple[int, int]] = []
        literals.Literals((text, number, Surroundings()) for number, text in enumerate(texts)).find(data, out)
        places = {(at, i) for at in range(30) for i, text in enumerate(texts) if data.startswith(text.encode(), at)}
        assert set(out) == places


def test_a_token_across_the_border_of_two_slices_of_one_line_is_found_once() -> None:
    (rule,) = generated_rules(1)
    engine = Engine([rule], [derive_anchor(rule.pattern)])
    token = example_of(rule, random.Random(1)).encode()
    for shift in (-60, -40, -20, -1, 0, 1, 20):
        data = b"." * ((4 << 20) + shift) + token + b"." * 9_000
        assert len(hits_of(engine, data)) == 1, shift


@pytest.mark.parametrize("count", [60, 500, 1_000])
def test_each_of_many_rules_is_found(count: int) -> None:
    rules = generated_rules(count)
    engine = Engine(rules, [derive_anchor(rule.pattern) for rule in rules])
    rng = random.Random(count)
    data = "\n".join(example_of(rule, rng) for rule in rules).encode()
    assert {hit.rule for hit in hits_of(engine, data)} == set(range(count))


def test_the_number_of_passes_over_a_content_does_not_grow_with_the_rules() -> None:
    passes = {len(Dispatcher([derive_anchor(r.pattern) for r in generated_rules(n)]).passes) for n in (60, 500, 1_000)}
    assert len(passes) == 1


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        pytest.param(r"\b(?P<secret>abc_[a-z0-9]{30})\b", "run-prefix", id="a prefix"),
        pytest.param(r"(?i)\bacme.{0,40}(?P<secret>abc_[a-z0-9]{30})\b", "long-run", id="a prefix without an edge"),
        pytest.param(r"\bacme[=:]['\"](?P<secret>[^'\"\s]{6,30})['\"]", "quoted", id="a quoted value"),
        pytest.param(r"\bacme=(?P<secret>(?=[a-z]{0,9}\d)\w{10})\b", "bare", id="a bare value with a digit"),
        pytest.param(r"\bacme=(?P<secret>[a-z+/]{30})=", "long", id="a long bare value"),
        pytest.param(r"\bacme://[\w-]{1,20}:(?P<secret>[^\s/@]{3,40})@", "url", id="a URL with a password"),
        pytest.param(r"\b(?P<secret>abc_[a-z+/]{40})", "wide-prefix", id="a wide alphabet"),
        pytest.param(r"(?<!\w)acme (?P<secret>[a-z]{5,9})\b", "literal", id="a word and a word"),
        pytest.param(r"\b(?P<secret>\d{3} \d{3})\b", "none", id="nothing"),
        pytest.param(r"\b(?P<secret>[[:alpha:]]{30})\b", "none", id="what only regex understands"),
        pytest.param(r"\b(?P<secret>(?:acme){e<=1}[a-z]{30})\b", "none", id="fuzzy matching"),
    ],
)
def test_the_kind_of_anchor(pattern: str, kind: str) -> None:
    assert kind in derive_anchor(pattern).kinds


def test_a_guard_that_forbids_lower_case_only_is_no_guard_where_case_does_not_count() -> None:
    rule = Rule("guard", "f", "n", "d", "high", "high", r"(?<![a-z0-9_])(?i:abc)(?P<secret>_[A-Za-z0-9]{30})")
    engine = Engine([rule], [derive_anchor(rule.pattern)])
    data = b"XABC_" + expand("{{hex:30}}", seed="guard").encode()
    assert hits_of(engine, data) == all_hits_of(engine, data) != []
