"""Secrets as people make them up, in the places where people write them: nothing in here was ever in use."""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Iterator

_WORDS_TEXT = """
summer winter spring autumn welcome dragon monkey sunshine shadow master football baseball princess superman
batman tiger eagle falcon orange purple silver golden rocket planet thunder storm coffee cookie banana cherry
mango pepper ginger buddy charlie michael jessica ashley daniel thomas robert london berlin paris madrid boston
texas denver chicago liverpool arsenal chelsea ferrari porsche yamaha honda guitar piano hunter trouble battery
staple horse correct magic wizard castle knight ninja samurai phoenix matrix hockey soccer pokemon mustang
corvette acme corp office company finance sales deploy jenkins gitlab grafana backup oracle mysql postgres mongo
rabbit kafka elastic server staging prod happy lucky sweet secret love hello access secure super mega ultra
admin root user test demo
"""
_WORDS = _WORDS_TEXT.split()
_NUMBERS = (
    "1",
    "12",
    "123",
    "1234",
    "42",
    "99",
    "007",
    "2015",
    "2018",
    "2019",
    "2021",
    "2023",
    "77",
    "321",
    "01",
    "88",
)
_MARKS = ("!", "@", "#", "$", "!!", "!@#", "*", "?", ".", "_", "-", "&", "%", "+", "#1", "!1")
_LEET = str.maketrans("aeios", "43105")
_KEYBOARD_EASY = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_COMMON = ("P@ssw0rd", "Pa55word", "S3cret", "Adm1n", "Passw0rd", "s3cr3t", "P@55", "pAssW0rd")
_BASE62 = string.ascii_letters + string.digits


def password(draw: random.Random) -> str:
    """Return a password as people choose them: words, numbers, leet spelling, or a short random text."""
    word, other = draw.choice(_WORDS), draw.choice(_WORDS)
    number, mark = draw.choice(_NUMBERS), draw.choice(_MARKS)
    return draw.choice(
        (
            f"{word.capitalize()}{number}{mark}",
            f"{word}{number}{draw.choice(('', mark))}",
            _leet(draw, word).capitalize() + draw.choice(("", number, mark)),
            f"{word.capitalize()}{other.capitalize()}{number}",
            _leet(draw, word) + mark + _leet(draw, other),
            f"{word}{mark}{other}{draw.choice(('', number))}",
            f"{mark}{word.capitalize()}{number}",
            "".join(draw.choice("bcdfghjklmnprstvwxz") + draw.choice("aeiou") for _ in range(3)) + number,
            f"{word.capitalize()}{mark}{number}",
            draw.choice(_COMMON) + draw.choice((number, mark, number + mark, word)),
            "".join(draw.choice(_KEYBOARD_EASY) for _ in range(draw.randint(7, 12))),
            _leet(draw, word) + _leet(draw, other).capitalize() + draw.choice(("", number, mark)),
            f"{word.capitalize()}{draw.choice(('Password', 'Pass', 'Passwd', 'Pwd'))}{number}{draw.choice(('', mark))}",
        )
    )


def _leet(draw: random.Random, word: str) -> str:
    return "".join(letter.translate(_LEET) if draw.random() < 0.5 else letter for letter in word)


def token(draw: random.Random) -> str:
    """Return a random token in one of the alphabets and shapes that services use."""
    shape = draw.random()
    if shape < 0.12:
        letters = string.ascii_lowercase + (string.digits if draw.random() < 0.7 else "")
        groups = draw.choice(((8, 4, 4, 4, 12), (4, 16, 16), (6, 6, 6), (12, 8)))
        return "-".join("".join(draw.choice(letters) for _ in range(size)) for size in groups)
    if shape < 0.24:
        return "".join(draw.choice(string.ascii_lowercase) for _ in range(draw.choice((24, 26, 32, 40))))
    if shape < 0.28:
        return "".join(draw.choice(string.digits) for _ in range(draw.choice((16, 20, 24))))
    alphabet = draw.choice(
        (
            _BASE62,
            _BASE62,
            "0123456789abcdef",
            string.ascii_lowercase + string.digits,
            _BASE62 + "+/",
            _BASE62 + "-_",
            string.ascii_uppercase + string.digits,
            string.ascii_uppercase + "234567",
        )
    )
    size = draw.choice((12, 16, 20, 24, 28, 32, 32, 36, 40, 40, 43, 48, 64))
    return "".join(draw.choice(alphabet) for _ in range(size))


