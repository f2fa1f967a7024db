"""Where everything that was found comes from: its places in history, and the story of each secret."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from scanner.attribution.evidence import Evidence
from scanner.attribution.facts import HEAD, Change, Ref
from scanner.commands.attributed import Accept, Attribution
from scanner.commands.telling import Telling
from scanner.model import BlobMatches, Skip
from scanner.sources import chronicle as chronicles
from scanner.sources import git
from scanner.sources.ancestry import refs
from scanner.sources.chronicle import Chronicle
from scanner.sources.objects import ObjectReader

Search = Callable[[Iterable[str]], Iterable[BlobMatches]]
"""Searches blobs, by object id, with the rules of the scan."""


def attribute_history(
    repository: git.Repository,
    found: Sequence[BlobMatches],
    accept: Accept,
    *,
    processes: int,
    cycles: Collection[str] = (),
) -> Attribution:
    """Return the places and stories of what was found in the whole history; git must not be asked for `cycles`."""
    evidence = Evidence(found)
    chronicle = chronicles.of_history(
        repository, evidence.blobs, evidence.texts, processes=processes, lists_database=not cycles
    )
    with ObjectReader(repository, unreadable=cycles) as reader:
        chronicle = _with_unmatched(repository, chronicle, evidence, reader, processes=processes)
        telling = Telling(repository, evidence, chronicle, refs(repository), reader, accept)
        telling.add_threads()
        telling.add_unplaced()
        telling.add_texts_alone()
        return telling.attribution


def attribute_range(
    repository: git.Repository,
    revisions: Sequence[str],
    found: Sequence[BlobMatches],
    accept: Accept,
    search: Search,
    *,
    processes: int,
) -> Attribution:
    """Return the places and stories of what the commits of a range introduced, and of nothing else."""
    evidence = Evidence(found)
    chronicle = chronicles.of_range(repository, revisions, evidence.blobs, processes=processes)
    chronicle = chronicles.with_deletions(repository, chronicle)
    end = Ref(HEAD, revisions[0], revisions[0])
    with ObjectReader(repository) as reader:
        evidence.add_contents(_held_before(chronicle, evidence, reader, search))
        chronicle = _with_unmatched(repository, chronicle, evidence, reader, processes=processes)
        telling = Telling(repository, evidence, chronicle, (end,), reader, accept, is_range=True)
        telling.add_threads()
        telling.add_texts_alone()
        return telling.attribution


def _with_unmatched(
    repository: git.Repository, chronicle: Chronicle, evidence: Evidence, reader: ObjectReader, *, processes: int
) -> Chronicle:
    """Return the facts that count a secret as there wherever its path spells it out, whether a rule matches or not.

    A rule may need a word beside the secret: when that word goes, the secret is still there. `evidence` takes in
    what is found so. Only paths where a secret seems to come or go beside such a text are looked at again.
    """
    secrets_of: dict[str, set[int]] = {}
    for change, secrets in _edges(chronicle, evidence):
        content = change.after if secrets & evidence.contents.get(change.before, frozenset()) else change.before
        if _spelled_out(reader.read(content), secrets, evidence):
            secrets_of.setdefault(change.path, set()).update(secrets)
    if not secrets_of:
        return chronicle
    chronicle = chronicles.with_paths(repository, chronicle, secrets_of, processes=processes)
    asked: dict[str, set[int]] = {}
    for changes in chronicle.facts.changes.values():
        for change in changes:
            for blob in {change.before, change.after} - {""} if change.path in secrets_of else ():
                asked.setdefault(blob, set()).update(secrets_of[change.path])
    evidence.add_contents({blob: _spelled_out(reader.read(blob), secrets, evidence) for blob, secrets in asked.items()})
    return chronicle


def _edges(chronicle: Chronicle, evidence: Evidence) -> Iterator[tuple[Change, frozenset[int]]]:
    """Yield the changes of a file in which some secrets, as matched, are on one side only; with these secrets."""
    nothing: frozenset[int] = frozenset()
    for changes in chronicle.facts.changes.values():
        for change in changes:
            if change.before and change.after:
                before, after = (evidence.contents.get(blob, nothing) for blob in (change.before, change.after))
                for secrets in filter(None, (before - after, after - before)):
                    yield change, secrets


def _held_before(chronicle: Chronicle, evidence: Evidence, reader: ObjectReader, search: Search) -> dict[str, set[int]]:
    """Return which secrets stood in the blobs that the commits of interest changed or deleted, plainly or encoded."""
    facts = chronicle.facts
    asked: dict[str, set[int]] = {}
    for number, changes in facts.changes.items():
        secrets = {secret for change in changes for secret in evidence.contents.get(change.after, ())}
        sides = [change for side in facts.sides.get(number, ()) for change in side]
        for blob in {change.before for change in (*changes, *sides)} - {""}:
            asked.setdefault(blob, set()).update(secrets)
    held = {blob: _spelled_out(reader.read(blob), secrets, evidence) for blob, secrets in asked.items()}
    left = {blob: secrets - held[blob] for blob, secrets in asked.items() if secrets - held[blob]}
    for found in search(left) if left else ():
        values = {match.secret.value for match in found.matches}
        blob = str(found.oid)
        held[blob].update(secret for secret in left[blob] if evidence.secrets[secret].value in values)
    return held


def _spelled_out(data: bytes | Skip, secrets: Iterable[int], evidence: Evidence) -> set[int]:
    if isinstance(data, Skip):
        return set()
    return {one for one in secrets if evidence.secrets[one].value.encode("utf-8", "surrogateescape") in data}
