"""Wherever a text is put together over a line end, one of the two lines alone tells that it may be."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanner.decoders.joins import find_joins
from scanner.decoders.triggers import loose_ends, put_together
from scanner.engine.candidates import long_runs

RUN = b"0123456789abcdefABCDEF"
SIGNS = (b'"', b"'", b"`", b'"""', b"+", b".", b"..", b"&", b"<>", b"||")
SPACES = (b" ", b"\t", b"\n", b"\r\n", b"\\\n", b"\n\n")
SEAMS = (b'" +\n"', b'"\n  + "', b'"\n"', b"`\n+ `")
PIECES = st.sampled_from([*SIGNS, *SPACES, *SEAMS, RUN, b"a", b"b", b"f", b"x.y"])


def seams(text: bytes) -> list[tuple[int, int]]:
    return [(edit.start, edit.end) for edit in find_joins(text, long_runs(text))]


def is_loose(line: bytes) -> bool:
    """Return whether a line by itself tells that it may go on beyond one of its ends."""
    return bool(loose_ends(line, long_runs(line)))


def goes_on(found: list[tuple[int, int]], text: bytes, start: int) -> bool:
    """Return whether a seam before `start`, next to which everything is looked at, is no more than a line away."""
    return any(end <= start and text.count(b"\n", end, start) <= 1 for _, end in found)


@settings(max_examples=600)
@given(st.lists(PIECES, max_size=24).map(b"".join))
@example(b'x = "0123456789abcdefABCDEF"\n"b"\n')
@example(b"x = '0123456789abcdefABCDEF' \\\r\n  . 'b'\n")
@example(b'"a"\n  + \n"b"\n')
@example(b'"0123456789abcdefABCDEF"\n"b"\n"c"\n')
@example(b'"b"\n.\n"0123456789abcdefABCDEF"\n')
def test_one_of_both_lines_at_a_seam_tells_of_it(text: bytes) -> None:
    text += b"\n"
    found = seams(text)
    for start, end in found:
        for at in range(start, end):
            if text[at] != 10:
                continue
            above = text[text.rfind(b"\n", 0, at) + 1 : at + 1]
            below = text[at + 1 : text.find(b"\n", at + 1) + 1 or len(text)]
            assert is_loose(above) or is_loose(below) or goes_on(found, text, start), (text, at)
            for place in (at, at + 1):
                assert (start, end) in put_together(text, [place], long_runs=long_runs), (text, at)


def test_a_text_of_many_lines_is_not_put_together_with_what_stands_beside_it() -> None:
    for text in (b'"""%s"""\n', b'x = "a"\n"""%s\n"""\n', b"`a` `%s`\n", b'"a"\n\n"%s"\n', b'"a"\n\n+ "%s"\n'):
        assert not seams(text % RUN), text
    for text in (b"`a` + `%s`\n", b'"a"\n"%s"\n', b'"a"\n+ "%s"\n'):
        assert seams(text % RUN), text
