"""What documentation and tests write in the place of a secret (docs/judge.md lists the sources)."""

from __future__ import annotations

import re
from itertools import pairwise

from scanner.engine.hit import Hit

_PLAIN_WORDS = """
changeme change replaceme replace insert enter fill your yours example sample demo dummy fake mock foo bar baz
qux foobar test tests testing placeholder redacted removed masked hidden secret secrets super my top password
passwords passw0rd passwd pass pwd hunter2 letmein qwerty abc abcdef deadbeef cafebabe todo tbd none null nil
undefined empty na n/a default string value key keys token tokens api apikey lorem ipsum here goes this the
with put a an is not real some any me to it in of do use invalid user username usr admin root login auth
access client app id name data base bucket text credential credentials private public account service server
host db database secure valid bogus stub 123 1234 12345 123456 1234567 12345678 123456789 1234567890
0123456789 пароль 密码 contraseña passwort sekrit hackme mot de passe blah correct wrong right bad good old new
other secondary hello world guest temp tmp whatever
"""
_WORDS = (
    *_PLAIN_WORDS.split(),
    *(f"p{a}ssw{o}rd" for a in "a4@" for o in "o0"),
    *(f"s{e}cr{f}t{s}" for e in "e3" for f in "e3" for s in ("", "s")),
)
_WORDS_BY_FIRST = {first: tuple(w for w in _WORDS if w[0] == first) for first in {word[0] for word in _WORDS}}


def is_made_of_words(text: str) -> bool:
    """Return whether `text` is nothing but placeholder words, separators, runs such as `xxx` and `000`, and a number.

    The number has up to three digits. Linear in the length, where one pattern for all of this backtracks without end.
    """
    text = text.lower()
    size = len(text)
    reached = [True] + [False] * size
    for at, character in enumerate(text):
        if not reached[at]:
            continue
        if at and size - at <= 3 and text[at:].isascii() and text[at:].isdigit():
            return True
        if character in "01" or not character.isalnum():
            reached[at + 1] = True
        if character in "xyz":
            run = size - at - len(text[at:].lstrip(character))
            reached[at + 3 : at + run + 1] = [True] * max(0, run - 2)
        for word in _WORDS_BY_FIRST.get(character, ()):
            if text.startswith(word, at):
                reached[at + len(word)] = True
    return size > 0 and reached[size]


_TELLTALE = re.compile(
    r"(?i)example|placeholder|redacted|removed|changeme|change[_-]me|replace[_-]?(?:me|with|this)|insert[_-]|"
    r"your[_-]?(?:own[_-]?)?(?:api|key|token|secret|password|client|access)|[_-]here\b|goes[_-]?here|"
    r"not[_-]?(?:a[_-]?)?real|dummy|sample|do[_-]not[_-]use|xxxx|\.\.\.|…|\*\*\*\*|notsosecret|fake[_-]|[_-]fake|"
    r"put[_-]your|lorem|^&lt;|^my[_-]?(?:pass|secret|token|api|key|client)|^(?:test|fake|mock|dummy|some|any)[_-]?"
    r"(?:pass|secret|token|api|key|client|auth|access|refresh|value)[a-z_-]*\d{0,3}$"
)
_BRACKETED = re.compile(
    r"<[^<>\n]*>|\[[^\[\]\n]*\]|\{[^{}\n]*\}|%[A-Za-z_]\w*%|__\w+__|\([^\n]*\)|"
    r"#+[^#]*#+|\{\{?[^{}]*\}?\}|<<?\w[\w -]*>?>"
)


