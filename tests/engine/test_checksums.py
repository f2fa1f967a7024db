"""Checksums are right on what they complete, and on nothing else."""

from __future__ import annotations

import pytest

from scanner.engine import checksums
from scanner.engine.templates import expand

TEMPLATES = {
    "crc32-base62": "ghp_{{base62:30}}{{checksum}}",
    "crc32-hex-upper": "ATBB{{base62:24}}{{checksum}}",
    "crc32-hex-body40": "cfut_{{base62:40}}{{checksum}}",
    "crc32-hex-little-endian": "glsa_{{base62:32}}_{{checksum}}",
    "bech32": "nsec1{{bech32:52}}{{checksum}}",
    "base58check": "{{base58check:80:32:01}}",
    "nkey-crc16": "{{nkey-seed}}",
    "base64-login": "{{base64-of:ann:<password:14>}}",
    "base64-32-bytes": "{{base64:42}}A=",
    "base64-json": '{{base64-of:{"a":1}}}',
    "jwt-header": "{{jwt}}",
}


def test_every_checksum_is_tried_here() -> None:
    assert set(TEMPLATES) == checksums.NAMES


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name != "base64-json"])
def test_a_whole_secret_passes_and_a_changed_one_does_not(name: str) -> None:
    for seed in range(20):
        secret = expand(
            TEMPLATES[name], seed=f"{name} {seed}", checksum=name if "{{checksum}}" in TEMPLATES[name] else None
        )
        assert checksums.is_valid(name, secret)
        assert not checksums.is_valid(name, "zz" + secret[1:-3])


def test_bech32_agrees_with_its_specification() -> None:
    # BIP 173, test vectors: the valid text `a12uel5l`, whose checksum is all behind the separator.
    assert checksums.bech32("a1") == "2uel5l"
    assert checksums.bech32("A1") == "2UEL5L"
    assert checksums.bech32("split1checkupstagehandshakeupstreamerranterredcaperred") == "2y9e3w"


@pytest.mark.parametrize("name", sorted(checksums.NAMES))
@pytest.mark.parametrize("secret", ["", "1", "=", "a" * 500, "\udcfe\udced", "é" * 40])
def test_foreign_text_is_judged_without_an_error(name: str, secret: str) -> None:
    assert checksums.is_valid(name, secret) in (True, False)
