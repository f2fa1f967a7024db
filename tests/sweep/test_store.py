"""The store: one sweep at a time, whole at every moment, nothing secret in it."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import StoreError
from scanner.sweep.object_ids import pack_names, unpack_names
from scanner.sweep.store import Store
from scanner.sweep.values import FoundSecret, Known, Outcome, SweepTarget

TARGET = SweepTarget("a", "/a")
FOUND = FoundSecret("f", "c", "rule", "high", "p", "in HEAD", 5, 7)
READ = Outcome("a", "read", document=b"{}", known=Known("s", "d", b"x", ("m",), (("r", "w", ""),)), found=(FOUND,))


@given(st.sets(st.binary(min_size=20, max_size=20)))
def test_object_ids_come_back(names: set[bytes]) -> None:
    assert unpack_names(pack_names(names, width=20)) == names


def test_what_was_saved_is_known(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with Store(path) as store:
        key = store.key
        sweep = store.begin([TARGET], now_s=5 + 7 * 86_400)
        store.save(TARGET, READ, sweep=sweep)
    with Store(path) as store:
        assert (store.key, store.begin([TARGET], now_s=5 + 7 * 86_400), store.done_in(sweep)) == (key, sweep, {"a"})
        assert store.known("a") == READ.known
        assert list(store.findings()) == [("a", FOUND)]
        store.end()
        assert store.begin([TARGET], now_s=5 + 7 * 86_400) != sweep
        assert store.forget(["a", "b"]) == 1
        assert (list(store.findings()), store.known("a")) == ([], None)
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600


def test_a_failure_keeps_what_was_found_before(tmp_path: Path) -> None:
    with Store(str(tmp_path / "s")) as store:
        store.begin([TARGET], now_s=5 + 7 * 86_400)
        store.save(TARGET, READ, sweep="1")
        store.save(TARGET, Outcome("a", "failed", "gone"), sweep="2")
        row = next(store.repositories())
        assert (row["status"], row["error"], row["attempts"]) == ("failed", "gone", 1)
        assert list(store.findings()) == [("a", FOUND)]
        store.save(TARGET, Outcome("a", "unchanged"), sweep="3")
        assert next(store.repositories())["sweep"] == "3"


def test_a_second_sweep_is_refused_with_the_first_ones_id(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with Store(path) as store:
        sweep = store.begin([TARGET], now_s=5 + 7 * 86_400)
        with pytest.raises(StoreError, match=sweep):
            Store(path)
        with Store(path, is_shared=True) as reader:
            assert reader.sweep_state() == (sweep, True)


def test_a_store_of_another_version_or_no_store_is_an_error(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    Store(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="version 99"):
        Store(path)
    (tmp_path / "text").write_text("no database " * 100)
    with pytest.raises(StoreError):
        Store(str(tmp_path / "text"))
    with pytest.raises(StoreError, match="no such store"):
        Store(str(tmp_path / "none"), is_shared=True)


def test_an_exposure_that_goes_on_runs_up_to_the_last_sweep(tmp_path: Path) -> None:
    with Store(str(tmp_path / "s")) as store:
        sweep = store.begin([TARGET], now_s=5 + 7 * 86_400)
        removed = FOUND._replace(state="removed, still in history")
        store.save(TARGET, replace(READ, found=(FOUND, removed)), sweep=sweep)
        store.end()
        store.save(TARGET, Outcome("a", "unchanged"), sweep=store.begin([TARGET], now_s=5 + 9 * 86_400))
        assert sorted(found.exposure_days or 0 for _, found in store.findings()) == [7, 9]
