"""Base64 is read to its end, whatever stands for its line ends."""

from __future__ import annotations

import base64

import pytest

from scanner.containers.opening import kind_inside
from scanner.decoders.clues import find_clues, left_edge
from scanner.decoders.runs import Run, find_runs
from scanner.engine.candidates import long_runs

SAID = b'{"name": "value", "text": "' + b"several lines of what a server said, " * 6 + b'"}'


def runs(text: bytes) -> list[Run]:
    clues = find_clues(text, long_runs(text))
    return list(find_runs(text, clues.encoded, is_container=lambda sample: bool(kind_inside(sample))))


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\n    ", rb"\n", rb"\r\n", rb"\\n", rb"\\r\\n"])
def test_wrapped_base64_is_one_run(line_end: bytes) -> None:
    encoded = base64.encodebytes(SAID).strip().replace(b"\n", line_end)
    (run,) = runs(b'{"body": "' + encoded + b'", "version": null}')
    assert run.data == SAID


def test_a_path_behind_base64_is_no_line_of_it() -> None:
    encoded = base64.b64encode(SAID[:45])
    (run,) = runs(b'x = "' + encoded + rb"\network\shared" + b'"')
    assert run.data == SAID[:45]


def test_the_edge_of_each_run_is_that_of_all_base64_before_it() -> None:
    text = b'x = "' + b"+/".join(base64.b64encode(bytes([number] * 30)) for number in range(200)) + b'"; y'
    starts = [start for start, _ in long_runs(text) if text[start - 1] in b"+/"]
    assert {left_edge(text, start) for start in starts} <= {5, *(start - 2_048 for start in starts)}
    assert left_edge(text, 900, floor=800) == 800
