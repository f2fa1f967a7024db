"""What stands around a secret: encoded data, URLs that show a form, names of things."""

from __future__ import annotations

import hashlib
import random
import string

import pytest

from scanner.engine.contexts import is_digest, is_inside_blob, is_key, is_url_sample
from scanner.engine.encoded import is_user_name
from scanner.engine.hit import Hit
from scanner.engine.shapes import is_code, is_identifier, is_named_otherwise, is_word

DIGEST = hashlib.sha256(b"the content of a file").hexdigest()
BASE64 = string.ascii_letters + string.digits + "+/"


def hit(line: str) -> Hit:
    """Return the hit of a line whose secret stands between two `|`, which are left out, and its name before a `~`."""
    before, secret, after = line.split("|")
    name, mark, rest = before.partition("~")
    text = name + rest + secret + after
    return Hit(text, len(name + rest), len(name + rest + secret), 0, len(name) if mark else 0)


@pytest.mark.parametrize(
    "line",
    [
        "ssh://user:|passw|@rd@host:1234/",
        "redis://user:|p,a@ss|@localhost:6379/0",
        "http://user%40email:|pass%2Fword|@example.com/",
        "http://:|pa;ss|@host/",
    ],
)
def test_a_url_that_shows_a_form_is_no_secret(line: str) -> None:
    assert is_url_sample(hit(line))


@pytest.mark.parametrize(
    "line",
    [
        "redis://:|correct-horse-42|@cache.acme-corp.net/0",
        "ssh://deploy:|passw|@rd@host:1234/",
        "http://user:|x8!kQ;2p|@example.com/",
        "password: |p,a@ss|",
        "redis://:|secret|@cache.acme-corp.net/0",
    ],
)
def test_a_url_that_could_be_in_use_is_kept(line: str) -> None:
    assert is_url_sample(hit(line)) is None


def test_a_token_inside_of_base64_is_none() -> None:
    draw = random.Random(3)
    blob = "".join(draw.choices(BASE64, k=60))
    token = "".join(draw.choices(string.ascii_letters, k=40))
    assert is_inside_blob(hit(f"{blob}/|{token}|+{blob}"))
    assert is_inside_blob(hit(f"{blob}/|{token}|"))
    for before in ("token=", "https://hooks.acme-corp.net/services/", "Authorization=Bearer+", '"'):
        assert is_inside_blob(hit(f"{before}|{token}|")) is None


def test_a_word_is_no_random_text() -> None:
    for text in ("Clusters", "queueFleetAssociations", "animate", "NSPagination"):
        assert is_word(hit(f'key~: "|{text}|"'))
    assert is_word(hit('key~", "|12039611435714932082|"'))
    for text in ("QzXvKpWjTbNd", "a1b2c3d4", "qwrtzpsdfg"):
        assert is_word(hit(f'api_key~ = "|{text}|"')) is None
    assert is_word(hit('ovh_key~ = "|1203961143571493|"')) is None


def test_a_password_that_differs_from_the_user_by_what_it_is() -> None:
    assert is_user_name(hit("netrc_user:|netrc_pass|"))
    assert is_user_name(hit("deploy:|deploy|"))
    assert is_user_name(hit("deploy:|deploy7pass|")) is None


def test_what_follows_the_name_of_a_hash_function_is_a_digest() -> None:
    for before in ("a/b.py,sha256=", "image@sha256:", 'md5: "', "sha512-"):
        assert is_digest(hit(f"{before}|YCtUuzsEuu|"))
    for before in ("key=", "sha256_key=", "hash "):
        assert is_digest(hit(f"{before}|YCtUuzsEuu|")) is None


@pytest.mark.parametrize("name", ["nextPageToken", "next_token", "NextToken", "oauth_nonce", "clientRequestToken"])
def test_what_tells_one_request_from_another_opens_nothing(name: str) -> None:
    assert is_named_otherwise(hit(f'{name}~: "|eav1OzQB0OM8rLdGXOEsyQWSG|"'))


@pytest.mark.parametrize("name", ["statuspage_token", "token", "access_token", "oauth_token", "context_token"])
def test_a_token_that_opens_something_keeps_its_name(name: str) -> None:
    assert is_named_otherwise(hit(f'{name}~: "|eav1OzQB0OM8rLdGXOEsyQWSG|"')) is None


def test_a_name_with_a_version_in_it_is_a_name_unless_it_is_a_password() -> None:
    for text in ("V1SecretProjection", "google_oauth2_credentials"):
        assert is_identifier(hit(f"secret~: '|{text}|'"))
        assert is_identifier(hit(f"password~: '|{text}|'")) is None


@pytest.mark.parametrize(
    "line",
    [
        rf'"src\/Auth\/PasswordReset.php":"|{DIGEST[:32]}|"',
        f'"lib/fields/types/password.rb": "|{DIGEST[:40]}|",',
        f"'app/secret_token.js' => '|{DIGEST[:8]}|',",
    ],
)
def test_the_digest_of_a_named_file_is_no_secret(line: str) -> None:
    assert is_digest(hit(line))


@pytest.mark.parametrize("line", [f'"password": "|{DIGEST[:32]}|"', f'password.rb = "|{DIGEST[:8]}|"'])
def test_a_value_of_no_file_stays(line: str) -> None:
    assert not is_digest(hit(line))


@pytest.mark.parametrize(
    "line", ['{"id":"jwt.hardcoded-jwt-key","|properties|":{"a": 1}}', r"\"bind-without-password\", \"|shortlink|\":"]
)
def test_the_next_key_is_no_value(line: str) -> None:
    assert is_key(hit(line))


@pytest.mark.parametrize("line", ['"password": "|properties|", "a": 1', "a ? 'x' : ok, '|pa55w0rd|' :: text"])
def test_a_value_is_no_key(line: str) -> None:
    assert not is_key(hit(line))


@pytest.mark.parametrize(
    "secret",
    ["npm:^5.0.0", "workspace:*", "PBKDF2WithHmacSHA256", "AES/CBC/PKCS5Padding", "SHA256withRSA"],
)
def test_versions_and_algorithms_are_names(secret: str) -> None:
    assert is_identifier(hit(f'minipass~: "|{secret}|"'))


@pytest.mark.parametrize("secret", ["5426011294873700", "npmpass:7k", "withLove4u", "sha256bit"])
def test_numbers_and_passwords_are_none(secret: str) -> None:
    assert not is_identifier(hit(f'password~: "|{secret}|"'))


@pytest.mark.parametrize(
    "line",
    [
        "'withCredentials~': |defaultToConfig2|,",
        '"secret~": |currentValue|}',
        "client_secret~: |_SecretValue_3dd0ddae|,",
    ],
)
def test_a_name_without_quotes_is_code(line: str) -> None:
    assert is_code(hit(line))
