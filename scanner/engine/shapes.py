"""What a value is when it is no secret: code, words, an identifier, a path, media."""

from __future__ import annotations

import re

from scanner.engine.hit import Hit
from scanner.engine.language import strangeness, word_share

_CODE = re.compile(
    r"""(?ix)
    [(){};] | => | -> | :: | (?<![a-z0-9+/_-]{12})== | != | && | \|\| | ^[&*!~|\\] | ^\.\w |
    \+[ ] | [ ]\+ | [ ][?:][ ] |
    ^[\w.]+\[ | ^@\w+$ |
    ^(?:true|false|null|none|nil|undefined|self|this|new|await|return|function|lambda|string|str|bytes|bytearray|int|
        integer|bool|boolean|char|object|any|void|unknown|optional|optional<.*|required|nan|yes|no|on|off)[?!,]?$
    """
)
_DOTTED = re.compile(r"[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+")
_TYPE = re.compile(r"_[A-Z][A-Za-z]+(?:_[0-9a-f]{8})?")
_CAMEL = re.compile(r"[a-z]+(?:[A-Z][a-z]*)+[0-9]?")
_KEY_OF_CODE = re.compile(r"[\"']\s?:\s?[,}]")
"""Between a quoted key and what ends a pair: where the value has no quotes this is a program, and the value a name."""
_IN_QUOTES = re.compile(
    r"^\s*\+\s|\s\+\s*$|^\+.*\+$|^\$\w+$|\$\{[\w.]{2}|\(\?[:=!<P]|\[\^|\\[wdsb][+*{]|"
    r"^\s*[,;:]\s|^:\w+$|^\s*\)(?:[\s;,+.)&|]|$)"
)
_FORMAT = re.compile(r"%[-#0-9.]*[sdvqr](?![a-z])|\{\d*\}|\{\w+\}|\?\s*$|\\[wdsb]")
_CALL = re.compile(r"\s?[(\[]|\.\w+\(|::|->|\s?=>|\s*(?:\|\||&&)")


def is_code(hit: Hit) -> str | None:
    """Drop an expression, a call, a type, or a format that stands where a value could stand."""
    secret = hit.secret
    if hit.is_quoted:
        return "code" if _IN_QUOTES.search(secret) or _is_format(secret) else None
    if _CODE.search(secret) or _CALL.match(hit.after):
        return "code"
    if _TYPE.fullmatch(secret) or (_CAMEL.fullmatch(secret) and _KEY_OF_CODE.match(hit.between + hit.after[:1])):
        return "code"
    if _DOTTED.fullmatch(secret) and (word_share(secret) > 0.5 or len(secret) < 12):
        return "code"
    return None


def _is_format(text: str) -> bool:
    """Return whether a text has places to fill in, and nothing else but words."""
    rest, places = _FORMAT.subn("", text)
    letters = sum(c.isalnum() or c == " " for c in rest)
    return places > 0 and (len(rest) < 4 or (word_share(rest) >= 0.4 and letters * 3 > len(rest) * 2))


_WORDS = re.compile(r"[A-Za-z]{2,}(?:['\u2019-][A-Za-z]+)?")


def is_prose(hit: Hit) -> str | None:
    """Drop words, labels and messages."""
    secret = hit.secret
    if " " in secret.strip() and len(_WORDS.findall(secret)) >= 2 and _reads_like_language(secret):
        return "prose"
    if secret.endswith((":", "?", "!")) and secret[:-1].isalpha() and word_share(secret) >= 0.6:
        return "prose"
    letters = sum(c.isalpha() and not c.isascii() for c in secret)
    return "prose" if letters * 2 > len(secret) else None


def _reads_like_language(text: str) -> bool:
    """Return whether a text of several words is one that a person wrote, in whatever language."""
    is_foreign = any(c.isalpha() and not c.isascii() for c in text) or text.endswith((".", "?", ":"))
    return word_share(text) >= 0.4 or strangeness(text) < (6.5 if is_foreign else 5.2)


