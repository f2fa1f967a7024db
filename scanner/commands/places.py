"""What stands where in the newest state of the target: a folder, the index, or the last commit of a range."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from scanner.chunks import normalise
from scanner.commands.targets import Job
from scanner.errors import GitError
from scanner.model import Blob, Finding, Occurrence
from scanner.sources import files, git, trees
from scanner.sources.objects import ObjectReader


class Root(NamedTuple):
    """Where the paths of a report begin on disk, if they do, and the repository there, if there is one."""

    folder: str | None
    repository: git.Repository | None


def root_of(job: Job) -> Root:
    """Return the root of a job's paths: the work tree's, else the scanned folder; none for standard input."""
    if job.target.mode == "stdin":
        return Root(None, None)
    folder = job.target.location
    if not os.path.isdir(folder):
        folder = os.path.dirname(os.path.abspath(folder))
    repository = job.repository or (git.find_repository(folder) if files.has_git_above(folder) else None)
    if repository is not None:
        return Root(repository.work_tree, repository)
    return Root(folder, None)


def prefix_of(job: Job) -> str:
    """Return what the paths of all findings of a job begin with: the scanned folder inside its work tree."""
    folder = job.target.location
    if job.target.mode != "tree" or not files.has_git_above(folder):
        return ""
    repository = git.find_repository(folder)
    return repository.prefix if repository else ""


class Places:
    """Reads the newest state, file by file; a context manager, since a git process may stand behind it."""

    def __init__(self, job: Job, root: Root, *, max_blob_bytes: int) -> None:
        self._job, self._root, self._max_blob_bytes = job, root, max_blob_bytes
        self._reader = ObjectReader(root.repository) if root.repository else None
        self._oids: dict[str, str] | None = None
        self._cached: tuple[str, bytes | None] = "", None

    def __enter__(self) -> Places:
        return self

    def __exit__(self, *_: object) -> None:
        if self._reader is not None:
            self._reader.close()

    def is_gone(self, path: str, secret: str) -> bool:
        """Return whether the newest state holds no `secret` at `path`; a file that cannot be read is not gone."""
        data = self.read(path)
        return data is not None and secret.encode("utf-8", "surrogateescape") not in data

    def read(self, path: str) -> bytes | None:
        """Return the newest content of a path in the form that was searched, empty if there is none.

        None if it cannot be told: too large, unreadable, or not inside of the target.
        """
        if self._cached[0] != path:
            self._cached = path, self._read(path)
        return self._cached[1]

    def text_of(self, one: Occurrence) -> bytes | None:
        """Return the text in which an occurrence stands, in the form that was searched, or None."""
        if self._job.data is not None:
            return normalise(self._job.data)
        if one.provenance.path.startswith("<") or "!" in one.provenance.path:
            return None
        return self.read_blob(one.blob_oid) if one.blob_oid else self.read(one.provenance.path)

    def read_blob(self, oid: str) -> bytes | None:
        """Return the content of a blob in the form that was searched, or None."""
        data = self._reader.read(oid) if self._reader else None
        return normalise(data) if isinstance(data, bytes) else None

    def _read(self, path: str) -> bytes | None:
        if self._job.repository is None:
            return self._read_file(path)
        oid = self._listing().get(path)
        if oid is None and any(outer in self._listing() for outer in _containers(path)):
            return None
        return b"" if oid is None else self.read_blob(oid)

    def _read_file(self, path: str) -> bytes | None:
        if self._root.folder is None or os.path.isabs(path) or ".." in path.split("/") or path.startswith("<"):
            return None
        location = os.path.join(self._root.folder, path)
        if not os.path.lexists(location):
            is_member = any(os.path.lexists(os.path.join(self._root.folder, outer)) for outer in _containers(path))
            return None if is_member else b""
        blob = files.read_file(files.FileEntry(location, path, 0), max_bytes=self._max_blob_bytes)
        return normalise(blob.data) if isinstance(blob, Blob) else None

    def _listing(self) -> Mapping[str, str]:
        if self._oids is None:
            self._oids = _newest_files(self._job)
        return self._oids

    def departures(self, findings: Sequence[Finding]) -> dict[int, Collection[str]]:
        """Return the paths from which the commit that brought in a finding took its secret away, by index."""
        by_commit: dict[str, list[int]] = defaultdict(list)
        for index, finding in enumerate(findings):
            if finding.provenance.commit:
                by_commit[finding.provenance.commit].append(index)
        out: dict[int, Collection[str]] = {}
        if self._job.repository is None or not by_commit:
            return out
        for change in trees.changes_of(self._job.repository, sorted(by_commit)).found:
            for index in by_commit[change.commit] if change.before else ():
                secret = findings[index].secret.value.encode("utf-8", "surrogateescape")
                if change.path != findings[index].provenance.path and self._was_taken(secret, change):
                    out[index] = {*out.get(index, ()), change.path}
        return out

    def _was_taken(self, secret: bytes, change: trees.Change) -> bool:
        before = self.read_blob(change.before)
        if before is None or secret not in before:
            return False
        after = self.read_blob(change.after) if change.after else b""
        return after is not None and secret not in after


def _containers(path: str) -> Iterator[str]:
    """Yield the files of which `outer.zip!inner/path` may be a member."""
    at = path.find("!")
    while at >= 0:
        yield path[:at]
        at = path.find("!", at + 1)


def _newest_files(job: Job) -> dict[str, str]:
    if job.repository is None:
        return {}
    if job.before is not None:
        return trees.files_in_index(job.repository)
    newest = job.target.revision or "HEAD"
    try:
        return trees.files_at(job.repository, newest)
    except GitError:
        # A repository whose HEAD is not born yet holds no files.
        return {}
