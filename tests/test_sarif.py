"""The SARIF, read by somebody else's validator with GitHub's ingestion rules, and held against GitHub's limits."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanner.model import Report, ScanStats, Skip, SkipReason, State
from scanner.reporters import FORMATS, RenderOptions, render
from scanner.reporters.sarif import MAX_RESULTS
from scanner.reporters.sarif_results import MAX_PLACES
from tests.reporters.reports import findings_with, loaded, many_findings, report_on, report_with
from tests.repositories import Repository, leaksweep, token

VALIDATOR = os.environ.get("LEAKSWEEP_SARIF_MULTITOOL", "")
needs_validator = pytest.mark.skipif(
    not VALIDATOR, reason="LEAKSWEEP_SARIF_MULTITOOL names no validator; .ci/run installs one"
)
SARIF_FORMATS = [name for name in FORMATS if name.startswith("sarif")]
NOT_OURS = {"SARIF2006"}
"""SARIF2006 fetches every URL of the report, which a machine without network cannot."""


def complaints(*paths: Path, rules: str = "Sarif;Ghas") -> list[str]:
    """Return what the validator calls an error or a warning; `Ghas` are GitHub's ingestion rules."""
    # The npm wrapper passes arguments through a shell, to which a semicolon would end the command.
    command = [VALIDATOR, "validate", *map(str, paths), "--rule-kind", f"'{rules}'", "--level", "'Error;Warning'"]
    command += ["--max-file-size-in-kb", "100000"]
    done = subprocess.run(command, capture_output=True, check=False)
    out = done.stdout.decode("utf-8", "replace")
    assert "Analysis completed" in out, out + done.stderr.decode("utf-8", "replace")
    told = [line for line in out.splitlines() if re.search(r": (error|warning) [A-Z]+\d+: ", line)]
    return [line for line in told if not any(rule in line for rule in NOT_OURS)]


def written(path: Path, name: str, report: Report) -> Path:
    with path.open("w", encoding="utf-8") as stream:
        render(name, report, stream, RenderOptions())
    return path


def run_of(name: str, report: Report) -> dict[str, Any]:
    document = loaded(name, report)
    assert document["version"] == "2.1.0"
    assert len(document["runs"]) == 1
    return dict(document["runs"][0])


@needs_validator
def test_the_validator_accepts_hostile_names(tmp_path: Path) -> None:
    hostile = ("x\x1b[31m {0} [a](b) \udcff :é\n<b>.py", "%20", "::error::", "a" * 4000, "..")
    states = (None, *State)
    files = []
    for number, hidden in enumerate(hostile):
        report = report_with(token("a"), hidden, states[number])
        files += [written(tmp_path / f"{number}-{name}.sarif", name, report) for name in SARIF_FORMATS]
    assert complaints(*files) == []


@needs_validator
def test_the_validator_accepts_scans_of_a_repository(tmp_path: Path) -> None:
    repo = Repository(tmp_path / "r")
    repo.write(b"odd \xff\n%20 path", f"x\n{token('a')}\n{token('b')}\n")
    repo.write("b", f"{token('a')} {token('a')}\n")
    repo.commit(f"message {token('a')}")
    repo.write("b", f"\n{token('a')}\n{token('a')}\n")
    repo.commit("again")
    (tmp_path / "empty").mkdir()
    scans = {"history": ["--history", str(repo.path)], "tree": [str(repo.path)], "nothing": [str(tmp_path / "empty")]}
    for scan, arguments in scans.items():
        outputs = [
            word for name in SARIF_FORMATS for word in ("-f", name, "-o", str(tmp_path / f"{scan}-{name}.sarif"))
        ]
        assert leaksweep("scan", *arguments, *outputs).returncode == (scan != "nothing")
    assert complaints(*(tmp_path / f"{scan}-{name}.sarif" for scan in scans for name in SARIF_FORMATS)) == []
    assert len(json.loads((tmp_path / "history-sarif.sarif").read_text())["runs"][0]["results"]) == 5


@needs_validator
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_validator_accepts_thirty_thousand_findings(tmp_path: Path) -> None:
    path = written(tmp_path / "many.sarif", "sarif", report_on(*many_findings(30_000, state=None)))
    assert complaints(path, rules="Ghas") == []
    assert len(gzip.compress(path.read_bytes())) < 10_000_000


def test_head_and_history_are_parted_by_file_and_category() -> None:
    states = {state: replace(findings_with(token(state), state, state)[0], fingerprint=state) for state in State}
    report = report_on(*states.values())
    head, history, every = (run_of(name, report) for name in ("sarif-head", "sarif-history", "sarif"))
    assert [run["automationDetails"]["id"] for run in (head, history, every)] == [
        "leaksweep/head/",
        "leaksweep/history/",
        "leaksweep/all/",
    ]
    assert [one["properties"]["state"] for one in head["results"]] == [State.IN_HEAD]
    assert {one["properties"]["state"] for one in history["results"]} == set(State) - {State.IN_HEAD}
    assert len(every["results"]) == len(State)
    # GitHub hashes the line of a file that it can open; for what is gone it needs our identity.
    assert "primaryLocationLineHash" not in head["results"][0]["partialFingerprints"]
    assert all("primaryLocationLineHash" in one["partialFingerprints"] for one in history["results"])