_UUID = re.compile(r"(?i)\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?")
_UUID_IS_SECRET = re.compile(r"(?i)secret|passw|token|api[_-]?key|\bkey\b|auth")
_HASH_WORD = re.compile(
    r"(?i)md5|sha[-_]?(?:1|2|224|256|384|512)|digest|checksum|etag|fingerprint|hash|blake|crc|commit|revision|\brev\b|"
    r"\btree\b|\bparent\b|\bblob\b|\bref\b|integrity|signature|uuid|guid|public|thumbprint|nonce|\bsalt\b"
)
_RESOURCE = re.compile(
    r"(?:arn:|(?:i|vpc|subnet|sg|ami|vol|eni|rtb|igw|snap)-[0-9a-f]{8,17}$|(?:cus|pi|in|sub|prod|price|acct|evt|ch)_\w{8,}$|"
    r"UA-\d|G-[A-Z0-9]{6,}$|GTM-|ca-pub-|sha(?:1|256|384|512)[-:]|h1:|zh:|urn:|data:|pkg:|ssh-(?:rsa|ed25519)\b)"
)
_RANGE = re.compile(r"(?:npm|workspace|patch|link|portal):[\w@^~<>=.*+/| -]{1,120}")
"""What lock files and manifests ask of a package."""
_ALGORITHM = re.compile(
    r"(?i)(?=\S{0,60}?(?:with|hmac|sha|padding))(?:pbkdf2|hmac|aes|des(?:ede)?|rsa|dsa|ecdsa|eddsa|ed25519|sha[0-9]{1,3}|md5|pbe|gcm|cbc|ecb|ctr|ofb|pkcs[0-9]|padding|"
    r"oaep|mgf1|pss|with|and|no|[0-9]{1,4}|[/_.-]){2,12}"
)
_VERSION = re.compile(r"[v^~<>=]{0,2}\d+(?:\.(?:\d+|[x*])){1,4}(?:[-+.][\w.-]+)?")
_ADDRESS = re.compile(r"(?:[\d.]+:|:)?\d{1,5}(?:-\d{1,5})?:\d{1,5}(?:-\d{1,5})?(?:/(?:tcp|udp))?")
"""A port, or two, with an address before them: `127.0.0.1:8080:80`."""
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d\S*)?|\d\d?/\d\d?/\d{4}|#[0-9A-Fa-f]{3,8}|"
    r"[0-9]{1,15}(?:\.\d+)?(?:px|em|rem|%|s|ms|kb|mb|gb)?"
)
_NUMBER = re.compile(
    r"[-+]?0x[0-9A-Fa-f]{1,16}[uUlL]*|[-+]?[0-9]{1,20}(?:[uUlL]{1,3}|n)|[-+]?[0-9]*\.[0-9]+(?:e[-+]?[0-9]+)?f?"
)
_NO_SECRETS = (_VERSION, _DATE, _NUMBER, _ADDRESS, _RANGE, _ALGORITHM)
_NAME = re.compile(r"(?>[A-Za-z]+|0*[0-9]{1,4})(?>[ _./:@-]+(?>[A-Za-z]+|0{0,12}[0-9]{1,4}))*")
_SNAKE_OR_CAMEL = re.compile(
    r"(?:[a-z]+|[A-Z]+)(?:[_-](?:[A-Za-z]+|[0-9]+))+|[a-z]+(?:[A-Z][a-z]+)+|(?:[A-Z][a-z]+){2,}"
)


_NUMBERED = re.compile(
    r"[a-z]+[0-9]{0,2}(?:_[a-z]+[0-9]{0,2})+|[A-Za-z][a-z]*[0-9]{0,2}(?:[A-Z][a-z]+[0-9]{0,2})+(?<![0-9])"
)
_PASSWORD = re.compile(r"(?i)pass|pwd|senha|contrase|kennwort")
"""Names with versions in them, `google_oauth2_credentials`; people choose passwords like that."""


def is_identifier(hit: Hit) -> str | None:
    """Drop what names a thing: UUIDs, digests, object ids, versions, dates, and names made of words."""
    secret = hit.secret
    if _UUID.fullmatch(secret):
        return None if _UUID_IS_SECRET.search(hit.before) else "UUID"
    is_hex = len(secret) in (32, 40, 56, 64, 96, 128) and re.fullmatch(r"(?i)[0-9a-f]+", secret)
    if is_hex and (_HASH_WORD.search(hit.before) or hit.before.endswith(("@", "/"))):
        return "digest"
    if _RESOURCE.match(secret) or any(p.fullmatch(secret) for p in _NO_SECRETS):
        return "identifier"
    if _SNAKE_OR_CAMEL.fullmatch(secret) and word_share(secret) >= 0.55:
        return "identifier"
    if not _PASSWORD.search(hit.name) and _NUMBERED.fullmatch(secret) and word_share(secret) >= 0.55:
        return "identifier"
    is_name = _NAME.fullmatch(secret) and (secret.isupper() or ":" in secret)
    return "identifier" if is_name and word_share(secret) >= 0.7 else None


_PATH = re.compile(
    r"(?i)^(?:~|\.{1,2})?/[\w.~-]+(?:/[\w.~-]*)*$|^[a-z]:\\|^\\\\|^(?:https?|ftp|wss?|file|git|ssh|s3|gs|jdbc:\w+)://[^@\s]*$|"
    r"^[\w.-]+(?:/[\w.-]+)*\.(?:json|ya?ml|toml|txt|pem|key|crt|cer|p12|pfx|jks|cfg|conf|ini|env|py|js|ts|go|rb|java|php|xml|html?|"
    r"css|md|sh|sql|log|csv|png|jpe?g|gif|svg|pub|asc|gpg|lock|properties)$|^[a-z0-9.-]+\.(?:com|org|net|io|dev|local|internal)(?::\d+)?(?:/\S*)?$|"
    r"^[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,10}$"
)
_SLASHED = re.compile(r"[\w.@{}:*~-]+(?:/[\w.@{}:*~-]+)+/?")


def is_path(hit: Hit) -> str | None:
    """Drop a file name, a path, a host, a mail address, or a URL without user information."""
    secret = hit.secret
    if _PATH.search(secret):
        return "path"
    return "path" if _SLASHED.fullmatch(secret) and word_share(secret) >= 0.6 else None


