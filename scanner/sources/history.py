"""The whole history: every blob once, and what the database does not hold."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from scanner.errors import GitError
from scanner.model import Provenance, Skip, SkipReason
from scanner.sources import git
from scanner.sources.commits import headers
from scanner.sources.objects import ObjectEntry, ObjectReader, all_objects, objects_of
from scanner.sources.trees import changes_of

EVERYTHING = ("--all", "--reflog")


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
    """Yield the blobs, commits and tags that the commits of the range brought in.

    A blob that existed before the range, and stands at a place where it did not stand, is brought in too: a copy into
    another file, or a file that was removed once and is back. `rev-list --objects` does not name it.
    """
    printed = git.run(repository, "rev-list", "--objects", "--missing=print", *revisions, "--").splitlines()
    oids = [line.split(b" ")[0].decode() for line in printed]
    listed = set(oids)
    commits = [line.decode() for line in printed if b" " not in line and not line.startswith(b"?")]
    changes = changes_of(repository, commits)
    back = {change.after for change in changes.found} - listed - {""}
    if changes.failure:
        yield Skip(SkipReason.GIT_FAILED, "what the commits of the range copied or brought back", changes.failure)
    yield from (Skip(SkipReason.MISSING_OBJECT, oid[1:]) for oid in oids if oid.startswith("?"))
    yield from objects_of(repository, [oid for oid in oids if not oid.startswith("?")] + sorted(back))


# --- what is missing ---------------------------------------------------------------------------------


def start_connectivity_check(repository: git.Repository) -> subprocess.Popen[bytes]:
    """Return a running git that ends with 0 if every object that history refers to is there."""
    return git.bounded(
        subprocess.Popen(
            git.command(repository, ["rev-list", "--objects", "--quiet", *EVERYTHING, "--"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=git.environment(),
        ),
        max_bytes=git.most_memory(),
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


# --- where texts and staged files come from ----------------------------------------------------------


def text_provenance(reader: ObjectReader, oid: str, *, path: str) -> Provenance:
    """Return the provenance of a commit's or tag's own text; a tag's commit is the one that it names."""
    data = reader.read(oid)
    if isinstance(data, Skip):
        return Provenance(path, oid)
    known = headers(data)
    is_tag = data.startswith(b"object ")
    return Provenance(path, known.target if is_tag else oid, known.author, known.committer)


def index_places(repository: git.Repository, oids: Collection[str]) -> dict[str, list[str]]:
    """Return the paths at which the index has each of the blobs; nothing if there is no index to read."""
    places: dict[str, list[str]] = {}
    if not oids:
        return places
    with suppress(GitError):
        for record in git.run(repository, "ls-files", "-z", "--stage").split(b"\0"):
            fields, _, path = record.partition(b"\t")
            oid = fields.split(b" ")[1].decode() if path else ""
            if oid in oids:
                places.setdefault(oid, []).append(os.fsdecode(path))
    return places
