"""Generic secrets are told from code, placeholders and references by their context."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.engine.features import NAMES, features
from scanner.engine.hit import Hit
from scanner.engine.judge import verdict
from scanner.engine.kinds import KINDS
from scanner.engine.matcher import Engine
from scanner.model import Match
from scanner.ruleset import load_ruleset
from tests.training.candidates import invented
from tests.training.invented import lines, password

RULESET = load_ruleset()
PAIRS = [pair for pair in zip(RULESET.rules, RULESET.anchors, strict=True) if pair[0].judge]
JUDGED = {rule.id: rule for rule, _ in PAIRS}
ENGINE = Engine([rule for rule, _ in PAIRS], [anchor for _, anchor in PAIRS])


def shown(line: str) -> list[Match]:
    """Return the matches of a line that a default report shows."""
    return [match for match in ENGINE.search(line.encode()).matches if match.confidence != "low"]


@pytest.mark.parametrize(
    "line",
    [
        'password = "{}"',
        "password: {}",
        "DB_PASSWORD={}",
        '{{"user": "app", "password": "{}"}}',
        "<password>{}</password>",
        '<add key="DbPassword" value="{}"/>',
        "setPassword('{}');",
        "if (password == '{}') {{",
        "Server=sql;Uid=app;Pwd={};Encrypt=true",
        "config.smtp_password = '{}' # mail",
        'password = os.environ.get("PASSWORD", "{}")',
        '"{{\\"password\\": \\"{}\\"}}"',
        "ALTER ROLE app WITH PASSWORD '{}';",
        "nats://worker:{}@mq.acme-corp.net:4222",
        "conn.login('me@acme-corp.net', '{}')",
    ],
)
def test_a_password_that_people_choose_is_shown_in_any_format(line: str) -> None:
    for word, number in (("Tr0ub4dor", ""), ("hunter", "42!"), ("Winter", "2019!")):
        secret = word + number
        assert [match.secret.value for match in shown(line.format(secret))] == [secret]


@pytest.mark.parametrize(
    "line",
    [
        "password = get_password()",
        'password: "Enter your password"',
        'password = "changeme"',
        "passive=attributes.X",
        "self.password = password",
        'password = os.environ["DB_PASSWORD"]',
        "password: ${DB_PASSWORD}",
        "DB_PASSWORD=$(cat /run/secrets/db)",
        "password: !vault |",
        'password = "%s" % value',
        "String password;",
        "password: string;",
        'def login(user, password="", domain=None):',
        '"MANDATORY_PASSWORD": "Fournissez un mot de passe.",',
        'token_url = "https://auth.acme-corp.net/oauth2/token"',
        'public_key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8GdwtibWe0kpgs"',
        'key = "customer_identifier"',
        "const PASS8 = 0x08000000;",
        'auth = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="',
        "mysql -u root -p shop",
        "https://user:password@acme-corp.net/",
        "the key: value pairs of a mapping",
        "secret: ENC[AES256_GCM,data:Tr8mQz,iv:Yx0=,tag:8s=,type:str]",
        "passphrase: vault:secret/data/app#passphrase",
    ],
)
def test_code_placeholders_references_and_words_are_not_shown(line: str) -> None:
    assert shown(line) == []


def test_most_made_up_secrets_are_likely_whatever_their_seed() -> None:
    found = [verdict(one.hit, one.kind).confidence == "medium" for one in invented(seed=99, count=400)]
    assert sum(found) / len(found) > 0.93


def test_the_rules_find_the_made_up_secrets_in_their_lines() -> None:
    found = [
        secret in {m.secret.value for m in ENGINE.search(line.encode()).matches} for line, secret in lines(98, 400)
    ]
    assert sum(found) / len(found) > 0.93


def test_a_low_one_is_a_match_that_the_default_does_not_show() -> None:
    matches = ENGINE.search(b'password = "attributes"\n').matches
    assert [match.confidence for match in matches] == ["low"]


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=300), st.text(max_size=300), st.text(max_size=100), st.sampled_from(KINDS))
def test_any_text_has_finite_features_and_a_probability(secret: str, before: str, after: str, kind: str) -> None:
    hit = Hit(before + secret + after, len(before), len(before) + len(secret), 0, min(5, len(before)))
    assert len(features(hit, kind)) == len(NAMES)
    assert 0.0 < verdict(hit, kind).probability < 1.0


def test_a_verdict_depends_on_nothing_but_the_line() -> None:
    draw = random.Random(7)
    for _ in range(50):
        line = f'password = "{password(draw)}"'.replace("\n", "")
        alone = [(m.confidence, m.secret.value) for m in ENGINE.search(line.encode()).matches]
        between = [(m.confidence, m.secret.value) for m in ENGINE.search(f"x = 1\n{line}\ny = 2\n".encode()).matches]
        assert alone == between


def test_what_follows_the_name_is_the_same_in_all_assignment_rules() -> None:
    assignments = [rule for rule in JUDGED.values() if rule.id.endswith("-assignment")]
    assert len({rule.pattern.partition("\n")[2] for rule in assignments}) == 1
    assert len(assignments) >= 5