_NAMES = {
    "password": "password db_password passwd pwd dbPass adminPassword smtp_password mysql_pwd root_password "
    "userPassword pass DbPassword redis_pass ftp_password passphrase keystorePassword",
    "secret": "secret client_secret secretKey app_secret SECRET_KEY jwt_secret clientSecret consumer_secret "
    "session_secret aws_secret_key webhook_secret",
    "token": "token access_token authToken auth_token refresh_token api_token bot_token accessToken slack_token "
    "private_token bearer_token deploy_token",
    "key": "api_key apiKey API_KEY apikey encryption_key secret_key access_key private_key signing_key master_key "
    "app_key consumer_key encryptionKey license_key storage_key authkey",
}
_ASSIGNMENTS = (
    '{n} = "{v}"',
    "{n} = '{v}'",
    "{n}: {v}",
    '{n}: "{v}"',
    '  "{n}": "{v}",',
    "{N}={v}",
    'export {N}="{v}"',
    "<{n}>{v}</{n}>",
    '<add key="{n}" value="{v}" />',
    "define('{N}', '{v}');",
    "'{n}' => '{v}',",
    '{n} := "{v}"',
    '$this->{n} = "{v}";',
    'private static final String {N} = "{v}";',
    "const {n} = `{v}`;",
    'if ({n} == "{v}") {{',
    "ENV {N}={v}",
    "# {n}: {v}",
    "Server=db;User Id=sa;{n}={v};Encrypt=true",
    "{n}={v}&user=a",
    '\\"{n}\\":\\"{v}\\"',
    'connect(host="h", user="u", {n}="{v}")',
    'set{n}("{v}");',
    'let {n}: &str = "{v}";',
    '        {n}: "{v}" # prod',
    '{n} = os.getenv("{N}", "{v}")',
    'assert {n} == "{v}"',
    "spring.datasource.{n}={v}",
    "db.{n} = {v}",
    "{n} - '{v}'",
    "the {n} is {v}, and it works",
)
_PASSWORD_PLACES = (
    "postgres://app:{v}@db.acme.io:5432/app",
    "  url: amqp://worker:{v}@mq:5672/v",
    "redis://:{v}@cache.acme.net:6379/0",
    "git clone https://bot:{v}@git.acme.com/x.git",
    '"ftp://deploy:{v}@ftp.acme.com/pub",',
    "MONGO_URL='mongodb://root:{v}@mongo/admin'",
    "http://admin:{v}@10.0.0.5:8080/",
    "tool login --user admin --password {v} --url x",
    'curl --user "admin:{v}" https://x',
    "Invoke-Thing -Password {v}",
    "net user bob {v} /add",
    "CREATE USER app IDENTIFIED BY '{v}';",
    "requirepass {v}",
    "ALTER ROLE x WITH PASSWORD '{v}';",
    "machine h login u password {v}",
    "conn.login('me@acme.io', '{v}')",
    'HTTPBasicAuth("admin", "{v}")',
    'client.authenticate("root", "{v}");',
)
_TOKEN_PLACES = (
    "Authorization: Bearer {v}",
    '"Authorization": "token {v}"',
    "Authorization: {v}",
    "-H 'Authorization: Bearer {v}'",
    "tool --token {v} run",
    '--api-key "{v}"',
    "_auth = {v}",
    "&oauth_verifier={v}",
    '"auth": "{v}"',
)


def lines(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield about `count` made-up lines, each with the secret in it; the same ones for the same seed."""
    draw = random.Random(seed)
    for _ in range(count):
        part = draw.random()
        if part < 0.25:
            place = draw.choice(_PASSWORD_PLACES)
            value = password(draw) if draw.random() < 0.7 else token(draw)[:24]
            if not set(value) & set("\"'/@:$;|<>() "):
                yield place.format(v=value), value
        elif part < 0.33:
            value = token(draw)
            yield draw.choice(_TOKEN_PLACES).format(v=value), value
        elif part < 0.37:
            pair = f"{draw.choice(('admin', 'deploy', 'bot', 'svc'))}:{draw.choice((password, token))(draw)}"
            value = base64.b64encode(pair.encode()).decode()
            yield f"Authorization: Basic {value}", value
        else:
            yield from _assignment(draw)


def _assignment(draw: random.Random) -> Iterator[tuple[str, str]]:
    kind = draw.choice(("password", "password", "password", "secret", "token", "key"))
    name, place = draw.choice(_NAMES[kind].split()), draw.choice(_ASSIGNMENTS)
    value = password(draw) if kind == "password" and draw.random() < 0.75 else token(draw)
    is_bare = '"{v}' not in place and "'{v}" not in place
    if not (set(value) & set("\"'`") or (is_bare and set(value) & set("$&;,<>|()"))):
        yield place.format(n=name, N=name.upper(), v=value), value
