"""The baseline file: one entry a line, sorted, without times; read with every field checked, written whole or not."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from scanner.baseline.hashing import Cost, Hasher
from scanner.errors import BaselineError, ScannerError
from scanner.model import ENTRY_STATES, BaselineEntry

FILE_NAME = ".leaksweep-baseline.json"
VERSION = 1
MAX_FILE_BYTES = 512 << 20
SCOPES = ("tree", "history")

_MARKERS = re.compile(r"^(?:<{7}|={7}|>{7}|\|{7})(?:[ \r]|$)", re.MULTILINE)
_KEYS = ("leaksweep_baseline", "salt", "scrypt", "check", "scope", "rules", "entries", "seals")
_NAMES = {
    "rule": "rule_id",
    "path": "path",
    "hint": "hint",
    "state": "state",
    "reason": "reason",
    "owner": "owner",
    "expires": "expires",
    "ruleset": "ruleset",
}
_ID = re.compile(r"([hs][0-9a-f]{32}):([0-9a-f]{16})")
_SCRYPT = re.compile(r"n=(\d{4,5}),r=(\d),p=(\d)")


@dataclass(frozen=True, slots=True)
class Baseline:
    """A file of known findings. `rules` holds a short code of each rule that was in force, see `rule_code`.

    `seals` maps a group of entries to one hash over all of its secrets: it saves time and decides nothing else.
    """

    path: str
    salt: bytes
    cost: Cost
    check: str
    scope: str = "tree"
    rules: frozenset[str] = frozenset()
    entries: tuple[BaselineEntry, ...] = ()
    seals: Mapping[int, str] | None = None

    def hasher(self, key: str) -> Hasher:
        """Return what makes the hashes of this file; raises BaselineError if salt and key do not belong to it."""
        hasher = Hasher(self.salt, key=key, cost=self.cost)
        if hasher.check() != self.check:
            raise BaselineError(
                f"{self.path}:3: the salt was changed, or LEAKSWEEP_BASELINE_KEY is not the one of this baseline"
            )
        return hasher


def is_expired(entry: BaselineEntry, today: date) -> bool:
    """Return whether an entry's last day is over."""
    return bool(entry.expires) and date.fromisoformat(entry.expires) < today


# --- reading -----------------------------------------------------------------------------------------


def read_baseline(path: str) -> Baseline:
    """Return the baseline in the file at `path`, which is no link. Raises BaselineError with file and line."""
    return parse_baseline(read_file(path), path=path)


def read_file(path: str) -> bytes:
    """Return the content of a file that is no link. Raises BaselineError."""
    if os.path.islink(path) or (os.path.exists(path) and not os.path.isfile(path)):
        raise BaselineError(f"{path}: is {'a symbolic link' if os.path.islink(path) else 'no plain file'}")
    try:
        with open(path, "rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror}") from error


