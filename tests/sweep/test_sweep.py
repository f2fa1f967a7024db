"""`leaksweep sweep` as a process: each repository once, killed and resumed, only what is new the second time."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from scanner.engine.templates import expand
from tests.repositories import Repository, token
from tests.sweep.fleet import make_fleet, make_one
from tests.sweep.sweeping import KEY, NOW_S, Sweep, kill_and_resume, many, timed
from tests.test_workers import ended


def test_a_sweep_tells_totals_reuse_and_failures(tmp_path: Path) -> None:
    many(tmp_path / "in", 10)
    broken = tmp_path / "in" / "broken.git"
    for name in ("objects", "refs"):
        (broken / name).mkdir(parents=True)
    (broken / "HEAD").write_text("nonsense")
    sweep = Sweep(tmp_path)
    out = sweep.run(str(tmp_path / "in"), "--log", str(tmp_path / "log"), code=3)
    assert f"failed: {broken.resolve()}" in out
    totals = sweep.summary["totals"]
    assert (totals["repositories"], totals["read"], totals["failed"]) == (11, 10, 1)
    assert (totals["findings"], totals["distinct_secrets"]) == (4, 3)
    (reused,) = sweep.summary["reused"]
    assert (len(reused["repositories"]), reused["environments"]) == (2, ["production"])
    assert len(list((sweep.reports / "sarif").glob("*.sarif"))) == 10
    events = [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines()]
    assert events.count("repository") == 11
    everything = b"".join([*sweep.told().values(), *(path.read_bytes() for path in sweep.store.parent.iterdir())])
    for seed in ("0", "5", "shared"):
        assert token(seed).encode() not in everything
    assert "2 of an earlier" not in sweep.run("status")


def test_fail_on_a_severity(tmp_path: Path) -> None:
    many(tmp_path / "in", 1)
    Sweep(tmp_path).run(str(tmp_path / "in"), "--fail-on", "critical", code=1)


@pytest.mark.slow
def test_the_second_sweep_reads_only_what_is_new_and_tells_the_same(tmp_path: Path) -> None:
    many(tmp_path / "in", 6)
    sweep = Sweep(tmp_path)
    sweep.run(str(tmp_path / "in"))
    first = sweep.told()
    sweep.run(str(tmp_path / "in"), "--log", str(tmp_path / "log"))
    assert sweep.told() == first
    statuses = [json.loads(line).get("status") for line in (tmp_path / "log").read_text().splitlines()]
    assert statuses.count("unchanged") == 6
    changed = Repository(tmp_path / "in" / "r000")
    changed.write("new", token("new"))
    changed.commit("new")
    changed.git("rm", "-q", "-r", "deploy")
    changed.commit("removed")
    sweep.run(str(tmp_path / "in"))
    fresh = Sweep(tmp_path / "fresh")
    fresh.run(str(tmp_path / "in"))
    for one in (sweep, fresh):
        assert (one.summary["totals"]["findings"], one.summary["totals"]["distinct_secrets"]) == (5, 4)
    states = [sorted(s["totals"]["by_state"].items()) for s in (sweep.summary, fresh.summary)]
    assert states[0] == states[1]


@pytest.mark.slow
def test_what_cannot_be_read_stays_told(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "in" / "r")
    repository.write("big", "x" * 5000)
    repository.commit("one")
    sweep = Sweep(tmp_path)
    for _ in range(2):
        sweep.run(str(tmp_path / "in"), "--max-blob-bytes", "1000", code=3)
    repository.write("small", "y")
    repository.commit("two")
    sweep.run(str(tmp_path / "in"), "--max-blob-bytes", "1000", code=3)
    assert sweep.summary["incomplete"][0]["skipped"] == {"too large": 1}


def test_a_repository_that_went_away_keeps_its_findings_and_can_be_forgotten(tmp_path: Path) -> None:
    many(tmp_path / "in", 1)
    sweep = Sweep(tmp_path)
    url = f"file://{tmp_path}/in/r000"
    sweep.run(url)
    (tmp_path / "in" / "r000").rename(tmp_path / "gone")
    out = sweep.run(url, code=3)
    assert "failed: " in out
    assert sweep.summary["totals"]["findings"] == 2
    assert "forgot 1 repositories" in sweep.run("forget", url)
    assert "0 repositories done" in sweep.run("status")


def test_a_folder_that_comes_back_as_it_was_has_not_failed_any_more(tmp_path: Path) -> None:
    many(tmp_path / "in", 1)
    sweep = Sweep(tmp_path)
    sweep.run(str(tmp_path / "in"))
    head = tmp_path / "in" / "r000" / ".git" / "HEAD"
    content = head.read_bytes()
    head.write_bytes(b"nonsense")
    sweep.run(str(tmp_path / "in"), code=3)
    head.write_bytes(content)
    sweep.run(str(tmp_path / "in"))
    assert (sweep.summary["totals"]["failed"], sweep.summary["totals"]["findings"]) == (0, 2)


def test_what_a_killed_sweep_was_writing_goes(tmp_path: Path) -> None:
    many(tmp_path / "in", 1)
    sweep = Sweep(tmp_path)
    sweep.run(str(tmp_path / "in"))
    expected = sweep.told()
    for name in (".leaksweep-abc_1234.tmp", "sarif/.leaksweep-k9fae91e.tmp"):
        (sweep.reports / name).write_text("half a rep")
    (sweep.reports / ".leaksweep-notes.tmp").write_text("of a person")
    sweep.run(str(tmp_path / "in"))
    assert sweep.told() == {**expected, ".leaksweep-notes.tmp": b"of a person"}


def test_another_threshold_is_in_force_at_once(tmp_path: Path) -> None:
    password = expand("{{password:12}}", seed="threshold")
    Repository(tmp_path / "in" / "r").write("a", f"{token('1')}\ndb_password = '{password}'\n")
    Repository(tmp_path / "in" / "r").commit("one")
    sweep = Sweep(tmp_path)
    counts = []
    for severity in ("low", "critical", "low"):
        sweep.run(str(tmp_path / "in"), "--min-severity", severity)
        counts.append(sweep.summary["totals"]["findings"])
    assert counts == [2, 1, 2]


def test_a_url_is_cloned_and_brought_up_to_date(tmp_path: Path) -> None:
    many(tmp_path / "in", 1)
    sweep = Sweep(tmp_path)
    url = f"file://{tmp_path}/in/r000"
    sweep.run(url)
    (clone,) = (sweep.store.parent / "sweep-clones").iterdir()
    clone.rename(f"{clone}.77.partial")
    sweep.run(url)
    assert list((sweep.store.parent / "sweep-clones").iterdir()) == [clone]
    Repository(tmp_path / "in" / "r000").write("more", token("more"))
    Repository(tmp_path / "in" / "r000").commit("more")
    sweep.run(url)
    assert sweep.summary["totals"]["findings"] == 3


def test_nothing_to_sweep_and_wrong_words_are_errors(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    for arguments in ((), (str(tmp_path / "none"),), ("https://a:b@example.org/x",), ("--from", "/no/such")):
        sweep.run(*arguments, code=2)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_sweep_that_is_ended_leaves_no_process(tmp_path: Path, number: signal.Signals, code: int) -> None:
    many(tmp_path / "in", 3)
    make_one(tmp_path / "in" / "giant.git", random.Random(1), 4_000, [])
    process = Sweep(tmp_path).start(str(tmp_path / "in"), "-j", "2")
    while len(running := processes_of(process.pid)) < 4:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(timeout=30) == code
    assert ended(running)


def processes_of(session: int) -> list[int]:
    """Return the processes of a session."""
    listed = subprocess.run(["ps", "-o", "pid=", "-s", str(session)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]


@pytest.mark.slow
def test_a_sweep_killed_at_random_moments_ends_like_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKSWEEP_SWEEP_KEY", KEY)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOW_S))
    make_fleet(tmp_path / "in", 60, median=8)
    undisturbed = Sweep(tmp_path / "undisturbed")
    whole_s = timed(undisturbed, str(tmp_path / "in"))
    expected = undisturbed.told()
    generator = random.Random(7)
    for sweep in kill_and_resume(tmp_path, [str(tmp_path / "in")], kills=8, whole_s=whole_s, generator=generator):
        assert sweep.told() == expected
