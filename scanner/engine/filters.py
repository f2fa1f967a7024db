"""Ordered reasons to drop a match. Each filter looks at one match and returns a reason or None.

The facts behind them: documented example values, placeholder words and references of the vendors' own
documentation, listed in docs/rules.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from scanner.model import Rule


class Hit(NamedTuple):
    """A secret in its window: `text[start:end]`."""

    text: str
    start: int
    end: int

    @property
    def secret(self) -> str:
        """Return the part that must stay private."""
        return self.text[self.start : self.end]

    @property
    def before(self) -> str:
        """Return what stands before the secret on its line, at most 120 characters."""
        return self.text[max(0, self.start - 120) : self.start].rpartition("\n")[2]

    @property
    def after(self) -> str:
        """Return what stands behind the secret on its line, at most 60 characters."""
        return self.text[self.end : self.end + 60].partition("\n")[0]

    @property
    def is_quoted(self) -> bool:
        """Return whether a quote stands on both sides."""
        return self.text[self.start - 1 : self.start] in tuple("'\"`") and self.text[self.end : self.end + 1] in tuple(
            "'\"`\\"
        )


Filter = Callable[[Hit], str | None]

_PLACEHOLDER_WORDS = (
    "changeme|change|replaceme|replace|insert|enter|fill|your|yours|example|sample|demo|dummy|fake|mock|foo|bar|baz|"
    "qux|foobar|tests?|testing|placeholder|redacted|removed|masked|hidden|secrets?|super|my|top|passwords?|passw0rd|"
    "passwd|pass|pwd|hunter2|letmein|qwerty|abc|abcdef|deadbeef|cafebabe|todo|tbd|none|null|nil|undefined|empty|n/?a|"
    "default|string|value|keys?|tokens?|api|apikey|lorem|ipsum|here|goes|this|the|with|put|a|an|is|not|real|some|any|"
    "me|to|it|in|of|do|use|invalid|user|username|usr|admin|root|login|auth|access|client|app|id|name|data|base|bucket|"
    "text|credentials?|private|public|account|service|server|host|db|database|secure|valid|bogus|stub|xxx+|yyy+|zzz+|"
    "0+|1+|123|1234|12345|123456|1234567|12345678|123456789|1234567890|0123456789|пароль|密码|contraseña|passwort|"
    "mot|de|passe"
)
_PLACEHOLDER = re.compile(rf"(?i)(?:{_PLACEHOLDER_WORDS}|[\W_]+)+[0-9]{{0,3}}")
_TELLTALE = re.compile(
    r"(?i)example|placeholder|changeme|change[_-]me|change[_-]this|replace[_-]?me|replace[_-]with|insert[_-]|redacted|"
    r"your[_-]|your(?:api|key|token|secret|password|client|access)|[_-]here\b|goes[_-]?here|not[_-]?(?:a[_-]?)?real|"
    r"dummy|sample|do[_-]not[_-]use|xxxx|\.\.\.|…|\*\*\*\*|notsosecret|fake[_-]|[_-]fake|put[_-]your|lorem"
)
_BRACKETED = re.compile(r"<[^<>\n]*>|\[[^\[\]\n]*\]|\{[^{}\n]*\}|%[A-Za-z_]\w*%|__\w+__|\(.*\)|#+[^#]*#+")


def is_placeholder(hit: Hit) -> str | None:
    """Drop what documentation writes in the place of a secret."""
    secret = hit.secret
    if len(secret) <= 200 and (_PLACEHOLDER.fullmatch(secret) or _BRACKETED.fullmatch(secret)):
        return "placeholder"
    if len(secret) <= 120 and _TELLTALE.search(secret):
        return "placeholder"
    return None


_BLOCK_REPEATED = re.compile(r"(.{1,8}?)\1{3,}")


def is_repeated(hit: Hit) -> str | None:
    """Drop a text of few different characters, or of one short block over and over."""
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
    if any(row in secret for row in _KEYBOARD):
        return "sequence"
    return None


_REFERENCE = re.compile(
    r"""(?ix)
    ^\$\{? | \$\{ | ^\$\( | \{\{ | ^\{%|%\}$ | ^<% | \#\{ | ^%\w+%$ | ^%\( | ^%[sd]\b | ^\{\w*\}$ | \[\[ |
    ^(?:op|vault|doppler|infisical|keyring|keychain|akv|ssm|awssm|sm|gcpsm|ref\+\w+|file|fileb|secretref)://? |
    ^vault: | ^secret/data/ | ^arn:aws[\w-]*: |
    ^projects/[^/]+/secrets/ | ^@microsoft\.keyvault | ^!(?:ref|sub|getatt|reference)\b |
    \.vault\.azure\.net/secrets/ | ^/run/secrets/ | ^@[\w./-]+$ | ^env[:.(\[] |
    \b(?:os\.environ|os\.getenv|getenv|process\.env|import\.meta\.env|system\.getenv|environment\.getenvironmentvariable|
       std::env|env::var|secrets?\.|vars?\.|local\.|data\.|module\.|settings\.|config[.\[(]|credentials\() |
    ^(?:var|local|data|module|each|self|this|params?|args?|options?|opts|props|state)[.\[] |
    ^(?:request|req|ctx|context|environment|env)[.\[] |
    secretkeyref|valuefrom|existingsecret
    """
)


def is_reference(hit: Hit) -> str | None:
    """Drop a value that only points to where the secret is kept."""
    return "reference" if _REFERENCE.search(hit.secret) else None


_ENCRYPTED = re.compile(
    r"^(?:ENC\[|ENC\(|\{cipher\}|vault:v\d+:|\$ANSIBLE_VAULT|U2FsdGVkX1|AQICAH|k8s:enc:|encrypted:|\{[A-Za-z0-9+/=]{16,}\}$)"
)


def is_encrypted(hit: Hit) -> str | None:
    """Drop a value that is sealed: without its key it is of no use."""
    if _ENCRYPTED.search(hit.secret) or re.search(
        r"(?:secure\s*:|!vault\s*\|?|encrypted_\w+\W+)\s*[\"']?$", hit.before
    ):
        return "encrypted"
    return None


_CODE = re.compile(
    r"""(?x)
    [(){};] | => | -> | :: | == | != | && | \|\| | ^[&*!@~|\\] | ^\.\w | \+\s | \s\+ | \s[?:]\s | ^[\w.]+\[ |
    ^(?:true|false|null|none|nil|undefined|self|this|new|await|return|function|lambda|string|str|bytes|int|bool|char|object|any|void)\b
    """,
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z_$][A-Za-z_$]*(?:\.[A-Za-z_$][\w$]*)*")
_SNAKE_OR_CAMEL = re.compile(
    r"(?:[a-z]+|[A-Z]+)(?:[_-](?:[A-Za-z]+|[0-9]+))+|[a-z]+(?:[A-Z][a-z]+)+|(?:[A-Z][a-z]+){2,}"
)


def is_code(hit: Hit) -> str | None:
    """Drop an expression, a call, a type, or a bare name that stands where a value could stand."""
    secret = hit.secret
    if hit.is_quoted:
        return "code" if re.search(r"^\s*\+|\+\s*$|\$\w+|%s|\{\d*\}|\\[wdsb]|\[\^|\(\?", secret) else None
    if _CODE.search(secret) or _NAME.fullmatch(secret) or re.match(r"\s*[(\[]", hit.after):
        return "code"
    if re.fullmatch(r"[\w$]+(?:\.[\w$]+)+", secret) and not re.search(r"[0-9]{2}", secret):
        return "code"
    return None


_WORDS = re.compile(r"[A-Za-z]{2,}(?:['\u2019-][A-Za-z]+)?")


def is_prose(hit: Hit) -> str | None:
    """Drop words, labels and messages."""
    secret = hit.secret
    if " " in secret.strip() and len(_WORDS.findall(secret)) >= 2:
        return "prose"
    if secret.endswith((":", "?", "!")) and secret[:-1].isalpha():
        return "prose"
    letters = sum(c.isalpha() and not c.isascii() for c in secret)
    return "prose" if letters * 2 > len(secret) else None


_UUID = re.compile(r"(?i)\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?")
_HASH_WORD = re.compile(
    r"(?i)md5|sha[-_]?(?:1|2|224|256|384|512)|digest|checksum|etag|fingerprint|hash|blake|crc|commit|revision|\brev\b|"
    r"\btree\b|\bparent\b|\bblob\b|\bref\b|integrity|signature|uuid|guid|public|thumbprint|nonce|\bsalt\b"
)
_RESOURCE = re.compile(
    r"(?:arn:|(?:i|vpc|subnet|sg|ami|vol|eni|rtb|igw|snap)-[0-9a-f]{8,17}$|(?:cus|pi|in|sub|prod|price|acct|evt|ch)_\w{8,}$|"
    r"UA-\d|G-[A-Z0-9]{6,}$|GTM-|ca-pub-|sha(?:1|256|384|512)[-:]|h1:|zh:|urn:|data:)"
)
_VERSION = re.compile(r"v?\d+(?:\.\d+){1,4}(?:[-+.][\w.-]+)?")


def is_identifier(hit: Hit) -> str | None:
    """Drop what names a thing: UUIDs, digests, object ids, versions, and names made of words."""
    secret = hit.secret
    if _UUID.fullmatch(secret):
        return "UUID"
    is_hex = len(secret) in (32, 40, 56, 64, 96, 128) and re.fullmatch(r"(?i)[0-9a-f]+", secret)
    if is_hex and (_HASH_WORD.search(hit.before) or hit.before.endswith(("@", "/"))):
        return "digest"
    if _RESOURCE.match(secret) or _VERSION.fullmatch(secret):
        return "identifier"
    return "identifier" if _SNAKE_OR_CAMEL.fullmatch(secret) else None


_PATH = re.compile(
    r"(?i)^(?:~|\.{1,2})?/[\w.~-]+(?:/[\w.~-]*)*$|^[a-z]:\\|^\\\\|^(?:https?|ftp|wss?|file|git|ssh|s3|gs|jdbc:\w+)://[^@\s]*$|"
    r"^[\w.-]+(?:/[\w.-]+)*\.(?:json|ya?ml|toml|txt|pem|key|crt|cer|p12|pfx|jks|cfg|conf|ini|env|py|js|ts|go|rb|java|php|xml|html?|"
    r"css|md|sh|sql|log|csv|png|jpe?g|gif|svg|pub|asc|gpg|lock|properties)$|^[a-z0-9.-]+\.(?:com|org|net|io|dev|local|internal)(?::\d+)?(?:/\S*)?$"
)


def is_path(hit: Hit) -> str | None:
    """Drop a file name, a path, a host, or a URL without user information."""
    return "path" if _PATH.search(hit.secret) else None


_MEDIA = re.compile(
    r"^(?:data:|iVBORw0KGgo|/9j/|R0lGOD|PHN2Zy|UklGR|d09GR|d09GMg|AAEAAAA|JVBERi0|UEsDB|H4sI|TVqQAA|LS0tLS1CRUdJTiBDRVJU|"
    r"LS0tLS1CRUdJTiBQVUJM|AAAA[BCE]3NzaC1|AAAAE2VjZHNh|MII[BCDEFGH][A-Za-z0-9+/]{60,})"
)


def is_media(hit: Hit) -> str | None:
    """Drop base64 of images, fonts, archives, certificates and public keys."""
    return "media" if _MEDIA.search(hit.secret) else None


_LOCAL = re.compile(
    r"(?i)localhost|127\.0\.0\.1|0\.0\.0\.0|\[?::1\]?|\bdb\b|host\.docker\.internal|\.local\b|\.test\b|example\.(?:com|org|net)"
)
_LOCAL_DEFAULTS = frozenset(
    [
        "postgres",
        "root",
        "admin",
        "password",
        "guest",
        "minioadmin",
        "changeme",
        "neo4j",
        "test",
        "secret",
        "homestead",
        "airflow",
        "keycloak",
        "sonar",
        "user",
        "pass",
        "masterkey",
        "dummy",
        "example",
        "changeit",
        "vagrant",
        "mysql",
        "redis",
        "mongo",
        "elastic",
        "rabbitmq",
        "docker",
    ]
)


def is_local_default(hit: Hit) -> str | None:
    """Drop the well-known default password of a service, if the host on the line is local."""
    if hit.secret.lower() in _LOCAL_DEFAULTS and _LOCAL.search(hit.before + " " + hit.after):
        return "local default"
    return None


ALWAYS: tuple[tuple[str, Filter], ...] = (
    ("placeholder", is_placeholder),
    ("repeated", is_repeated),
    ("sequence", is_sequence),
)
ADDABLE: tuple[tuple[str, Filter], ...] = (
    ("reference", is_reference),
    ("encrypted", is_encrypted),
    ("media", is_media),
    ("path", is_path),
    ("identifier", is_identifier),
    ("prose", is_prose),
    ("code", is_code),
    ("local-default", is_local_default),
)
NAMES = frozenset(name for name, _ in ALWAYS + ADDABLE)


def filters_of(rule: Rule) -> tuple[Filter, ...]:
    """Return the filters that a rule's matches pass, in order."""
    always = tuple(f for name, f in ALWAYS if name not in rule.disabled_filters)
    return always + tuple(f for name, f in ADDABLE if name in rule.added_filters)


def drop_reason(hit: Hit, filters: tuple[Filter, ...]) -> str | None:
    """Return the reason of the first filter that drops `hit`, or None."""
    return next((reason for f in filters if (reason := f(hit))), None)
