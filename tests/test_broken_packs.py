"""A broken or hostile object database: each gap is named, nothing else is lost, nothing hangs or crashes."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scanner.sources import git
from tests.packed import (
    BLOB,
    OFS_DELTA,
    REF_DELTA,
    Object,
    blob_oid,
    copy,
    delta,
    insert,
    write_index,
    write_pack,
)
from tests.repositories import Repository, called, leaksweep, token

BASE = b"a line of text\n" * 40


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    Repository(tmp_path / "r", "--bare")
    return tmp_path / "r"


def scan(path: Path) -> tuple[int, dict[str, Any]]:
    done = leaksweep("scan", str(path), "--history", "-f", "json", "--show-secrets", "-j", "1")
    assert b"Traceback" not in done.stderr, done.stderr
    return done.returncode, dict(json.loads(done.stdout))


def secrets(report: dict[str, Any]) -> set[str]:
    return {finding["secret"]["value"] for finding in report["findings"]}


def good(seed: str) -> Object:
    return Object(BLOB, b"x\n" + token(seed).encode() + b"\n")


def child(base: bytes, text: bytes, *, at: int = 0) -> tuple[Object, bytes]:
    """Return a delta that inserts a line into a base, and what it makes."""
    result = base[:at] + text + base[at:]
    steps = [copy(0, at)] * bool(at) + [insert(text), copy(at, len(base) - at)]
    return Object(OFS_DELTA, delta(len(base), len(result), *steps), 0, oid=blob_oid(result)), result


def test_a_pack_written_by_hand_is_read(bare: Path) -> None:
    one, _ = child(BASE, token("delta").encode() + b"\n", at=30)
    write_pack(bare, [Object(BLOB, BASE), one, good("good")])
    code, report = scan(bare)
    assert code == 1
    assert secrets(report) == {token("delta"), token("good")}
    assert report["coverage"]["complete"]


BROKEN: dict[str, Callable[[], list[Object]]] = {
    "a copy from outside of the base": lambda: [
        Object(BLOB, BASE),
        Object(OFS_DELTA, delta(len(BASE), 100, copy(len(BASE) - 50, 100)), 0, oid=b"\1" * 20),
    ],
    "a delta that is cut off": lambda: [
        Object(BLOB, BASE),
        Object(OFS_DELTA, delta(len(BASE), 100, copy(0, 80), b"\x40abc"), 0, oid=b"\1" * 20),
    ],
    "a delta for another base": lambda: [
        Object(BLOB, BASE),
        Object(OFS_DELTA, delta(len(BASE) + 1, 100, copy(0, 100)), 0, oid=b"\1" * 20),
    ],
    "an instruction that is not known": lambda: [
        Object(BLOB, BASE),
        Object(OFS_DELTA, delta(len(BASE), 100, b"\0", copy(0, 100)), 0, oid=b"\1" * 20),
    ],
    "a result larger than stated": lambda: [
        Object(BLOB, BASE),
        Object(OFS_DELTA, delta(len(BASE), 100, copy(0, 300), copy(0, 300)), 0, oid=b"\1" * 20),
    ],
    "a base that is missing": lambda: [Object(REF_DELTA, delta(5, 5, copy(0, 5)), b"\2" * 20, oid=b"\1" * 20)],
    "a cycle": lambda: [
        Object(REF_DELTA, delta(5, 5, copy(0, 5)), b"\2" * 20, oid=b"\1" * 20),
        Object(REF_DELTA, delta(5, 5, copy(0, 5)), b"\1" * 20, oid=b"\2" * 20),
    ],
    "an object larger than stated": lambda: [Object(BLOB, bytes(1 << 22), stated_size=100, oid=b"\1" * 20)],
    "an object smaller than stated": lambda: [Object(BLOB, b"text", stated_size=1 << 40, oid=b"\1" * 20)],
    "a delta of nothing that makes terabytes": lambda: [
        Object(BLOB, BASE),
        Object(OFS_DELTA, delta(len(BASE), 1 << 42, copy(0, 600)), 0, oid=b"\1" * 20),
    ],
}


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - {"a cycle"}))
def test_a_broken_object_is_named_and_costs_no_other(bare: Path, name: str) -> None:
    objects = BROKEN[name]()
    write_pack(bare, [*objects, good("good")])
    code, report = scan(bare)
    assert code == 1
    assert secrets(report) == {token("good")}
    assert not report["coverage"]["complete"]
    assert (b"\1" * 20).hex() in json.dumps(report["coverage"])


def test_a_broken_object_alone_makes_the_scan_incomplete(bare: Path) -> None:
    write_pack(bare, BROKEN["a cycle"]())
    assert scan(bare)[0] == 3


@pytest.mark.parametrize("is_named", [False, True], ids=["unreachable", "in HEAD"])
def test_objects_that_build_on_each_other_cost_no_finding(bare: Path, *, is_named: bool) -> None:
    """Git does not end at them, and takes all memory: nothing that a finding needs may ask it."""
    one = good("good")
    write_pack(bare, [*BROKEN["a cycle"](), one])
    if is_named:
        tree = b"100644 a\0" + b"\1" * 20 + b"100644 b\0" + blob_oid(one.data)
        repository = Repository(bare, "--bare")
        oid = repository.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=tree)
        commit = repository.git("commit-tree", oid, "-m", "broken")
        repository.git("update-ref", "refs/heads/main", commit)
    code, report = scan(bare)
    assert (code, secrets(report)) == (1, {token("good")})
    assert not report["coverage"]["complete"]
    told = {skip["what"]: skip["detail"] for skip in report["coverage"]["skipped"]}
    assert told.keys() >= {"01" * 20, "02" * 20}
    path = report["findings"][0]["occurrences"][0]["path"]
    assert path == "b" if is_named else path.startswith("<")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="no limit for another process on this system")
def test_git_that_goes_round_ends(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing was read yet that could warn, git is stopped by a limit of memory, here by a low one."""
    bounded = git.bounded
    asked = []

    def soon_bounded(process: subprocess.Popen[bytes], *, max_bytes: int = git.MAX_DATA_BYTES) -> Any:
        asked.append((max_bytes, str(process.args)))
        return bounded(process, max_bytes=128 << 20)

    monkeypatch.setattr(git, "bounded", soon_bounded)
    write_pack(bare, BROKEN["a cycle"]())
    (bare / "refs" / "heads" / "main").write_text("01" * 20 + "\n")
    assert called("scan", str(bare), "--range", "HEAD~1..HEAD").returncode == 2
    assert {most for most, _ in asked} == {git.MAX_DATA_BYTES}
    assert any("HEAD~1^{commit}" in command for _, command in asked), "the process that goes round has no limit"


