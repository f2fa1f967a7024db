"""The quick look at a run lets through whatever may be encoded."""

from __future__ import annotations

import base64
import gzip

from hypothesis import given
from hypothesis import strategies as st

from scanner.decoders.clues import find_clues

TEXTS = st.text(st.characters(max_codepoint=0x2FF), min_size=30, max_size=60).map(str.encode)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=30, max_size=60).map(str.encode)
DATA = st.one_of(
    PRINTABLE,
    PRINTABLE.map(lambda text: text.decode().encode("utf-16-le")),
    TEXTS.map(lambda text: gzip.compress(text)),
)


@given(st.one_of(DATA.map(base64.b64encode), PRINTABLE.map(lambda text: text.hex().encode())))
def test_the_run_of_an_encoded_text_is_told(encoded: bytes) -> None:
    text = b'key = "' + encoded.rstrip(b"=") + b'"\n'
    assert find_clues(text, [(7, len(text) - 2)]).encoded == [(7, len(text) - 2)]
