"""What a sweep remembers, in SQLite (WAL): written by one process, whole at every moment, without any secret."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Any

from scanner.errors import StoreError
from scanner.model import Skip
from scanner.sweep.values import FoundSecret, Known, Outcome, SweepTarget

SCHEMA_VERSION = 1

KEY_VARIABLE = "LEAKSWEEP_SWEEP_KEY"
"""Names a key for a new store, so that the clusters of several stores can be compared."""

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE repositories (
  id TEXT PRIMARY KEY, location TEXT NOT NULL, is_remote INTEGER NOT NULL,
  sweep TEXT NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0,
  is_complete INTEGER NOT NULL DEFAULT 0, document BLOB NOT NULL DEFAULT x'',
  read_blobs INTEGER NOT NULL DEFAULT 0, read_bytes INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
  state TEXT, rules_digest TEXT, seen BLOB, matched TEXT, skips TEXT
) WITHOUT ROWID;
CREATE TABLE findings (
  repository TEXT NOT NULL REFERENCES repositories (id) ON DELETE CASCADE, fingerprint TEXT NOT NULL,
  cluster TEXT NOT NULL, rule_id TEXT NOT NULL, severity TEXT NOT NULL, path TEXT NOT NULL, state TEXT NOT NULL,
  introduced_s INTEGER, exposure_days INTEGER
);
CREATE INDEX findings_of ON findings (repository);
CREATE INDEX findings_in ON findings (cluster);
"""


