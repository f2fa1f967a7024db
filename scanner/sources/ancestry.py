"""The commits of a repository, parents before children, and the names that keep them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scanner.attribution.facts import ABSENT, HEAD, Ref
from scanner.errors import GitError
from scanner.model import Skip
from scanner.sources import git
from scanner.sources.objects import ObjectReader

_LIST = ("rev-list", "--topo-order", "--reverse", "--parents")
_EVERYTHING = ("--all", "--reflog")
_MAX_TAGS = 100
"""Tags of tags of tags: deeper than any that a person makes."""


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Commits, parents before children, and their parents as object ids, whether these are there or not."""

    commits: tuple[str, ...]
    parents: tuple[tuple[str, ...], ...]
    is_whole: bool = True

    def numbered(self) -> list[tuple[int, ...]]:
        """Return the parents as numbers of commits, ABSENT for those that are not among them."""
        numbers = {commit: number for number, commit in enumerate(self.commits)}
        return [tuple(numbers.get(parent, ABSENT) for parent in parents) for parents in self.parents]

    def joined(self, later: Ancestry) -> Ancestry:
        """Return both, `later` after this one: no commit of this one has a parent in it."""
        return Ancestry(self.commits + later.commits, self.parents + later.parents, self.is_whole and later.is_whole)


def ancestry(repository: git.Repository, revisions: Sequence[str]) -> Ancestry:
    """Return the commits that `revisions` reach; all commits of the database if git cannot walk them.

    Git ends a walk at the first commit that is missing, so a damaged history is put together from what is there.
    """
    try:
        return _parsed(git.run(repository, *_LIST, *revisions, "--"))
    except GitError:
        return _from_database(repository)


def unreachable(repository: git.Repository) -> Ancestry:
    """Return the commits of the database that neither a ref nor a reflog reaches."""
    commits = b"".join(line + b"\n" for line in commit_ids(repository))
    try:
        return _parsed(git.run(repository, *_LIST, "--stdin", "--not", *_EVERYTHING, stdin=commits))
    except GitError:
        return Ancestry((), (), is_whole=False)


def _parsed(printed: bytes) -> Ancestry:
    rows = [line.split(" ") for line in printed.decode("ascii").splitlines()]
    return Ancestry(tuple(row[0] for row in rows), tuple(tuple(row[1:]) for row in rows))


def commit_ids(repository: git.Repository) -> Iterator[bytes]:
    """Yield the ids of all commits of the database, reachable or not."""
    check = "--batch-check=%(objecttype) %(objectname)"
    for line in git.lines(repository, "cat-file", "--batch-all-objects", "--buffer", check):
        if line.startswith(b"commit "):
            yield line[7:]


def _from_database(repository: git.Repository) -> Ancestry:
    parents: dict[str, tuple[str, ...]] = {}
    with ObjectReader(repository) as reader:
        for oid in commit_ids(repository):
            data = reader.read(oid.decode())
            if not isinstance(data, Skip):
                header = data.partition(b"\n\n")[0].split(b"\n")
                found = (line[7:].decode("ascii", "replace") for line in header if line.startswith(b"parent "))
                parents[oid.decode()] = tuple(found)
    commits = tuple(_sorted(parents))
    return Ancestry(commits, tuple(parents[commit] for commit in commits), is_whole=False)


def _sorted(parents: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield the commits, parents before children; of those that are free, the one found last, as git's order does."""
    children: dict[str, list[str]] = {}
    open_parents = {}
    for commit, its_parents in parents.items():
        known = {parent for parent in its_parents if parent in parents}
        open_parents[commit] = len(known)
        for parent in known:
            children.setdefault(parent, []).append(commit)
    ready = sorted((commit for commit, count in open_parents.items() if not count), reverse=True)
    while ready:
        commit = ready.pop()
        yield commit
        for child in sorted(children.get(commit, ()), reverse=True):
            open_parents[child] -= 1
            if not open_parents[child]:
                ready.append(child)


# --- names ---------------------------------------------------------------------------------------------


def refs(repository: git.Repository) -> tuple[Ref, ...]:
    """Return HEAD, if it names a commit, and all refs by name, with the commits behind their tags."""
    printed = git.run(repository, "for-each-ref", "--format=%(objectname) %(objecttype) %(refname)")
    found = []
    with ObjectReader(repository) as reader:
        for line in printed.split(b"\n"):
            oid, _, rest = line.decode("utf-8", "surrogateescape").partition(" ")
            kind, _, name = rest.partition(" ")
            if name:
                found.append(_peeled(reader, name, oid, kind))
    return (*_head(repository), *sorted(found, key=lambda ref: ref.name))


def _peeled(reader: ObjectReader, name: str, oid: str, kind: str) -> Ref:
    target = oid
    tags: list[str] = []
    while kind == "tag" and len(tags) < _MAX_TAGS:
        tags.append(target)
        data = reader.read(target)
        if isinstance(data, Skip):
            break
        fields = dict(line.split(" ", 1) for line in data.decode("utf-8", "replace").split("\n")[:2] if " " in line)
        target, kind = fields.get("object", ""), fields.get("type", "")
    return Ref(name, oid, target if kind == "commit" else None, target, tuple(tags))


def _head(repository: git.Repository) -> Iterable[Ref]:
    arguments = ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    oid = git.run(repository, *arguments, allowed=(0, 1, 128)).decode().strip()
    return (Ref(HEAD, oid, oid, oid),) if oid else ()