def test_a_history_result_begins_with_what_to_do_and_shows_the_way() -> None:
    result = run_of("sarif-history", report_on(*findings_with(token("way"), "conf.py")))["results"][0]
    told = result["message"]["text"]
    assert told.startswith("Removed from HEAD, still in history (introduced 111111111111, 2023-11-14; removed")
    assert "rotate it" in told
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    words = [step["location"]["message"]["text"].split(" in commit")[0] for step in steps]
    assert words == ["Introduced", "Moved from 'conf.py'", "Removed", "Introduced again", "Removed"]


def test_related_locations_are_linked_from_the_message() -> None:
    first = replace(findings_with(token("shared"), "a.py")[0], occurrences=())
    second = replace(first, provenance=replace(first.provenance, path="b [x].py"), fingerprint=first.fingerprint + "0")
    results = run_of("sarif", report_on(first, second))["results"]
    for result, other in zip(results, ("b \\[x\\].py", "a.py"), strict=True):
        links = dict(re.findall(r"(?<!\\)\[((?:[^\]\\]|\\.)+)\]\((\d+)\)", result["message"]["text"]))
        assert links == {f"{other}:1": "1"}
        assert [place["id"] for place in result["relatedLocations"]] == [1]


def test_each_line_of_a_file_that_holds_the_secret_is_a_result(tmp_path: Path) -> None:
    """GitHub shows the first location of a result, and on a pull request only lines that the change touched."""
    repo = Repository(tmp_path / "r")
    repo.write("conf", f"a {token('old')}\n")
    repo.commit("an older version, whose lines are no places of today")
    repo.write("conf", f"x\na {token('old')}\n\nb {token('old')} {token('old')}\nc {token('old')}\n")
    repo.commit("now")
    for arguments in (["--history", str(repo.path)], [str(repo.path)]):
        done = leaksweep("scan", *arguments, "-f", "sarif")
        results = json.loads(done.stdout)["runs"][0]["results"]
        regions = [one["locations"][0]["physicalLocation"]["region"] for one in results]
        assert [region["startLine"] for region in regions] == [2, 4, 5]
        prints = [one["partialFingerprints"] for one in results]
        assert len({one["secretFingerprint/v1"] for one in prints}) == 1
        assert [one.get("placeInFile/v1") for one in prints] == [None, "2", "3"]
        assert token("old").encode() not in done.stdout


def test_a_secret_on_countless_lines_does_not_crowd_out_the_others() -> None:
    finding = findings_with(token("many"), "many.py", State.IN_HEAD)[0]
    region = finding.region
    lines = [replace(region, start_line=n, end_line=n) for n in range(1, 500)]
    places = tuple(replace(finding.occurrences[0], region=line) for line in lines)
    source = replace(finding.provenance, commit=None)
    places = tuple(replace(place, provenance=source) for place in places)
    run = run_of("sarif", report_on(replace(finding, provenance=source, occurrences=places, story=None)))
    assert len(run["results"]) == MAX_PLACES
    assert "left out" not in json.dumps(run["invocations"])


def test_suppressed_and_absent_findings_are_only_in_the_archive() -> None:
    report = report_with(token("s"), "name")
    gone = replace(report.findings[0], baseline_state="absent", fingerprint="0" * 32)
    report = replace(report, findings=(*report.findings, gone))
    assert len(run_of("sarif", report)["results"]) == 1
    archive = run_of("sarif-full", report)["results"]
    assert [one.get("suppressions", [{}])[0].get("status") for one in archive].count("accepted") == 1
    # One finding is called absent above; the other is an entry of the baseline that nothing matches any more.
    assert sorted(one["baselineState"] for one in archive) == ["absent", "absent", "new", "new"]


def test_every_gap_is_a_notification() -> None:
    skips = tuple(Skip(reason, f"file {reason}") for reason in SkipReason)
    run = run_of("sarif", replace(report_on(), stats=ScanStats(skipped=skips)))
    invocation = run["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert {n["descriptor"]["id"] for n in invocation["toolExecutionNotifications"]} == {
        n["id"] for n in run["tool"]["driver"]["notifications"]
    }
    assert len(invocation["toolExecutionNotifications"]) == len(SkipReason)


def test_rules_name_their_weakness_in_both_taxonomies() -> None:
    run = run_of("sarif", report_with(token("cwe"), "name"))
    rule = run["tool"]["driver"]["rules"][0]
    assert rule["properties"]["tags"][:2] == ["security", "external/cwe/cwe-798"]
    for relation in rule["relationships"]:
        target = relation["target"]
        taxonomy = run["taxonomies"][target["toolComponent"]["index"]]
        assert taxonomy["name"] == target["toolComponent"]["name"]
        assert taxonomy["taxa"][target["index"]]["id"] == target["id"]
    for step in ("Rotate", "Audit", "Revoke", "Investigate", "Prevent"):
        assert f"**{step}.**" in rule["help"]["markdown"]


@pytest.mark.slow
def test_what_is_over_the_limit_is_left_out_by_priority_and_told() -> None:
    findings = many_findings(MAX_RESULTS + 7)
    made = findings[0].assessment
    assert made is not None
    urgent = replace(findings[-1], assessment=replace(made, priority=99))
    run = run_of("sarif-history", report_on(*findings[:-1], urgent))
    assert len(run["results"]) == MAX_RESULTS
    assert run["results"][0]["properties"]["priority"] == 99
    told = [n["message"]["text"] for n in run["invocations"][0]["toolExecutionNotifications"]]
    assert any(text.startswith("7 results were left out") for text in told)
