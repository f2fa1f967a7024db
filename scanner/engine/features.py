"""What the judge knows of a match: its value, its name, and the line around them, as numbers.

docs/judge.md describes every feature; the order here is the order of the weights in judge.json.
"""

from __future__ import annotations

import re
import string
from itertools import pairwise

from scanner.engine.entropy import shannon_entropy
from scanner.engine.hit import FAR, Hit
from scanner.engine.kinds import KINDS
from scanner.engine.language import placeholder_share, strangeness, word_share

_DIGITS = frozenset(string.digits)
_LOWER = frozenset(string.ascii_lowercase)
_UPPER = frozenset(string.ascii_uppercase)
_HEX = frozenset(string.hexdigits)
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_INNER_DIGIT = re.compile(r"[A-Za-z][0-9!@$][A-Za-z]")
_STRONG_WORDS = re.compile(
    r"(?i)passw|pwd|passphrase|senha|contrase|kennwort|de_?passe|secret|api_?-?key|access_?-?key|private_?-?key|auth_?-?token|access_?-?token"
)
_LAST_WORDS_TEXT = """
password passwd passphrase passcode passwort pass pwd secret token key credential credentials auth jwt pw apikey
passwords secrets tokens keys senha contrasena contraseña kennwort passe
"""
_LAST_WORDS = frozenset(_LAST_WORDS_TEXT.split())
_TAIL_NOT_TEXT = """
url uri path file name names field label title text hint placeholder help message msg error errors type id ids
index length len size count min max policy regex pattern format prefix suffix hash digest algorithm alg method
class column table header param parameter params enabled required valid invalid expired expiry expires ttl
timeout page form input reset forgot change changed confirm confirmation link button tooltip advice description
desc strength manager service provider factory generator helper util utils test tests endpoint host domain scope
scopes ref reference arn store dir folder env var variable prompt callback handler mode kind version signature
public time date at on is has flag option options set get list map dict array rules rule usage status state info
"""
_TAIL_NOT = frozenset(_TAIL_NOT_TEXT.split())
_HEAD_NOT_TEXT = """
public primary foreign partition sort cache idempotency index object row map dict lookup hash bucket no non not
has is bypass by compass next prev current pagination page sync csrf hot short shortcut translation i18n msg
message error label title up down press event field lexer parse parser color on mon tur hoc wis don
"""
_HEAD_NOT = frozenset(_HEAD_NOT_TEXT.split())
_TEST_WORDS = re.compile(
    r"(?i)\b(?:test|tests|testing|example|sample|fake|dummy|mock|stub|demo|expect|assert\w*|should|spec)\b|e\.g\."
)
_COMMENT = re.compile(r"^\s*(?:#|//|/\*|\*|--|;|<!--|%|rem\b|\"\"\"|>>>)", re.IGNORECASE)
_DECLARES = re.compile(
    r"^\s*(?:def|func|function|fn|sub|proc|public|private|protected|async|class|interface|import|from|case|return|if|elif|while|for)\b"
)
_ENV_LINE = re.compile(r"^\s*(?:export\s+|set\s+|ENV\s+|-\s+|-e\s+)?[A-Z][A-Z0-9_]*=")
_OPERATORS = ("=>", ":=", "==", "!=", "->", "<-", "=", ":", ">", "(", ",", " ")

NAMES_TEXT = """
length short long lower upper digit symbol only_lower only_upper only_digits is_hex is_base64 entropy bits
distinct switches words placeholder strange strange_bits letters digit_share symbol_share has_space inner_symbol
ends_odd digit_tail inner_digit three_classes title name_length name_is_word name_last name_strong tail_not
head_not name_upper
shares_name equals_name quoted assigns colon compares arrow calls comma tag space more_words line_ends
call_after dot_after env_line comment declares tests long_line escaped
"""
NAMES = NAMES_TEXT.split() + [f"kind_{kind}" for kind in KINDS]


def features(hit: Hit, kind: str) -> list[float]:
    """Return the numbers that NAMES names, in that order; `kind` is what the rule looks for."""
    return [*_value(hit.secret), *_name(hit), *_line(hit), *(float(kind == one) for one in KINDS)]