def parse_baseline(content: bytes, *, path: str) -> Baseline:
    """Return the baseline in `content`. Raises BaselineError with `path` and the line of the first fault."""
    if len(content) > MAX_FILE_BYTES:
        raise BaselineError(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    text = decoded(content, path=path)
    marker = _MARKERS.search(text)
    if marker:
        raise BaselineError(f"{path}:{_line_at(text, marker.start())}: a merge conflict is not resolved")
    document = load_json(text, path=path)
    fault = _Fault(path, text)
    if not isinstance(document, dict) or "leaksweep_baseline" not in document:
        raise BaselineError(
            f"{path}:1: not a baseline of leaksweep ('leaksweep baseline import' reads those of others)"
        )
    version = document["leaksweep_baseline"]
    if not isinstance(version, int) or version > VERSION:
        fault(
            f"written by a newer leaksweep (format {version!r}; this one reads up to {VERSION})", "leaksweep_baseline"
        )
    for key in document:
        if key not in _KEYS:
            fault(f"unknown key {key!r}", key)
    return Baseline(
        path=path,
        salt=_salt(document, fault),
        cost=_cost(document, fault),
        check=_text(document, "check", fault),
        scope=_scope(document, fault),
        rules=_codes(_text(document, "rules", fault)),
        entries=_entries(document, text, fault),
        seals=_seals(document, fault),
    )


def decoded(content: bytes, *, path: str, error: type[ScannerError] = BaselineError) -> str:
    """Return a text file's content: UTF-8, or UTF-16 with its mark, as some shells write it. Raises `error`."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise error(f"{path}:{line}: not a text in {encoding}") from problem


def load_json(text: str, *, path: str) -> Any:
    """Return the value in a JSON text; a key that stands twice is an error. Raises BaselineError with the line."""
    try:
        return json.loads(text, object_pairs_hook=_without_doubles)
    except json.JSONDecodeError as error:
        raise BaselineError(f"{path}:{error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise BaselineError(f"{path}: nested too deeply") from error
    except _DoubleKeyError as error:
        raise BaselineError(f"{path}:{_line_of_double(text, error.key)}: key {error.key!r} stands twice") from error


def _line_of_double(text: str, key: str) -> int:
    """Return the line on which a key stands twice, or its last one if the two are on different lines."""
    lines = [
        text.count("\n", 0, found.start()) + 1 for found in re.finditer(re.escape(json.dumps(key)) + r"\s*:", text)
    ]
    return next((line for line, count in Counter(lines).items() if count > 1), lines[-1] if lines else 1)


class _DoubleKeyError(Exception):
    def __init__(self, key: str) -> None:
        self.key = key


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _DoubleKeyError(next(key for key in keys if keys.count(key) > 1))
    return found


class _Fault:
    """Raises errors with the line of a top-level key."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self._text = path, text

    def __call__(self, told: str, key: str) -> None:
        found = re.search(rf"^\s*{re.escape(json.dumps(key))}", self._text, re.MULTILINE)
        raise BaselineError(f"{self.path}:{_line_at(self._text, found.end() if found else 0)}: {told}")


def _line_at(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _text(document: Mapping[str, Any], key: str, fault: _Fault) -> str:
    value = document.get(key, "")
    if not isinstance(value, str):
        fault(f"{key!r} is a text", key)
    return str(value)


def _salt(document: Mapping[str, Any], fault: _Fault) -> bytes:
    text = _text(document, "salt", fault)
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        fault("'salt' is 32 hexadecimal digits", "salt")
    return bytes.fromhex(text)


def _cost(document: Mapping[str, Any], fault: _Fault) -> Cost:
    found = _SCRYPT.fullmatch(_text(document, "scrypt", fault))
    cost = Cost(*map(int, found.groups())) if found else Cost(0)
    # A file must not be able to ask for gigabytes: 128 * n * r bytes.
    if cost.n & (cost.n - 1) or not 1 << 10 <= cost.n <= 1 << 15 or cost.r != 8 or cost.p != 1:
        fault("'scrypt' is n=N,r=8,p=1 with N a power of two from 1024 to 32768", "scrypt")
    return cost


def _scope(document: Mapping[str, Any], fault: _Fault) -> str:
    scope = document.get("scope", SCOPES[0])
    if scope not in SCOPES:
        fault(f"'scope' is one of {', '.join(SCOPES)}", "scope")
    return str(scope)


def _entries(document: Mapping[str, Any], text: str, fault: _Fault) -> tuple[BaselineEntry, ...]:
    listed = document.get("entries")
    if not isinstance(listed, list):
        fault("'entries' is a list", "entries")
        return ()
    values = listed[:-1] if listed and listed[-1] is None else listed
    lines = _entry_lines(text, len(values))
    found: dict[tuple[str, str, str], BaselineEntry] = {}
    for value, line in zip(values, lines, strict=True):
        entry = _entry(value, f"{fault.path}:{line}", line)
        earlier = found.setdefault((entry.rule_id, entry.secret_hash, entry.place_hash), entry)
        if earlier != entry:
            raise BaselineError(f"{fault.path}:{line}: the finding of line {earlier.line} again, with another verdict")
    return tuple(found.values())


def _entry_lines(text: str, count: int) -> Sequence[int]:
    """Return the line of each entry; if the file was written anew by another tool, by walking over its values."""
    opening = re.search(r'^\s*"entries"\s*:\s*\[', text, re.MULTILINE)
    start = opening.end() if opening else 0
    first = _line_at(text, start) + 1
    ahead = text[start : start + 1] == "\n"
    if ahead and sum(line.startswith("{") for line in text[start:].splitlines()) == count:
        return range(first, first + count)
    decoder, lines = json.JSONDecoder(), []
    for _ in range(count):
        start = (re.compile(r"[\s,]*").match(text, start) or re.compile("").match(text)).end()  # type: ignore[union-attr]
        lines.append(_line_at(text, start))
        start = decoder.raw_decode(text, start)[1]
    return lines


def _entry(value: object, where: str, line: int) -> BaselineEntry:
    if not isinstance(value, dict):
        raise BaselineError(f"{where}: an entry is an object")
    fields: dict[str, Any] = {"line": line}
    for key, text in value.items():
        if key in _NAMES and isinstance(text, str):
            fields[_NAMES[key]] = text
        elif key == "id" and isinstance(text, str) and (found := _ID.fullmatch(text)):
            fields["secret_hash"], fields["place_hash"] = found.groups()
        elif key == "gone" and text is True:
            fields["was_gone"] = True
        else:
            raise BaselineError(f"{where}: {_complaint(key)}")
    for key, name in (("rule", "rule_id"), ("path", "path"), ("id", "secret_hash")):
        if name not in fields:
            raise BaselineError(f"{where}: {key!r} is missing")
    fields.setdefault("hint", "")
    _check_verdict(fields, where)
    return BaselineEntry(**fields)


def _complaint(key: str) -> str:
    import difflib

    known = (*_NAMES, "id", "gone")
    if key in known:
        kind = {"id": "a hash as leaksweep writes it", "gone": "true or not there"}.get(key, "a text")
        return f"{key!r} is {kind}"
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
    return f"unknown key {key!r}; did you mean {near[0]!r}?" if near else f"unknown key {key!r}"


def _check_verdict(fields: Mapping[str, Any], where: str) -> None:
    if fields.get("state", ENTRY_STATES[0]) not in ENTRY_STATES:
        raise BaselineError(f"{where}: 'state' is one of {', '.join(ENTRY_STATES)}")
    check_day(fields.get("expires", ""), where=f"{where}: 'expires'")


def check_day(text: str, *, where: str) -> None:
    """Raise BaselineError, which begins with `where`, unless `text` is empty or a day as YYYY-MM-DD."""
    if not text:
        return
    try:
        is_day = re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        is_day = False
    if not is_day:
        raise BaselineError(f"{where} is a day as YYYY-MM-DD, not {text!r}")


def _seals(document: Mapping[str, Any], fault: _Fault) -> dict[int, str]:
    seals = document.get("seals", [])
    if not isinstance(seals, list):
        fault("'seals' is a list", "seals")
    found = {}
    for seal in seals:
        group, _, value = seal.partition(":") if isinstance(seal, str) else ("", "", "")
        if seal is None:
            continue
        if not re.fullmatch(r"[0-9a-f]{2}", group) or not re.fullmatch(r"[0-9a-f]{32}", value):
            fault("a seal is two digits, a colon and a hash", "seals")
        found[int(group, 16)] = value
    return found


# --- rules that a baseline knows ---------------------------------------------------------------------

_CODE_LENGTH = 4


def _codes(text: str) -> frozenset[str]:
    return frozenset(text[i : i + _CODE_LENGTH] for i in range(0, len(text), _CODE_LENGTH))


# --- writing -----------------------------------------------------------------------------------------


def written(baseline: Baseline) -> str:
    """Return the text of the file: the same bytes for the same content, each entry on a line of its own.

    The lists end with null, so that each line before it ends with a comma and a new last entry changes one line.
    """
    n, r, p = baseline.cost
    head = {
        "leaksweep_baseline": VERSION,
        "salt": baseline.salt.hex(),
        "scrypt": f"n={n},r={r},p={p}",
        "check": baseline.check,
        "scope": baseline.scope,
        "rules": "".join(sorted(baseline.rules)),
    }
    lines = ["{", *(f"{json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()), '"entries": [']
    lines += [json.dumps(_plain(entry)) + "," for entry in ordered(baseline.entries)]
    if baseline.seals:
        lines += ["null],", '"seals": [']
        lines += [f'"{group:02x}:{seal}",' for group, seal in sorted(baseline.seals.items())]
    return "\n".join([*lines, "null]", "}", ""])


def ordered(entries: Iterable[BaselineEntry]) -> list[BaselineEntry]:
    """Return entries in the order of the file."""
    return sorted(entries, key=lambda e: (e.path, e.rule_id, e.place_hash, e.secret_hash))


def _plain(entry: BaselineEntry) -> dict[str, Any]:
    plain = {
        "rule": entry.rule_id,
        "path": entry.path,
        "id": f"{entry.secret_hash}:{entry.place_hash}",
        "hint": entry.hint,
        "state": entry.state,
        "reason": entry.reason,
        "owner": entry.owner,
        "expires": entry.expires,
        "ruleset": entry.ruleset,
        "gone": entry.was_gone,
    }
    return {key: value for key, value in plain.items() if value}


def write_baseline(baseline: Baseline) -> bool:
    """Put the file in its place, whole, if it would change; return whether it did. Raises BaselineError."""
    return write_file(baseline.path, written(baseline).encode())


def write_file(path: str, content: bytes) -> bool:
    """Put `content` in the place of a file, whole, if it would change; return whether it did. Raises BaselineError."""
    if os.path.islink(path):
        raise BaselineError(f"{path}: is a symbolic link")
    try:
        with suppress(FileNotFoundError), open(path, "rb") as stream:
            if stream.read(len(content) + 1) == content:
                return False
        _replace(path, content)
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror}") from error
    return True


def _replace(path: str, content: bytes) -> None:
    import tempfile

    folder = os.path.dirname(os.path.abspath(path))
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".leaksweep-", suffix=".tmp")
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