_VARIABLE = re.compile(r"(?=[A-Z0-9_]*(?:PASS|SECRET|TOKEN|KEY|CREDENTIAL))[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
"""The name of the variable that has the secret."""

_CHOSEN = re.compile(
    r"(?:[A-Z][a-z]{2,10}){2,4}[0-9]{2,4}[!?.#*@$]{0,2}|[A-Za-z]{4,12}[!@#$%^&*?]{1,4}[0-9]{2,4}[!?#*]?"
)
"""Placeholder words put together as a password policy wants it are a weak password, and left to the judge."""


def is_placeholder(hit: Hit) -> str | None:
    """Drop what documentation writes in the place of a secret."""
    secret = hit.secret
    if len(secret) <= 200 and (is_made_of_words(secret) or _BRACKETED.fullmatch(secret)):
        return None if _CHOSEN.fullmatch(secret) else "placeholder"
    if len(secret) <= 80 and _VARIABLE.fullmatch(secret):
        return "placeholder"
    if "EXAMPLE" in secret or (len(secret) <= 120 and _TELLTALE.search(secret)):
        return None if _CHOSEN.fullmatch(secret) else "placeholder"
    return None


def is_unfilled(hit: Hit) -> str | None:
    """Drop what asks to be filled in, and nothing else that `is_placeholder` drops: `password` may be the password."""
    secret = hit.secret
    return "placeholder" if _BRACKETED.fullmatch(secret[:200]) or _TELLTALE.search(secret[:120]) else None


_BLOCK_REPEATED = re.compile(r"(.{1,3}?)\1{3,}|(.{4,12}?)\2{8,}")
_LONG_BLOCK_REPEATED = re.compile(r"(.{4,16}?)\1+")


def is_repeated(hit: Hit) -> str | None:
    """Drop a text of few different characters, or of one very short block over and over."""
    secret = hit.secret
    body = secret[4:] if len(secret) >= 20 else secret
    if len(body) >= 16 and len(set(body)) < 6:
        return "repeated characters"
    if len(set(secret)) <= 2 and len(secret) >= 4:
        return "repeated characters"
    found = _BLOCK_REPEATED.search(secret[:400])
    if found and len(found[0]) >= max(8, len(secret) // 2):
        return "repeated characters"
    return None


_KEYBOARD = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1234567890",
    "0987654321",
    "abcdef0123456789",
    "0123456789abcdef",
)


def is_sequence(hit: Hit) -> str | None:
    """Drop a text that mostly runs along the alphabet, the digits or the keyboard."""
    secret = hit.secret.lower()
    if len(secret) > 200:
        return None
    longest = run = 1
    for previous, current in pairwise(secret):
        run = run + 1 if ord(current) - ord(previous) == 1 and current.isalnum() else 1
        longest = max(longest, run)
    if longest >= 10 or (longest >= 6 and longest * 2 >= len(secret)):
        return "sequence"
    if any(row in secret and len(row) * 2 >= len(secret) for row in _KEYBOARD):
        return "sequence"
    return None


def is_regular(hit: Hit) -> str | None:
    """Drop a text with a keyboard row in it, or of one block over and over: where no format vouches for it."""
    secret = hit.secret
    if any(row in secret.lower() for row in _KEYBOARD) and len(secret) <= 200:
        return "sequence"
    found = _LONG_BLOCK_REPEATED.search(secret[:400])
    return "repeated characters" if found and len(found[0]) >= max(12, len(secret) * 2 // 3) else None


_DOCUMENTED_STARTS = (
    "wJalrXUtnFEMI",
    "je7MtGbClwBF",
    "Eby8vdM0",
    "C2y6yDjf5",
    "sk_test_4eC39H",
    "sk_test_BQokik",
    "6LeIxAcTAAAAA",
    "_5#y2L",
    "123456:ABC-DEF1234",
    "110201543:",
    "0xac0974be",
    "JBSWY3DPEHPK3PXP",
    "GEZDGNBVGY3TQOJQ",
    "QWxhZGRpbjpvcGVuIHNlc2FtZ",
    "2YotnFZFEjr1zCsicMWpAA",
    "tGzv3JOkF0XG5Qx2TlKWIA",
    "mF_9.B5f-4.1JqM",
    "czZCaGRSa3F0Mz",
    "7Fjfp0ZBr1KtDRbnfVdmIw",
    "gX1fBat3bV",
    "SplxlOBeZQQYbYS6WxSbIA",
    "8xLOxBtZp8",
    "45ghiukldjahdnhzdauz",
    "wOJIO9A2W5mFwDgiDvZbTSMK",
    "0685bd9184jfhq22",
    "ad180jjd733klru7",
    "h480djs93hd8",
    "dpf43f3p2l4k3l03",
    "kd94hf93k423kf44",
    "nnch734d00sl2jdk",
    "pfkkdhi9sl3r4s00",
    "hh5s93j4hdidpola",
    "hdhd0244k9j7ao03",
    "9djdj82h48djs9d2",
    "kkk9d7dh3k39sjv7",
    "j49sk3j29djd",
    "bYT5CMsGcbgUdFHObYMEfcx6bsw",
    "djosJKDKJSD8743243",
    "192b9bdd22ab9ed4d12e236c78afcb9a",
    "5f352379324c22463451387a0aec5d2f",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkw",
)
"""How the values begin that vendors print in their documentation: cloud, payment, captcha, chat and wallet keys,
and those of RFC 5849, 6749, 6750 and 7662 and of a web framework's configuration page."""

_DOCUMENTED = re.compile(
    r"(?:POSTMARK_API_TEST|DEMO_KEY|sk-1234|ThisTokenIsNotSoSecretChangeIt|put your unique phrase here|"
    r"devstoreaccount1|x-oauth-basic|x-access-token|x-token-auth|UseDevelopmentStorage(?:=true)?;?|"
    r"[123]x0{8,}\w{0,12}AA|0x0{40}|AC(.)\1{31}|(?:abandon ){11}about|(?:test ){11}junk|"
    r"myth like bonus\b.*)"
)


def is_documented(hit: Hit) -> str | None:
    """Drop the values that vendors print in their documentation for everybody to copy."""
    secret = hit.secret
    if secret.startswith(_DOCUMENTED_STARTS) or _DOCUMENTED.fullmatch(secret):
        return "documented example"
    return None


_LOCAL = re.compile(
    r"(?i)localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1\]?|\bdb\b|host\.docker\.internal|\.local\b|\.test\b|example\.(?:com|org|net)"
)
_LOCAL_DEFAULTS_TEXT = """
postgres root admin password guest minioadmin changeme neo4j test secret homestead airflow keycloak sonar user
pass masterkey dummy example changeit vagrant mysql redis mongo elastic rabbitmq docker
"""
_LOCAL_DEFAULTS = frozenset(_LOCAL_DEFAULTS_TEXT.split())


def is_local_default(hit: Hit) -> str | None:
    """Drop the well-known default password of a service, if the host on the line is local."""
    if hit.secret.lower() in _LOCAL_DEFAULTS and _LOCAL.search(hit.before + " " + hit.after):
        return "local default"
    return None