class Store:
    """One store, held by one sweep at a time; a context manager. Raises StoreError for what SQLite cannot do."""

    def __init__(self, path: str, *, is_shared: bool = False) -> None:
        """Open or make the store at `path`; with `is_shared` only to read it, beside a sweep that may run."""
        self.path = path
        self._lock: IO[bytes] | None = None
        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
            if is_shared and not os.path.exists(path):
                raise StoreError(f"{path}: no such store: no sweep has made it yet")
            if not is_shared:
                self._lock = _locked(path)
            self._db = _opened(path)
        except (OSError, sqlite3.Error) as error:
            self._unlock()
            raise StoreError(f"{path}: {error}") from error
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the store and let others have it."""
        self._db.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _check(self) -> None:
        try:
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                self._create()
            elif version != SCHEMA_VERSION:
                raise StoreError(f"{self.path}: a store of version {version}; this leaksweep knows {SCHEMA_VERSION}")
        except sqlite3.Error as error:
            raise StoreError(f"{self.path}: {error}") from error

    def _create(self) -> None:
        own = os.environ.get(KEY_VARIABLE)
        with self._db:
            self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
            self._put("key", hashlib.sha256(own.encode()).digest() if own else secrets.token_bytes(32))

    @property
    def lock(self) -> int:
        """Return the descriptor of the lock: as long as any process holds it, no other sweep can have the store."""
        return self._lock.fileno() if self._lock is not None else -1

    # --- the sweep -----------------------------------------------------------------------------------

    @property
    def key(self) -> bytes:
        """Return the key of this store's clusters: random, made with the store, never printed."""
        return bytes(self._get("key") or b"")

    def begin(self, targets: Sequence[SweepTarget], *, now_s: int, gaps: Sequence[Skip] = ()) -> str:
        """Return the id of the sweep over `targets`: of the one that broke off, if it was over the same.

        `now_s`, seconds since the epoch, is the time up to which exposures run, if this is a new sweep. `gaps` are the
        folders in which no repositories could be searched.
        """
        listed = json.dumps([[t.id, t.location, t.is_remote] for t in sorted(targets)]).encode()
        with self._writing():
            self._put(
                "gaps", json.dumps([{"what": gap.what, "cause": gap.detail or gap.reason} for gap in gaps]).encode()
            )
        if self._get("open") == b"1" and self._get("targets") == listed:
            return (self._get("sweep") or b"").decode()
        sweep = secrets.token_hex(6)
        with self._writing():
            for name, value in (
                ("sweep", sweep.encode()),
                ("targets", listed),
                ("open", b"1"),
                ("now_s", b"%d" % now_s),
            ):
                self._put(name, value)
        write_holder(self._lock, sweep)
        return sweep

    def end(self) -> None:
        """Mark the sweep as run to its end."""
        with self._writing():
            self._put("open", b"0")

    def done_in(self, sweep: str) -> set[str]:
        """Return the ids of the repositories that `sweep` has finished, well or not."""
        rows = self._db.execute("SELECT id FROM repositories WHERE sweep = ?", (sweep,))
        return {_loaded(row[0]) for row in rows}

    def states(self, rules_digest: str) -> dict[str, str]:
        """Return, by id, the state of each repository that was read well and to its end under these rules."""
        rows = self._db.execute(
            "SELECT id, state FROM repositories WHERE rules_digest = ? AND seen IS NOT NULL",
            (rules_digest,),
        )
        return {_loaded(row[0]): row[1] for row in rows}

    def known(self, target_id: str) -> Known | None:
        """Return what is known of a repository, or None if it must be read from its beginning."""
        row = self._db.execute(
            "SELECT state, rules_digest, seen, matched, skips FROM repositories WHERE id = ? AND seen IS NOT NULL",
            (_stored(target_id),),
        ).fetchone()
        if row is None:
            return None
        skips = tuple((reason, what, detail) for reason, what, detail in json.loads(row[4]))
        return Known(row[0], row[1], row[2], tuple(json.loads(row[3])), skips)

    def save(self, target: SweepTarget, outcome: Outcome, *, sweep: str) -> None:
        """Write all of one repository's outcome at once."""
        with self._writing():
            if outcome.status == "unchanged":
                self._db.execute(
                    "UPDATE repositories SET sweep = ?, status = 'read', error = '', attempts = 0 WHERE id = ?",
                    (sweep, _stored(target.id)),
                )
            elif outcome.status == "failed":
                self._save_failure(target, outcome, sweep)
            else:
                self._save_reading(target, outcome, sweep)

    def _save_failure(self, target: SweepTarget, outcome: Outcome, sweep: str) -> None:
        """Keep what an earlier sweep found: a repository that cannot be read today has not become clean."""
        self._db.execute(
            "INSERT INTO repositories (id, location, is_remote, sweep, status, error, attempts) VALUES (?,?,?,?,?,?,1)"
            " ON CONFLICT (id) DO UPDATE SET sweep = excluded.sweep, status = 'failed', error = excluded.error,"
            " location = excluded.location, attempts = attempts + 1",
            (_stored(target.id), _stored(target.location), target.is_remote, sweep, "failed", outcome.error),
        )

    def _save_reading(self, target: SweepTarget, outcome: Outcome, sweep: str) -> None:
        known = outcome.known
        remembered = (
            (known.state, known.rules_digest, known.seen, json.dumps(known.matched), json.dumps(known.skips))
            if known
            else (None,) * 5
        )
        values = (
            *(
                _stored(target.id),
                _stored(target.location),
                target.is_remote,
                sweep,
                outcome.error,
                outcome.is_complete,
            ),
            *(outcome.document, outcome.read_blobs, outcome.read_bytes, outcome.seconds, *remembered),
        )
        self._db.execute(
            "INSERT OR REPLACE INTO repositories (id, location, is_remote, sweep, status, error, attempts, is_complete,"
            " document, read_blobs, read_bytes, seconds, state, rules_digest, seen, matched, skips)"
            " VALUES (?,?,?,?,'read',?,0,?,?,?,?,?,?,?,?,?,?)",
            values,
        )
        self._db.execute("DELETE FROM findings WHERE repository = ?", (_stored(target.id),))
        self._db.executemany(
            "INSERT INTO findings VALUES (?,?,?,?,?,?,?,?,?)",
            [tuple(map(_stored, (target.id, *found))) for found in outcome.found],
        )

    # --- reading -------------------------------------------------------------------------------------

    def repositories(self) -> Iterator[dict[str, Any]]:
        """Yield a row for each repository, by id: everything but its document and object ids."""
        rows = self._db.execute(
            "SELECT id, location, is_remote, sweep, status, error, attempts, is_complete, read_blobs, read_bytes,"
            " seconds, rules_digest FROM repositories ORDER BY id"
        )
        for row in rows:
            yield {name: _loaded(row[name]) for name in row.keys()}  # noqa: SIM118 - a row is no mapping

    def document(self, target_id: str) -> bytes:
        """Return the JSON report of a repository, or empty bytes if it was never read."""
        row = self._db.execute("SELECT document FROM repositories WHERE id = ?", (_stored(target_id),)).fetchone()
        return bytes(row[0]) if row else b""

    @property
    def now_s(self) -> int:
        """Return the time up to which exposures run, in seconds since the epoch: that of the last sweep's beginning."""
        return int(self._get("now_s") or 0)

    def findings(self) -> Iterator[tuple[str, FoundSecret]]:
        """Yield each finding with its repository, in a fixed order; open exposures run up to `now_s`."""
        now_s = self.now_s
        rows = self._db.execute(
            "SELECT repository, fingerprint, cluster, rule_id, severity, path, state, introduced_s, exposure_days"
            " FROM findings ORDER BY repository, path, rule_id, fingerprint"
        )
        for row in rows:
            owner, *values = map(_loaded, row)
            yield owner, FoundSecret(*values).aged(now_s)

    def sweep_state(self) -> tuple[str, bool]:
        """Return the id of the last sweep, and whether it has not come to its end."""
        return (self._get("sweep") or b"").decode(), self._get("open") == b"1"

    @property
    def gaps(self) -> list[dict[str, str]]:
        """Return the folders that the last sweep could not search for repositories, each with its cause."""
        return list(json.loads(self._get("gaps") or b"[]"))

    def forget(self, target_ids: Sequence[str]) -> int:
        """Remove repositories and all that is known of them; return how many there were."""
        with self._writing():
            marks = [(_stored(target_id),) for target_id in target_ids]
            self._db.executemany("DELETE FROM findings WHERE repository = ?", marks)
            return self._db.executemany("DELETE FROM repositories WHERE id = ?", marks).rowcount

    # --- SQLite --------------------------------------------------------------------------------------

    def _writing(self) -> _Transaction:
        return _Transaction(self._db, self.path)

    def _get(self, name: str) -> bytes | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def _put(self, name: str, value: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


class _Transaction:
    """All or nothing; a full disk becomes a StoreError that names the store."""

    def __init__(self, db: sqlite3.Connection, path: str) -> None:
        self._db, self._path = db, path

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._db.execute("ROLLBACK" if kind else "COMMIT")
        except sqlite3.Error as failure:
            raise StoreError(f"{self._path}: {failure}") from failure
        if isinstance(error, sqlite3.Error):
            raise StoreError(f"{self._path}: {error}") from error


def _stored(value: Any) -> Any:
    """Return a value as SQLite takes it: a text that holds bytes of a path which are no UTF-8 becomes these bytes."""
    if isinstance(value, str) and not value.isascii():
        raw = value.encode("utf-8", "surrogateescape")
        return value if raw.decode("utf-8", "replace") == value else raw
    return value


def _loaded(value: Any) -> Any:
    """Return what was given to `_stored`; only for columns of texts and numbers."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _opened(path: str) -> sqlite3.Connection:
    # 0600: paths and fingerprints are nobody else's business, and the key of the clusters is in here.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = sqlite3.connect(path, timeout=30.0, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA foreign_keys = ON")
    return db


def _locked(path: str) -> IO[bytes]:
    """Return the open lock file of a store; raises StoreError with the id of the sweep that holds it."""
    stream = open(f"{path}.lock", "a+b")  # noqa: SIM115 - it stays open as long as the store
    try:
        _lock_file(stream)
    except OSError:
        stream.seek(0)
        holder = stream.read(64).decode("ascii", "replace").strip() or "another sweep"
        stream.close()
        raise StoreError(f"{path}: sweep {holder} is running on this store") from None
    return stream


def _lock_file(stream: IO[bytes]) -> None:
    """Lock a file for this process; the system lets go of it when the process ends, however it ends."""
    if os.name == "nt":
        import msvcrt

        stream.seek(1 << 20)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_holder(stream: IO[bytes] | None, sweep: str) -> None:
    """Write the id of the sweep into its lock file, for the one that is refused to tell."""
    if stream is not None:
        stream.seek(0)
        stream.truncate()
        stream.write(sweep.encode())
        stream.flush()