def test_a_chain_of_4095_deltas_is_read(bare: Path) -> None:
    objects, text = [Object(BLOB, BASE)], BASE
    for number in range(4_095):
        line = token("deep").encode() + b"\n" if number == 4_094 else b"%d\n" % number
        one, text = child(text, line)
        one.base = number
        objects.append(one)
    write_pack(bare, objects)
    code, report = scan(bare)
    assert (code, secrets(report)) == (1, {token("deep")})
    assert report["coverage"]["complete"]


def test_what_lies_behind_an_object_that_is_too_large_is_read(bare: Path) -> None:
    oid = blob_oid(bytes(120 << 20))
    folder = bare / "objects" / oid.hex()[:2]
    folder.mkdir(exist_ok=True)
    (folder / oid.hex()[2:]).write_bytes(zlib.compress(b"blob %d\0" % (120 << 20) + bytes(120 << 20)))
    write_pack(bare, [Object(BLOB, bytes(120 << 20)), good("good")])
    code, report = scan(bare)
    assert (code, secrets(report)) == (1, {token("good")})
    assert "too large" in json.dumps(report["coverage"])


@pytest.mark.parametrize("ending", [".pack", ".idx"])
@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "flipped"])
def test_a_damaged_pack_or_index_never_looks_complete(bare: Path, ending: str, is_cut: bool) -> None:
    one, _ = child(BASE, b"a new line\n", at=30)
    pack = write_pack(bare, [Object(BLOB, BASE), one, Object(BLOB, random.Random(1).randbytes(3_000))])
    path = pack.with_suffix(ending)
    content = path.read_bytes()
    for at in range(4, len(content), len(content) // 3):
        path.write_bytes(content[:at] if is_cut else content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        done = leaksweep("scan", str(bare), "--history", "-j", "1")
        assert done.returncode in (2, 3), at
        assert b"Traceback" not in done.stderr


def test_an_index_that_lies_about_a_place_is_noticed(bare: Path) -> None:
    pack = write_pack(bare, [Object(BLOB, BASE), good("hidden")])
    checksum = pack.read_bytes()[-20:]
    write_index(pack, [(blob_oid(BASE), 12), (blob_oid(b"x"), 12)], checksum)
    assert scan(bare)[0] == 3
    write_index(pack, [(blob_oid(BASE), 12), (blob_oid(b"x"), 40)], checksum)
    assert scan(bare)[0] == 3


def test_an_alternate_inside_is_read_and_one_outside_is_refused(bare: Path, tmp_path: Path) -> None:
    inside, outside = bare / "more", tmp_path / "outside"
    for folder, seed in ((inside, "inside"), (outside, "outside")):
        write_pack(folder, [good(seed)])
    (bare / "objects" / "info" / "alternates").write_text(f"{inside}/objects\n")
    code, report = scan(bare)
    assert (code, secrets(report), report["coverage"]["complete"]) == (1, {token("inside")}, True)
    (bare / "objects" / "info" / "alternates").write_text(f"{outside}/objects\n../more/objects\n")
    code, report = scan(bare)
    assert (code, secrets(report), report["coverage"]["complete"]) == (1, {token("inside")}, False)
    assert "outside of what was asked for" in json.dumps(report["coverage"])
