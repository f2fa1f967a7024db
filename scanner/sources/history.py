"""The whole history: every blob once, where it first appeared, and what the database does not hold."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from scanner.errors import GitError
from scanner.model import Provenance, Skip, SkipReason
from scanner.sources import git
from scanner.sources.commits import headers
from scanner.sources.objects import ObjectEntry, ObjectReader, all_objects, objects_of

EVERYTHING = ("--all", "--reflog")
UNREACHABLE = "<unreachable blob>"
_LIST = ("rev-list", "--objects", "--in-commit-order", "--topo-order", "--reverse", "--missing=allow-any")


class Place(NamedTuple):
    """Where a blob appeared: `order` counts commits from the oldest; `before` are the blobs it took the place of.

    `before` is empty for a new file, and holds one blob per parent that had the file.
    """

    provenance: Provenance
    order: int
    before: tuple[str, ...] = ()


def history_entries(repository: git.Repository) -> Iterator[ObjectEntry | Skip]:
    """Yield every blob, commit and tag of the object database, reachable or not."""
    return all_objects(repository)


# --- ranges ------------------------------------------------------------------------------------------


def range_revisions(repository: git.Repository, *, since: str, until: str) -> tuple[str, str]:
    """Return the revisions that mean "in `until`, not in `since`"; raises GitError for a range that is none.

    The ends must be commits, different, related, and in this order: an empty range would look clean.
    """
    old, new = git.resolve_commit(repository, since), git.resolve_commit(repository, until)
    if old == new:
        raise GitError(f"the range {since}..{until} is empty: both ends are commit {old[:12]}")
    base = git.run(repository, "merge-base", old, new, allowed=(0, 1)).decode().strip()
    if not base:
        raise GitError(f"{since} and {until} have no common commit: not a range")
    if base == new:
        raise GitError(f"the range {since}..{until} is reversed: {until} is an ancestor of {since}")
    return new, f"^{old}"


def range_entries(repository: git.Repository, revisions: Sequence[str]) -> Iterator[ObjectEntry | Skip]:
    """Yield the blobs, commits and tags that the commits of the range brought in."""
    printed = git.run(repository, "rev-list", "--objects", "--missing=print", *revisions, "--")
    oids = [line.split(b" ")[0].decode() for line in printed.splitlines()]
    yield from (Skip(SkipReason.MISSING_OBJECT, oid[1:]) for oid in oids if oid.startswith("?"))
    yield from objects_of(repository, [oid for oid in oids if not oid.startswith("?")])


# --- what is missing ---------------------------------------------------------------------------------


def start_connectivity_check(repository: git.Repository) -> subprocess.Popen[bytes]:
    """Return a running git that ends with 0 if every object that history refers to is there."""
    return subprocess.Popen(
        git.command(repository, ["rev-list", "--objects", "--quiet", *EVERYTHING, "--"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=git.environment(),
    )


def missing_objects(repository: git.Repository) -> Iterator[Skip]:
    """Yield a skip for each object that history refers to and the database lacks."""
    reason = SkipReason.PARTIAL_CLONE if is_partial(repository) else SkipReason.MISSING_OBJECT
    try:
        for line in git.lines(repository, "rev-list", "--objects", "--missing=print", *EVERYTHING, "--"):
            if line.startswith(b"?"):
                yield Skip(reason, line[1:].decode())
    except GitError as error:
        yield Skip(SkipReason.GIT_FAILED, "history", str(error))


def boundary_skips(repository: git.Repository) -> Iterator[Skip]:
    """Yield a skip for each commit behind which a shallow clone was cut off."""
    with suppress(FileNotFoundError), open(os.path.join(repository.common_dir, "shallow"), "rb") as stream:
        for line in stream:
            yield Skip(SkipReason.SHALLOW_BOUNDARY, line.decode("ascii", "replace").strip())


def is_partial(repository: git.Repository) -> bool:
    """Return whether the repository is a partial clone: a pack of it promises objects that it lacks."""
    folder = os.path.join(repository.common_dir, "objects", "pack")
    try:
        return any(name.endswith(".promisor") for name in os.listdir(folder))
    except OSError:
        return False


# --- where a blob first appeared ---------------------------------------------------------------------


def places_of(
    repository: git.Repository, oids: Iterable[str], *, revisions: Sequence[str] = EVERYTHING
) -> dict[str, list[Place]]:
    """Return where each of the blobs first appeared: its paths in the oldest commit that has it.

    A blob that no revision reaches is looked for in unreachable commits, in the index, and else has no path.
    """
    wanted = set(oids)
    if not wanted:
        return {}
    first = _first_commits(repository, wanted, [*revisions, "--"])
    places = _exact_places(repository, first)
    if revisions == EVERYTHING and (left := wanted - set(places)):
        first = _first_commits(repository, left, ["--stdin", "--not", *EVERYTHING], stdin=_commit_lines(repository))
        places.update(_exact_places(repository, first))
        places.update(_index_places(repository, wanted - set(places)))
        for oid in wanted - set(places):
            places[oid] = [Place(Provenance(UNREACHABLE), _LAST)]
    return places


_LAST = 1 << 60


class _First(NamedTuple):
    commit: str | None
    order: int
    path: str


def _first_commits(
    repository: git.Repository, wanted: set[str], revisions: Sequence[str], *, stdin: bytes = b""
) -> dict[str, _First]:
    """Return the first commit that has each blob, and a path as `rev-list` prints it: cut at a line feed."""
    first: dict[str, _First] = {}
    commit, order = None, 0
    keys = {oid.encode(): oid for oid in wanted}
    for line in git.lines(repository, *_LIST, *revisions, stdin=stdin):
        oid, is_object, path = line.partition(b" ")
        if not is_object:
            commit, order = line.decode(), order + 1
        if oid in keys and keys[oid] not in first:
            first[keys[oid]] = _First(commit, order, os.fsdecode(path))
            if len(first) == len(keys):
                break
    return first


def _exact_places(repository: git.Repository, first: Mapping[str, _First]) -> dict[str, list[Place]]:
    """Return the places of blobs in their first commits, from tree differences: any byte in a path is right."""
    commits = sorted({f.commit for f in first.values() if f.commit})
    origins = _origins(repository, commits)
    places: dict[str, dict[str, Place]] = {}
    for commit, old, new, path in _changes(repository, commits):
        known = first.get(new)
        if known is None or known.commit != commit:
            continue
        here = places.setdefault(new, {})
        before = here[path].before if path in here else ()
        here[path] = Place(origins[commit].at(path), known.order, before + ((old,) if old else ()))
    out = {oid: list(by_path.values()) for oid, by_path in places.items()}
    for oid, (owner, order, path) in first.items():
        if oid not in out:
            source = origins[owner].at(path) if owner else Provenance(path or "<tagged blob>")
            out[oid] = [Place(source, order)]
    return out


def _changes(repository: git.Repository, commits: Sequence[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (commit, old blob or empty, new blob, path) for each file that a commit changed against a parent."""
    arguments = ("diff-tree", "--stdin", "-r", "-z", "-m", "--root", "--no-renames", "--no-ext-diff", "--raw")
    printed = git.run(repository, *arguments, stdin="".join(f"{c}\n" for c in commits).encode(), allowed=(0, 128))
    fields = iter(printed.split(b"\0"))
    commit = ""
    for field in fields:
        if field.startswith(b":"):
            _, _, old, new, _ = field.split(b" ")
            yield commit, "" if not old.strip(b"0") else old.decode(), new.decode(), os.fsdecode(next(fields))
        elif field:
            commit = field.strip().decode()


