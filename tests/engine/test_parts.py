"""Lines searched by themselves and blocks searched by themselves give what the whole gives."""

from __future__ import annotations

from scanner.engine.hits import Hits
from scanner.engine.matcher import Engine
from scanner.engine.templates import expand
from scanner.ruleset import load_ruleset
from tests.repositories import token


def both(engine: Engine, data: bytes) -> Hits:
    lines = engine.search_lines(data)
    lines.merge(engine.search_blocks(data, lines.blocks))
    return lines


def test_lines_and_blocks_together_are_a_search() -> None:
    ruleset = load_ruleset([], use_default_rules=True, only=())
    engine = Engine(ruleset.rules, ruleset.anchors)
    pem = expand("-----BEGIN RSA PRIVATE KEY-----\n{{pem-body:12}}\n-----END RSA PRIVATE KEY-----", seed="a")
    password = expand('password = "{{password:14}}"', seed="b")
    data = f"x = {token('a')}\n{pem}\n{password}\n{token('b')} {token('a')}\n".encode()
    found = engine.search(data)
    assert {match.rule_id for match in found.matches} >= {"private-key-pem", "generic-password-assignment"}
    assert engine.judge(data, both(engine, data)) == found
    assert engine.search_lines(data).blocks
    assert not engine.search_lines(b"nothing\n").blocks