def _value(secret: str) -> list[float]:
    text = secret[:200]
    size = len(text)
    characters = set(text)
    lower, upper, digit = (sum(c in members for c in text) for members in (_LOWER, _UPPER, _DIGITS))
    symbol = size - lower - upper - digit
    entropy = shannon_entropy(text)
    words, strange = word_share(text), strangeness(text)
    letters = lower + upper
    return [
        float(min(size, 64)),
        float(size < 6),
        float(size >= 20),
        float(lower > 0),
        float(upper > 0),
        float(digit > 0),
        float(symbol > 0),
        float(lower == size),
        float(upper == size),
        float(digit == size),
        float(size >= 16 and characters <= _HEX and digit > 0),
        float(size >= 16 and letters + digit + sum(c in "+/=_-" for c in text) == size and digit > 0),
        entropy,
        min(entropy * size, 256.0),
        len(characters) / size,
        _switches(text) / size,
        words,
        placeholder_share(text),
        strange,
        strange * letters * (1 - words),
        letters / size,
        digit / size,
        symbol / size,
        float(" " in text),
        float(any(c in "!@#$%^&*?~+" for c in text)),
        float(text[-1] in ":,.;)" or text[0] in ".,:;-/"),
        float(text[-1].isdigit() and letters > 0),
        float(_INNER_DIGIT.search(text) is not None),
        float(lower > 0 and upper > 0 and digit > 0),
        float(text[0].isupper() and upper == 1),
    ]


def _switches(text: str) -> int:
    """Return how often the class of a character differs from that of the one before."""
    classes = [(c in _LOWER) + 2 * (c in _UPPER) + 3 * (c in _DIGITS) for c in text]
    return sum(a != b for a, b in pairwise(classes))


def _name(hit: Hit) -> list[float]:
    name = hit.name
    parts = [part.lower() for part in _PARTS.findall(name)]
    joined = "".join(parts)
    value = "".join(part.lower() for part in _PARTS.findall(hit.secret[:80]))
    last = parts[-1] if parts else ""
    is_last = last in _LAST_WORDS or joined.endswith(("password", "passwd", "secret", "token", "key", "pwd", "pass"))
    return [
        float(min(len(name), 40)),
        float(joined in _LAST_WORDS),
        float(is_last),
        float(_STRONG_WORDS.search(name) is not None),
        float(not is_last and any(part in _TAIL_NOT for part in parts[-2:])),
        float(any(part in _HEAD_NOT for part in parts[:-1])),
        float(name.isupper()),
        float(len(value) >= 3 and (value in joined or (len(joined) >= 3 and joined in value))),
        float(value == joined != ""),
    ]


def _line(hit: Hit) -> list[float]:
    before, after, between = hit.before, hit.after, hit.between.strip(" \t")
    operator = (
        ":"
        if hit.name_end and between.startswith(("- ", "is"))
        else next((one for one in _OPERATORS if one in hit.between), "")
    )
    return [
        float(hit.is_quoted),
        float(operator in ("=", ":=")),
        float(operator == ":"),
        float(operator in ("==", "!=")),
        float(operator in ("=>", "->", "<-")),
        float(operator == "("),
        float(operator == ","),
        float(operator == ">"),
        float(operator == " "),
        float(re.match(r"[ ]+[A-Za-z]{2,}", after) is not None and not hit.is_quoted),
        float(not after.strip("\"'`;,\\ )}]")),
        float(after[:1] in ("(", "[", "<")),
        float(after[:1] == "."),
        float(_ENV_LINE.match(before) is not None),
        float(_COMMENT.match(before) is not None),
        float(_DECLARES.match(before) is not None),
        float(_TEST_WORDS.search(before[:80] + " " + after[:60]) is not None),
        float(_is_long_line(hit)),
        float("\\" in between),
    ]


def _is_long_line(hit: Hit) -> bool:
    """Return whether no line ends within FAR characters on either side: built or minified text."""
    return (
        "\n" not in hit.text[max(0, hit.start - FAR) : hit.end + FAR]
        and hit.start >= FAR
        and (len(hit.text) - hit.end >= FAR)
    )
