"""The page in a real browser: filters, keyboard, phone, nothing fetched, hostile strings stay text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.model import Finding, Report, ScanStats, State, Suppression
from scanner.reporters import RenderOptions, render
from scanner.reporters.html_report import MAX_FINDINGS
from tests.browser import EXECUTABLE, NO_BROWSER, Browser
from tests.reporters.reports import findings_with, many_findings, rendered, report_on, report_with
from tests.repositories import Repository, leaksweep, token

needs_browser = pytest.mark.skipif(not EXECUTABLE, reason=NO_BROWSER)
HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>&amp;{{verdict}}\"'`"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


def page(folder: Path, report: Report, options: RenderOptions | None = None) -> Path:
    path = folder / "report.html"
    with path.open("w", encoding="utf-8") as stream:
        render("html", report, stream, options or RenderOptions())
    return path


def some_findings() -> list[Finding]:
    """Return five findings that differ in everything there are filters for."""
    found = []
    for number, state in enumerate((*State, State.IN_HEAD)):
        one = findings_with(token(f"some{number}"), f"dir{number}/file.py", state)[0]
        made = one.assessment
        assert made is not None
        found.append(
            replace(
                one,
                severity=("critical", "high", "medium", "low", "low")[number],
                fingerprint=f"{number}" * 32,
                assessment=replace(made, priority=90 - number, owners=(f"@team{number % 2}",)),
                suppressions=(Suppression("external", "a test"),) if number == 4 else (),
            )
        )
    return found


ROWS = "[...document.querySelectorAll('.row .path')].map((row) => row.textContent)"


def test_the_policy_names_the_hash_of_each_script_and_style_and_allows_nothing_else() -> None:
    text = rendered("html", report_on(*some_findings()))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    for tag in ("style", "script"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe" not in policy[1]
    assert not re.findall(r"\s(?:style|on\w+)=", text.partition('<script id="data"')[0])


def test_hostile_strings_never_become_markup() -> None:
    text = rendered("html", report_with(token("h"), HOSTILE))
    assert text.count("<script") == 2
    assert "<img" not in text
    assert "window.hacked=1</script" not in text


def test_a_page_that_leaves_findings_out_says_so() -> None:
    text = rendered("html", report_on(*many_findings(MAX_FINDINGS + 3, state=None)))
    assert "3 findings of the least priority are not on this page" in text


@needs_browser
def test_every_filter_leaves_what_it_names(browser: Browser, tmp_path: Path) -> None:
    browser.open(page(tmp_path, report_on(*some_findings())))
    assert browser.run(ROWS) == [f"dir{number}/file.py:1" for number in range(4)]

    def choose(field: str, value: str) -> list[str]:
        browser.run("document.querySelector('#filters button[type=reset]').click()")
        browser.settle()
        browser.run(
            f"(() => {{ const f = document.getElementById('{field}'); f.value = {json.dumps(value)}; "
            "f.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )
        return [str(row).partition("/")[0] for row in browser.run(ROWS)]

    assert choose("f-text", "DIR2") == ["dir2"]
    assert choose("f-text", "dir1 github-token") == ["dir1"]
    assert choose("f-text", "no such path") == []
    assert "Nothing fits" in browser.run("document.getElementById('rows').textContent")
    assert choose("f-state", State.REMOVED) == ["dir2"]
    assert choose("f-owner", "@team1") == ["dir1", "dir3"]
    assert choose("f-standing", "settled") == ["dir4"]
    assert choose("f-standing", "all") == [f"dir{number}" for number in range(5)]
    assert choose("f-order", "path") == ["dir0", "dir1", "dir2", "dir3"]
    browser.run("[...document.querySelectorAll('#f-severity button')].slice(1, 3).forEach((one) => one.click())")
    assert [row.partition("/")[0] for row in browser.run(ROWS)] == ["dir1", "dir2"]
    assert browser.run("document.getElementById('count').textContent") == "2 findings of 5"
    assert browser.complaints() == []


@needs_browser
def test_rules_are_a_filter_where_there_are_several(browser: Browser, tmp_path: Path) -> None:
    first, second, *_ = some_findings()
    report = report_on(first, replace(second, rule_id="other-rule"))
    other = replace(report.rules["github-token"], id="other-rule", name="Other secret")
    browser.open(page(tmp_path, replace(report, rules={**report.rules, "other-rule": other})))
    browser.run(
        "(() => { const f = document.getElementById('f-rule'); f.value = 'other-rule'; "
        "f.dispatchEvent(new Event('input')); })()"
    )
    assert browser.run(ROWS) == ["dir1/file.py:1"]


@needs_browser
def test_a_finding_is_told_in_full(browser: Browser, tmp_path: Path) -> None:
    first, *others = some_findings()
    assert first.story is not None
    many = replace(first.story, branches=tuple(f"b{number}" for number in range(11)), more_refs=(1_000, 0, 0, 0))
    browser.open(page(tmp_path, report_on(replace(first, story=many), *others)))
    told = browser.run("document.getElementById('detail').innerText")
    for words in (
        "Still in HEAD",
        "introduced again",
        "What to do",
        "Rotate",
        "@team0",
        "90 of 100",
        "base64",
        "CWE-798",
    ):
        assert words.lower() in told.lower()
    assert browser.run("document.querySelector('#detail mark').textContent") == "ghp_" + "*" * 16
    assert browser.run("document.querySelectorAll('#detail .timeline svg circle').length") == 4
    assert browser.run("document.querySelectorAll('.row svg').length") == 4
    drawn = browser.run("[...document.querySelectorAll('#chart g title')].map((one) => one.textContent)")
    assert sum(int(str(one).rpartition(" ")[2]) for one in drawn) == 5
    assert "branches\nb0, b1, b2, b3, b4, b5, b6, b7 and 1,003 more" in told.lower()
    links = browser.run("[...document.querySelectorAll('#detail a')].map((one) => one.rel)")
    assert links
    assert set(links) == {"noopener noreferrer"}


@needs_browser
def test_the_keyboard_is_enough(browser: Browser, tmp_path: Path) -> None:
    browser.open(page(tmp_path, report_on(*some_findings())))
    browser.run("document.getElementById('list').focus()")
    place = "document.querySelector('#detail .place').textContent"
    for key, expected in (("ArrowDown", 1), ("End", 3), ("ArrowDown", 3), ("ArrowUp", 2), ("Home", 0)):
        browser.press(key)
        assert browser.run(place) == f"dir{expected}/file.py:1"
        active = browser.run(
            "document.getElementById(document.getElementById('list').getAttribute('aria-activedescendant')).getAttribute('aria-selected')"
        )
        assert active == "true"
    browser.press("Enter")
    assert browser.run("document.activeElement.id") == "detail"
    browser.press("Escape")
    assert browser.run("document.activeElement.id") == "list"


@needs_browser
def test_a_phone_shows_list_and_finding_one_after_the_other(browser: Browser, tmp_path: Path) -> None:
    browser.open(
        page(tmp_path, report_on(*many_findings(40, path="a-very-long-folder-name/" * 8))), width=360, height=740
    )
    assert browser.run("getComputedStyle(document.getElementById('detail')).display") == "none"
    assert browser.run("document.documentElement.scrollWidth <= innerWidth") is True
    browser.run("document.querySelector('.row').click()")
    assert browser.run("getComputedStyle(document.getElementById('detail')).display") == "block"
    assert browser.run("document.activeElement.id") == "back"
    assert browser.run("document.getElementById('detail').scrollWidth <= innerWidth") is True
    browser.run("document.getElementById('back').click()")
    assert browser.run("getComputedStyle(document.getElementById('detail')).display") == "none"
    browser.run("document.getElementById('more').click()")
    assert browser.run("getComputedStyle(document.getElementById('f-order')).display") == "block"


@needs_browser
def test_ten_thousand_findings_draw_only_what_is_seen(browser: Browser, tmp_path: Path) -> None:
    browser.open(page(tmp_path, report_on(*many_findings(10_000))))
    assert browser.run("document.querySelectorAll('.row').length") < 60
    browser.run("document.getElementById('list').scrollTop = 1e9")
    browser.settle()
    assert (
        browser.run("Math.max(...[...document.querySelectorAll('.row')].map((row) => Number(row.id.slice(4))))")
        == 9_999
    )
    assert browser.run("document.querySelectorAll('.row').length") < 60
    browser.run(
        "(() => { const f = document.getElementById('f-text'); f.value = 'file1234.py'; "
        "f.dispatchEvent(new Event('input')); })()"
    )
    assert browser.run(ROWS) == ["src/file1234.py:1"]
    assert browser.complaints() == []


@needs_browser
def test_nothing_is_fetched_and_hostile_names_stay_text(browser: Browser, tmp_path: Path) -> None:
    path = page(tmp_path, report_with(token("hostile"), HOSTILE, State.IN_HEAD))
    browser.open(path)
    browser.settle()
    assert browser.requests() == [path.as_uri()]
    assert browser.complaints() == []
    assert browser.run("typeof window.hacked") == "undefined"
    assert browser.run("document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert HOSTILE in browser.run("document.querySelector('#detail .place').textContent")
    assert HOSTILE in browser.run("document.querySelector('.top .target').textContent")
    # The policy stops what the page itself would try.
    assert browser.run("fetch('http://127.0.0.1:9/x').then(() => 'went out', () => 'stopped')") == "stopped"
    assert any("Content Security Policy" in told for told in browser.complaints())


@needs_browser
def test_a_scan_of_a_history_leaves_no_secret_in_the_page(browser: Browser, tmp_path: Path) -> None:
    secret = token("page")
    repo = Repository(tmp_path / "r")
    repo.write(f"dir/{secret}.txt", f"key = {secret}\n")
    repo.commit(f"add {secret}")
    repo.git("branch", f"with-{secret}")
    repo.git("rm", "-q", "-r", "dir")
    repo.commit("remove")
    path = tmp_path / "report.html"
    assert leaksweep("scan", "--history", str(repo.path), "-f", "html", "-o", str(path)).returncode == 1
    assert secret not in path.read_text()
    browser.open(path)
    assert browser.run("document.querySelectorAll('.row').length") >= 1
    assert secret not in browser.run("document.documentElement.outerHTML")
    assert secret in rendered("html", report_with(secret, "x"), RenderOptions(show_secrets=True))


@needs_browser
def test_without_scripts_there_is_a_table(browser: Browser, tmp_path: Path) -> None:
    browser.open(page(tmp_path, report_on(*some_findings())), is_scripted=False)
    cells = browser.run("[...document.querySelectorAll('#findings td:nth-child(3)')].map((cell) => cell.innerText)")
    assert cells == [f"dir{number}/file.py:1" for number in range(4)]
    assert browser.run("document.getElementById('app').hidden") is True
    browser.open(page(tmp_path, report_on(*some_findings())))
    assert browser.run("document.querySelector('#findings table').offsetParent === null") is True


@needs_browser
def test_an_empty_report_is_calm(browser: Browser, tmp_path: Path) -> None:
    browser.open(page(tmp_path, replace(report_on(), stats=ScanStats(), rules={})))
    assert browser.run("document.querySelector('h1').innerText") == "No secrets found"
    assert browser.run("document.getElementById('app').hidden") is True
    assert browser.complaints() == []
    browser.open(page(tmp_path, report_on()))
    assert browser.run("document.querySelector('h1').innerText") == "No secrets found, but the scan is incomplete"