class _Origin(NamedTuple):
    """The provenance of a commit, still without a path."""

    provenance: Provenance

    def at(self, path: str) -> Provenance:
        p = self.provenance
        return Provenance(path, p.commit, p.author, p.committer)


def _origins(repository: git.Repository, commits: Iterable[str]) -> dict[str, _Origin]:
    with ObjectReader(repository) as reader:
        return {commit: _Origin(text_provenance(reader, commit, path="")) for commit in commits}


def text_provenance(reader: ObjectReader, oid: str, *, path: str) -> Provenance:
    """Return the provenance of a commit's or tag's own text; a tag's commit is the one that it names."""
    data = reader.read(oid)
    if isinstance(data, Skip):
        return Provenance(path, oid)
    known = headers(data)
    is_tag = data.startswith(b"object ")
    return Provenance(path, known.target if is_tag else oid, known.author, known.committer)


def _commit_lines(repository: git.Repository) -> bytes:
    """Return the ids of all commits of the database, one a line."""
    arguments = (
        "cat-file",
        "--batch-all-objects",
        "--unordered",
        "--buffer",
        "--batch-check=%(objecttype) %(objectname)",
    )
    lines = (line[7:] for line in git.lines(repository, *arguments) if line.startswith(b"commit "))
    return b"".join(line + b"\n" for line in lines)


def _index_places(repository: git.Repository, oids: set[str]) -> dict[str, list[Place]]:
    """Return the places of blobs that only the index knows."""
    places: dict[str, list[Place]] = {}
    if not oids:
        return places
    with suppress(GitError):
        for record in git.run(repository, "ls-files", "-z", "--stage").split(b"\0"):
            fields, _, path = record.partition(b"\t")
            oid = fields.split(b" ")[1].decode() if path else ""
            if oid in oids:
                places.setdefault(oid, []).append(Place(Provenance(os.fsdecode(path)), _LAST))
    return places
