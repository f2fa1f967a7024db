"""Reading packs by what is new in each object gives what reading every object in full gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.commands.reading import read_database
from scanner.config import Config
from scanner.deep import DeepSearch
from scanner.engine.matcher import Engine
from scanner.model import BlobKind, Match, SkipReason
from scanner.ruleset import Ruleset, load_ruleset
from scanner.scan import Tally
from scanner.sources.git import Repository, open_repository
from tests.random_history import make

PAIRS = """
family: acme
rules:
  - id: acme-key
    name: Acme key
    description: A key that counts with its id only.
    severity: high
    confidence: high
    pattern: 'acme_key = (?P<secret>[A-Za-z0-9]{24})\\b'
    rotation_class: api-key
    companions: [{rule: acme-id, within_lines: 3}]
    examples: ["acme_key = {{base62:24}}"]
    negative_examples: ["acme_key = short"]
  - id: acme-id
    name: Acme id
    description: An id.
    severity: low
    confidence: high
    pattern: '\\b(?P<secret>AC[0-9a-f]{24})\\b'
    rotation_class: other
    examples: ["AC{{hex:24}}"]
    negative_examples: ["AC12"]
"""


ALLOWED = {
    SkipReason.MATCH_LIMIT,
    SkipReason.DECODE_LIMIT,
    SkipReason.CORRUPT_ARCHIVE,
    SkipReason.UNKNOWN_FORMAT,
    SkipReason.ENCRYPTED,
}


@pytest.fixture(scope="module")
def ruleset(tmp_path_factory: pytest.TempPathFactory) -> Ruleset:
    rules = tmp_path_factory.mktemp("rules") / "acme.yaml"
    rules.write_text(PAIRS)
    return load_ruleset([rules])


def read(repository: Repository, ruleset: Ruleset, *, workers: int = 1) -> Tally:
    tally = Tally()
    for result in read_database(repository, ruleset, Config(), workers=workers):
        tally.add(result)
    return tally


def by_blob(tally: Tally) -> dict[str, tuple[Match, ...]]:
    assert len({blob.oid for blob in tally.found}) == len(tally.found)
    return {str(blob.oid): blob.matches for blob in tally.found if blob.kind is BlobKind.FILE}


def check_seed(path: Path, seed: int, ruleset: Ruleset, deep: DeepSearch) -> int:
    made = make(path, seed)
    repository = open_repository(str(path))
    tally = read(repository, ruleset)
    expected = {oid: found for oid, data in made.contents.items() if (found := deep.search(data, oid).matches)}
    assert by_blob(tally) == expected, f"seed {seed}"
    assert {skip.reason for skip in tally.skipped} <= ALLOWED, f"seed {seed}"
    assert not tally.unread, f"seed {seed}"
    assert tally.blobs == len(made.contents), f"seed {seed}"
    return len(expected)


@pytest.mark.parametrize("block", range(10))
def test_the_fast_way_finds_what_reading_every_blob_in_full_finds(block: int, tmp_path: Path, ruleset: Ruleset) -> None:
    deep = DeepSearch(Engine(ruleset.rules, ruleset.anchors), by_lines=False)
    found = sum(check_seed(tmp_path / str(seed), seed, ruleset, deep) for seed in range(block * 32, block * 32 + 32))
    assert found > 100


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_the_fast_way_finds_it_in_many_more_repositories(tmp_path: Path, ruleset: Ruleset) -> None:
    deep = DeepSearch(Engine(ruleset.rules, ruleset.anchors), by_lines=False)
    for seed in range(1_000, 2_000):
        check_seed(tmp_path / str(seed), seed, ruleset, deep)


@pytest.mark.parametrize("seed", [1880, 1926])
def test_what_is_decoded_does_not_depend_on_what_stands_far_from_it(
    seed: int, tmp_path: Path, ruleset: Ruleset
) -> None:
    deep = DeepSearch(Engine(ruleset.rules, ruleset.anchors), by_lines=False)
    check_seed(tmp_path / str(seed), seed, ruleset, deep)
