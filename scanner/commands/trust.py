"""What counts when a change is judged: decisions, configuration and rules as they stand at a trusted revision."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from types import TracebackType

from scanner.chunks import normalise
from scanner.errors import UsageError
from scanner.model import Finding, Rule
from scanner.sources import files, git, trees
from scanner.sources.objects import ObjectReader
from scanner.suppress import marks_for, marks_in

MAX_RENAMED = 1_000
"""Files that a change took away and that may be the old place of a marked secret; more are not looked through."""


class Trusted:
    """The tree of a trusted commit; a context manager, since git and a temporary folder stand behind it."""

    def __init__(self, repository: git.Repository, revision: str) -> None:
        self.revision = revision
        self.commit = git.resolve_commit(repository, revision)
        self._files = trees.files_at(repository, self.commit)
        self._top = repository.work_tree
        self._reader = ObjectReader(repository)
        self._folder: str | None = None
        self.notes: list[str] = []

    def __enter__(self) -> Trusted:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # --- files ---

    def path_inside(self, location: str) -> str | None:
        """Return the path in the repository of a place on disk, or None if it lies outside and so is trusted."""
        if self._top is None:
            return None
        top, folder = os.path.realpath(self._top), os.path.realpath(os.path.dirname(os.path.abspath(location)))
        inside = os.path.relpath(os.path.join(folder, os.path.basename(os.path.abspath(location))), top)
        return None if inside.startswith(os.pardir) else inside.replace(os.sep, "/")

    def read(self, path: str) -> bytes | None:
        """Return the content of a file of the trusted tree, or None if there is no plain file of that path."""
        oid = self._files.get(path)
        data = self._reader.read(oid) if oid else None
        return data if isinstance(data, bytes) else None

    def export(self, location: str) -> str | None:
        """Return where the trusted content of a file or folder on disk can be read, or None if there was none.

        What lies outside of the repository is where it is. A difference to what the change leaves is noted down.
        """
        path = self.path_inside(location)
        return location if path is None else self.export_path(path, location)

    def export_path(self, path: str, location: str | None = None) -> str | None:
        """Return where the trusted file or folder `path` can be read, or None if there is none."""
        prefix = "" if path == "." else f"{path}/"
        names = [path] if path in self._files else [name for name in self._files if name.startswith(prefix)]
        if location is not None:
            self._note_difference(path, location, names)
        for name in names:
            self._write(name)
        return os.path.join(self._exports(), path) if names else None

    def export_again(self, exported: str) -> str | None:
        """Return the same for a path that a file of the trusted tree named beside itself."""
        if self._folder is None or not exported.startswith(self._folder + os.sep):
            return self.export(exported)
        path = os.path.relpath(exported, self._folder).replace(os.sep, "/")
        if path.startswith(os.pardir):
            raise UsageError(f"{self.revision}: the configuration names rules outside of the repository")
        return self.export_path(path, os.path.join(self._top, path) if self._top else None)

    def _exports(self) -> str:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="leaksweep-trusted-")
        return self._folder

    def _write(self, name: str) -> None:
        target = os.path.join(self._exports(), name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as stream:
            stream.write(self.read(name) or b"")

    def _note_difference(self, path: str, location: str, names: Sequence[str]) -> None:
        now = {path: location}
        if os.path.isdir(location):
            now = {f"{path}/{name}": os.path.join(location, name) for name in os.listdir(location)}
        changed = sorted({name for name in {*names, *now} if self.read(name) != _content(now.get(name))})
        self.notes += [self.told_difference(name) for name in changed]

    def differs(self, path: str, location: str) -> bool:
        """Return whether the file at `location` is another one than the trusted one at `path`."""
        return self.read(path) != _content(location)

    def told_difference(self, path: str) -> str:
        """Return the sentence that tells that a file was changed, and that the change does not count yet."""
        return f"{path}: counts as it stands at {self.revision}, not as this change leaves it"

    def named(self, text: str) -> str:
        """Return an error's text with the trusted revision in the place of the temporary folder."""
        return text.replace(f"{self._folder}{os.sep}", f"{self.revision}:") if self._folder else text

    # --- marks ---

    def has_mark(self, finding: Finding, rule: Rule, lines: Sequence[str]) -> bool:
        """Return whether the secret had a mark in its file, or in one that the change took away, at that commit."""
        own = self.read(finding.provenance.path)
        texts = [own] if own is not None else self._renamed(finding)
        return any(_is_marked(normalise(data), finding, rule, lines) for data in texts)

    def _renamed(self, finding: Finding) -> list[bytes]:
        needle = finding.secret.value.encode("utf-8", "surrogateescape")
        gone = [path for path in self._files if self._top and not os.path.lexists(os.path.join(self._top, path))]
        found = (self.read(path) for path in gone[:MAX_RENAMED])
        return [data for data in found if data is not None and needle in data]


def _content(location: str | None) -> bytes | None:
    if location is None or not os.path.lexists(location):
        return None
    blob = files.read_file(files.FileEntry(location, location, 0), max_bytes=1 << 30)
    return getattr(blob, "data", None)


def _is_marked(data: bytes, finding: Finding, rule: Rule, lines: Sequence[str]) -> bool:
    marks = marks_in(data)
    if not marks:
        return False
    value = finding.secret.value.encode("utf-8", "surrogateescape")
    if value not in data:
        # A secret that was decoded stands otherwise in the text: then all the lines must be there as they are.
        known = set(data.decode("utf-8", "surrogateescape").split("\n"))
        return all(line in known for line in lines)
    first, last, at = 1, 0, data.find(value)
    while at >= 0:
        first += data.count(b"\n", last, at)
        last = at
        if marks_for(marks, first, first + value.count(b"\n"), finding.secret.value, rule):
            return True
        at = data.find(value, at + 1)
    return False


def trusted_at(folder: str, revision: str | None) -> Trusted | None:
    """Return the trusted tree of the repository that holds `folder`, or None if no revision is named.

    Raises GitError for an unknown revision, UsageError where there is no repository.
    """
    if revision is None:
        return None
    place = folder if os.path.isdir(folder) else os.path.dirname(os.path.abspath(folder))
    repository = git.find_repository(place)
    if repository is None:
        raise UsageError(f"--trust-ref {revision}: {folder} is in no repository")
    return Trusted(repository, revision)
