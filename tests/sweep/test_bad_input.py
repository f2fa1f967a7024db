"""What goes wrong at one repository is told with its cause; the rest is swept all the same."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scanner.commands.sweep_task import sweep_one
from scanner.model import Skip, SkipReason
from scanner.sweep.page import page_of
from scanner.sweep.store import Store
from scanner.sweep.summary import summary_of
from scanner.sweep.values import SweepOptions, SweepTarget, Task
from tests.repositories import Repository, token
from tests.sweep.sweeping import Sweep, many


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    """A sweep, and in the folder `in` one repository with two secrets."""
    many(tmp_path / "in", 1)
    return Sweep(tmp_path)


def good_and(sweep: Sweep, *targets: str, code: int = 3) -> str:
    """Sweep the good repository and `targets`; return what was printed, once the good one's secrets were found."""
    out = sweep.run(str(sweep.folder / "in"), *targets, code=code)
    assert sweep.summary["totals"]["findings"] >= 2
    return out


class Refusing(BaseHTTPRequestHandler):
    """A server that wants another password."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/team/app.git"
    server.shutdown()
    server.server_close()


def test_an_unreachable_url_fails_with_its_cause(sweep: Sweep) -> None:
    out = good_and(sweep, "https://127.0.0.1:1/a.git", "ssh://127.0.0.1:1/b.git", f"file://{sweep.folder}/none")
    assert out.count("failed: ") == 3
    assert "failed: https://127.0.0.1:1/a: " in out
    assert "onnect" in out
    assert {one["attempts"] for one in sweep.summary["failures"]} == {1}


def test_a_wrong_credential_fails_and_nobody_is_asked(refusing: str, tmp_path: Path) -> None:
    """https is what the command line takes; over http the answer of the server is the same."""
    options = SweepOptions(str(tmp_path / "cache"), allowed_protocols=("http",))
    begin = time.monotonic()
    outcome = sweep_one(Task(SweepTarget("a", refusing, is_remote=True), options, b""))
    assert outcome.status == "failed"
    assert "could not read Username" in outcome.error or "Authentication failed" in outcome.error
    assert time.monotonic() - begin < 60
    assert not list((tmp_path / "cache").iterdir())


def test_a_credential_of_a_helper_that_is_wrong_is_not_told(
    refusing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = token("of a helper")
    helper = f'!f() {{ echo username=me; echo "password={word}"; }}; f'
    (tmp_path / "config").write_text("")
    subprocess.run(["git", "config", "-f", str(tmp_path / "config"), "credential.helper", helper], check=True)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    options = SweepOptions(str(tmp_path / "cache"), allowed_protocols=("http",))
    outcome = sweep_one(Task(SweepTarget("a", refusing, is_remote=True), options, b""))
    assert "Authentication failed" in outcome.error
    assert word not in outcome.error


def test_an_empty_repository_is_clean(sweep: Sweep) -> None:
    Repository(sweep.folder / "in" / "empty")
    Repository(sweep.folder / "in" / "empty.git", "--bare")
    for _ in range(2):
        good_and(sweep, code=0)
    assert sweep.summary["totals"]["read"] == 3


def test_an_empty_folder_is_swept_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Sweep(tmp_path).run(str(tmp_path / "in"), code=2)


def test_a_corrupt_pack_is_a_gap_and_is_told_again_the_next_time(sweep: Sweep) -> None:
    bad = Repository(sweep.folder / "in" / "bad")
    for number in range(5):
        bad.write("a", f"{number}\n" * 500)
        bad.commit("one")
    bad.git("gc", "-q")
    (pack,) = (bad.path / ".git" / "objects" / "pack").glob("*.pack")
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 255
    pack.chmod(0o644)
    pack.write_bytes(content)
    for _ in range(2):
        out = good_and(sweep)
        assert f"incomplete: {bad.path.resolve()}/.git: corrupt object" in out
    assert sweep.summary["incomplete"][0]["skipped"]


def test_what_is_no_repository_after_all_fails(sweep: Sweep) -> None:
    broken = sweep.folder / "in" / "broken.git"
    for name in ("objects", "refs"):
        (broken / name).mkdir(parents=True)
    (broken / "HEAD").write_text("nonsense")
    assert f"failed: {broken.resolve()}: " in good_and(sweep)


def test_a_repository_that_is_pushed_to_while_it_is_swept_is_told_whole_the_next_time(sweep: Sweep) -> None:
    busy = Repository(sweep.folder / "in" / "busy")
    for number in range(30):
        busy.write(f"f{number}", f"{number}\n" * 3_000)
        busy.commit("more")
    process = sweep.start(str(sweep.folder / "in"))
    number = 0
    while process.poll() is None:
        busy.write("pushed", token(str(number % 3)))
        busy.commit("pushed")
        number += 1
    assert process.returncode in (0, 3)
    good_and(sweep, code=0)
    fresh = Sweep(sweep.folder / "fresh")
    fresh.run(str(sweep.folder / "in"))
    assert sweep.summary["totals"]["findings"] == fresh.summary["totals"]["findings"] >= 3


@pytest.mark.slow
def test_a_repository_that_is_deleted_while_it_is_swept_is_no_crash(sweep: Sweep) -> None:
    for number in range(8):
        gone = Repository(sweep.folder / "in" / f"gone{number}")
        for i in range(4):
            gone.write(f"f{i}", f"{i}\n" * 9_000)
            gone.commit("more")
    process = sweep.start(str(sweep.folder / "in"))
    while not sweep.done() and process.poll() is None:
        time.sleep(0.02)
    for number in range(8):
        shutil.rmtree(sweep.folder / "in" / f"gone{number}")
    assert process.wait() in (0, 3)
    sweep.run("report")
    assert sweep.summary["totals"]["repositories"] == 9


def test_a_full_disk_is_an_error_and_the_sweep_goes_on_when_there_is_room(tmp_path: Path) -> None:
    many(tmp_path / "in", 12)
    sweep = Sweep(tmp_path)
    full = subprocess.run(
        sweep.command(str(tmp_path / "in")),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_no_large_files,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert full.returncode == 2, full.stderr
    assert str(sweep.store) in full.stderr
    sweep.run(str(tmp_path / "in"))
    assert sweep.summary["totals"]["read"] == 12


def _no_large_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, 80_000))


def test_a_full_disk_for_clones_costs_the_clone_only(sweep: Sweep) -> None:
    (sweep.folder / "file").write_text("no folder")
    url = f"file://{sweep.folder}/in/r000"
    out = good_and(sweep, url, "--cache", str(sweep.folder / "file" / "cache"))
    assert f"failed: {url}: " in out


def test_a_second_sweep_is_refused_with_the_id_of_the_first(sweep: Sweep) -> None:
    lock = sweep.folder / "state" / "sweep.sqlite.lock"
    first = sweep.start(str(sweep.folder / "in"))
    while not (lock.exists() and lock.read_text()):
        time.sleep(0.005)
    first.send_signal(signal.SIGSTOP)
    second = subprocess.run(
        sweep.command(str(sweep.folder / "in")), capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    first.send_signal(signal.SIGCONT)
    assert first.wait() == 0
    assert second.returncode == 2
    sweep.run("report")
    assert f"sweep {sweep.summary['sweep']['id']} is running" in second.stderr


def test_a_store_that_a_newer_version_made_is_left_alone(sweep: Sweep) -> None:
    good_and(sweep, code=0)
    with closing(sqlite3.connect(sweep.store)) as db:
        db.execute("PRAGMA user_version = 99")
    content = sweep.store.read_bytes()
    for action in (str(sweep.folder / "in"), "status", "report"):
        sweep.run(action, code=2)
    assert sweep.store.read_bytes() == content


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_may_not_be_searched_is_told(sweep: Sweep) -> None:
    closed = sweep.folder / "in" / "closed"
    closed.mkdir(mode=0)
    assert f"not searched: {closed}" in good_and(sweep)
    assert sweep.summary["not_searched"][0]["what"] == str(closed)


def test_where_nothing_could_be_searched_is_in_every_report(tmp_path: Path) -> None:
    with Store(str(tmp_path / "s")) as store:
        store.begin([], now_s=1, gaps=[Skip(SkipReason.UNREADABLE, "/closed", "Permission denied")])
        summary = summary_of(store)
    assert summary["not_searched"] == [{"what": "/closed", "cause": "Permission denied"}]
    assert "Permission denied" in page_of(summary)


def test_a_repository_of_any_name_is_swept_remembered_and_forgotten(tmp_path: Path) -> None:
    many(tmp_path / "in", 1)
    names = (b"not\xffutf-8", b"two\nlines", b"\x1b[31mred", b"=1+1", "\u202e\U0001f511".encode(), b"-x", b"a b'\"")
    for name in names:
        shutil.copytree(tmp_path / "in" / "r000", tmp_path / "in" / os.fsdecode(name))
    sweep = Sweep(tmp_path)
    for _ in range(2):
        out = sweep.run(str(tmp_path / "in"))
        assert (sweep.summary["totals"]["read"], sweep.summary["totals"]["findings"]) == (8, 16)
        assert "\x1b" not in out
        assert all("\n" not in one["id"] for one in sweep.summary["repositories"])
    assert len(list((sweep.reports / "sarif").glob("*.sarif"))) == 8
    sweep.run("forget", os.path.join(tmp_path, "in", os.fsdecode(names[0])))
    sweep.run("report")
    assert sweep.summary["totals"]["read"] == 7
