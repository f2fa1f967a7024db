"""A sweep on a Dask cluster on loopback: the same report, though a worker is killed half-way."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sweep.cluster import Cluster
from tests.sweep.sweeping import KEY, NOW_S, Sweep, many

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    (tmp_path / "cluster").mkdir()
    cluster = Cluster(tmp_path / "cluster")
    yield cluster
    cluster.end()


def test_a_worker_killed_half_way_loses_and_doubles_nothing(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKSWEEP_SWEEP_KEY", KEY)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOW_S))
    many(tmp_path / "in", 40)
    local, remote = Sweep(tmp_path / "a"), Sweep(tmp_path / "b")
    local.run(str(tmp_path / "in"))
    workers = [cluster.worker(), cluster.worker()]
    log = tmp_path / "log"
    executor = ("--executor", cluster.address.replace("tcp", "dask"), "--log", str(log))
    sweeping = remote.start(str(tmp_path / "in"), *executor)
    for _ in range(600):
        if log.exists() and log.read_text().count('"repository"') >= 8:
            break
        time.sleep(0.1)
    os.killpg(workers[0].pid, signal.SIGKILL)
    assert sweeping.wait(timeout=240) == 0
    assert log.read_text().count('"repository"') == 40
    remote.run("report")
    assert remote.told() == local.told()


def test_a_cluster_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    many(tmp_path / "in", 1)
    Sweep(tmp_path).run(str(tmp_path / "in"), "--executor", "dask://127.0.0.1:1", code=2)