_MEDIA = re.compile(
    r"^(?:data:|iVBORw0KGgo|/9j/|R0lGOD|PHN2Zy|UklGR|d09GR|d09GMg|AAEAAAA|JVBERi0|UEsDB|H4sI|TVqQAA|LS0tLS1CRUdJTiBDRVJU|"
    r"LS0tLS1CRUdJTiBQVUJM|AAAA[BCE]3NzaC1|AAAAE2VjZHNh|MII[BCDEFGH][A-Za-z0-9+/]{60,}|"
    r"MF[kY]wEwYHKoZI|MI(?:Gf|IBI)[A-Za-z0-9+/]{20}|MCowBQYDK2V|-----BEGIN (?:CERT|PUBLIC|PGP PUB))"
)


def is_media(hit: Hit) -> str | None:
    """Drop base64 of images, fonts, archives, certificates and public keys."""
    return "media" if _MEDIA.search(hit.secret) else None


_OTHERWISE = re.compile(
    r"""(?ix)
    public[_-]?key | pub[_-]?key | publishable | site[_-]?key |
    (?:primary|foreign|partition|sort|cache|row|hash|index|project|result)[_-]?key | usersecrets_?id$ |
    (?<!access)[_-]?(?<!access_)key[_-]?ids?$ |
    token[_-]?(?:type|kind|class|name|count|index|pos|start|end|length|len|id)$ |
    (?:url|uri|path|file|filename|dir|folder|label|title|hint|placeholder|prompt|tooltip|message|length|len|size|count|
       min|max|policy|regexp?|pattern|format|type|algorithm|alg|class|expiry|expires?(?:_?in|_?at)?|ttl|timeout|enabled|
       required|endpoint|host|domain|scopes?|hash|digest|md5|sha\d*|fingerprint|column|arn|ref|reference|names?|fields?|
       store|method|manager|provider|strength)$
    """
)
_OF_A_REQUEST = re.compile(
    r"(?i)(?:(?<![a-z])(?:next|prev(?:ious)?|page)|next[ _-]?page|pagination|continuation|idempotency|client_?request|"
    r"cancellation)[ _-]?token$|(?<![a-z])oauth_(?:nonce|signature_method|timestamp|version|callback|problem)$"
)
"""Tokens that tell one request or one page of a list from the others, and open nothing."""
_ENDS_IN_SECRET = re.compile(r"(?i)(?:passw(?:or)?d|secret|token|key|pwd|pass|credentials?)$")


def is_named_otherwise(hit: Hit) -> str | None:
    """Drop a value whose name says that it is something about a secret, such as its file, its length or its hash."""
    name = hit.name.rstrip("_-.0123456789")
    if _OTHERWISE.search(name) and not _ENDS_IN_SECRET.search(name.replace("public", "")):
        return "named otherwise"
    if _OF_A_REQUEST.search(hit.text[max(0, hit.name_start - 20) : hit.name_start].rpartition("\n")[2] + name):
        return "named otherwise"
    return "named otherwise" if re.search(r"(?i)pub(?:lic)?[_-]?key$|publishable", name) else None


def is_tag_text(hit: Hit) -> str | None:
    """Drop what follows a `>` that does not close a tag of that name: a comparison, or the text of a link."""
    if hit.name and ">" in hit.between and "=" not in hit.between and "-" not in hit.between:
        if hit.secret.startswith("@"):
            return "code"
        return None if hit.text[hit.name_start - 1 : hit.name_start] in ("<", ":") else "code"
    return None


_ONE_WORD = re.compile(r"[a-z]+|[A-Z]{0,5}[a-z]+(?:[A-Z]{1,5}[a-z]*){0,6}")
_WORD_BITS, _KNOWN_BITS = 4.6, 5.2
_MAX_WORD = 40
_MAX_DIGITS = 2
_BARE_NAMES = frozenset(("key", "keys", "token", "tokens"))
"""Names that are as often those of an entry of a table, or of a piece of a text."""
_KEY_ID = re.compile(r"[0-9A-F]{8}|[0-9A-F]{16}|[0-9A-F]{40}")
"""How OpenPGP names a key (RFC 4880, section 12.2)."""


def is_word(hit: Hit) -> str | None:
    """Drop a word, a number or a key's id where only a random text is a secret: a name, a label, a count."""
    secret = hit.secret
    if hit.name.lower() in _BARE_NAMES and ((secret.isdigit() and len(secret) <= 20) or _KEY_ID.fullmatch(secret)):
        return "number"
    letters = re.sub(r"[0-9]", "", secret)
    if len(secret) > _MAX_WORD or len(secret) - len(letters) > _MAX_DIGITS:
        return None
    if not _ONE_WORD.fullmatch(letters) or sum(map(str.isupper, letters)) * 4 > len(letters) + 4:
        return None
    return "word" if strangeness(letters) < (_KNOWN_BITS if word_share(letters) >= 0.5 else _WORD_BITS) else None
