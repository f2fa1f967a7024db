"""rules/*.yaml -> Ruleset: every field checked, every error with its file and rule.

The parsed set is kept as JSON in the user's cache folder under the digest of the files, because the YAML
of several hundred rules takes longer to parse than a commit hook may take as a whole. A wheel brings that of its own
rules along.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from scanner import __version__
from scanner.engine import checksums
from scanner.engine.anchors import Anchor, derive_anchor
from scanner.engine.entropy import ALPHABETS
from scanner.engine.kinds import KINDS
from scanner.errors import RuleError
from scanner.model import CONFIDENCES, SEVERITIES, Companion, Rule

MAX_RULE_FILE_BYTES = 4_000_000
ROTATION_CLASSES = (
    "database-password",
    "api-key",
    "jwt-signing",
    "encryption-key",
    "certificate",
    "service-account",
    "oauth-token",
    "webhook",
    "other",
)
REQUIRED = frozenset(
    [
        "id",
        "name",
        "description",
        "severity",
        "confidence",
        "pattern",
        "rotation_class",
        "examples",
        "negative_examples",
    ]
)
OPTIONAL = frozenset(
    [
        "keywords",
        "min_entropy_bits",
        "path_pattern",
        "checksum",
        "companions",
        "part_of",
        "formats",
        "filters",
        "references",
        "revoke_url",
        "tags",
        "enabled",
        "judge",
        "verify",
    ]
)
_CACHE_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules in a fixed order, with the anchor of each, and the digest that names this very set."""

    rules: tuple[Rule, ...] = field(compare=False)
    anchors: tuple[Anchor, ...] = field(compare=False)
    digest: str


def default_rules_path() -> Path:
    """Return the folder of the rules that come with the package."""
    installed = Path(__file__).parent / "rules"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "rules"


def load_ruleset(
    paths: Sequence[Path] = (),
    *,
    use_default_rules: bool = True,
    only: Sequence[str] = (),
) -> Ruleset:
    """Return the rules of the package and of `paths` (files or folders), `only` those ids if any are named.

    A rule of a later path takes the place of one with the same id. Rules that are switched off come in
    only by name. Raises RuleError for anything that is not a valid rule file.
    """
    return select(load_catalogue(paths, use_default_rules=use_default_rules), only)


def load_catalogue(paths: Sequence[Path] = (), *, use_default_rules: bool = True) -> Ruleset:
    """Return every rule of the package and of `paths`, those that are switched off included."""
    roots = ([default_rules_path()] if use_default_rules else []) + list(paths)
    files = [file for root in roots for file in _rule_files(root)]
    contents = [_read(file) for file in files]
    digest = hashlib.sha256(f"{_CACHE_FORMAT} {__version__} {_code_digest()}".encode())
    for file, content in zip(files, contents, strict=True):
        digest.update(b"\0%d\0%s\0%s" % (len(content), file.name.encode(), content))
    name = digest.hexdigest()
    cache = _cache_folder()
    full = next(filter(None, (_from_file(folder, name) for folder in (default_rules_path(), cache) if folder)), None)
    if full is None:
        full = _build(zip(files, contents, strict=True), name)
        # A cache that cannot be written costs time, nothing else.
        with suppress(OSError):
            if cache:
                _write(full, cache)
    return full


def write_parsed(folder: Path) -> Path:
    """Write the rules of the package as `load_catalogue` looks for them beside those, and return the file."""
    return _write(load_catalogue(), folder)


def _code_digest() -> str:
    """Return what tells one state of the code that makes rules and anchors from another, so that none outlives it."""
    folder = os.path.dirname(__file__)
    names = (
        "ruleset.py",
        "model.py",
        "engine/anchors.py",
        "engine/hubs.py",
        "engine/sequences.py",
        "engine/surroundings.py",
    )
    digest = hashlib.sha256()
    with suppress(OSError):
        for name in names:
            with open(os.path.join(folder, name), "rb") as stream:
                digest.update(stream.read())
        return digest.hexdigest()
    return ""


def select(ruleset: Ruleset, only: Sequence[str]) -> Ruleset:
    """Return the named rules, or the enabled ones if none is named; raises RuleError for an unknown id."""
    known = {rule.id for rule in ruleset.rules}
    for rule_id in only:
        if rule_id not in known:
            raise RuleError(f"no rule has the id {rule_id!r}{_suggest(rule_id, known)}")
    keep = [i for i, r in enumerate(ruleset.rules) if (r.id in only if only else r.enabled)]
    ids = " ".join(ruleset.rules[i].id for i in keep)
    return Ruleset(
        rules=tuple(ruleset.rules[i] for i in keep),
        anchors=tuple(ruleset.anchors[i] for i in keep),
        digest=hashlib.sha256(f"{ruleset.digest} {ids}".encode()).hexdigest()[:16],
    )


def _suggest(word: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _rule_files(root: Path) -> list[Path]:
    if root.is_dir():
        return sorted(p for p in root.iterdir() if p.suffix in (".yml", ".yaml") and p.is_file())
    if root.is_file():
        return [root]
    raise RuleError(f"{root}: no such rule file or folder")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_RULE_FILE_BYTES + 1)
    except OSError as error:
        raise RuleError(f"{path}: {error.strerror}") from error
    if len(content) > MAX_RULE_FILE_BYTES:
        raise RuleError(f"{path}: larger than {MAX_RULE_FILE_BYTES} bytes")
    return content


def parse_rule_file(path: Path, content: bytes) -> list[Rule]:
    """Return the rules of one YAML file; raises RuleError with the path and the rule's id."""
    from scanner.safe_yaml import load_yaml

    document = load_yaml(content, path=path, error=RuleError)
    if not isinstance(document, dict) or set(document) != {"family", "rules"}:
        raise RuleError(f"{path}: a rule file holds the keys 'family' and 'rules', and no other")
    if not isinstance(document["family"], str) or not isinstance(document["rules"], list):
        raise RuleError(f"{path}: 'family' is a text and 'rules' is a list")
    return [parse_rule(entry, family=document["family"], where=str(path)) for entry in document["rules"]]


def parse_rule(entry: object, *, family: str, where: str) -> Rule:
    """Return the rule that a mapping describes; raises RuleError that begins with `where`."""
    if not isinstance(entry, dict):
        raise RuleError(f"{where}: a rule is a mapping, not {type(entry).__name__}")
    where = f"{where}: rule {entry.get('id')!r}"
    _check_fields(entry, where)
    rule = Rule(
        id=entry["id"],
        family=family,
        name=entry["name"],
        description=entry["description"],
        severity=_one_of(entry, "severity", SEVERITIES, where),
        confidence=_one_of(entry, "confidence", CONFIDENCES, where),
        pattern=entry["pattern"],
        keywords=tuple(word.lower() for word in _texts(entry, "keywords", where)),
        min_entropy_bits=_entropy(entry.get("min_entropy_bits"), where),
        path_pattern=entry.get("path_pattern"),
        checksum=entry.get("checksum"),
        companions=_companions(entry, "companions", where),
        part_of=_companions(entry, "part_of", where),
        added_filters=_filters(entry, "add", where),
        disabled_filters=_filters(entry, "remove", where),
        rotation_class=_one_of(entry, "rotation_class", ROTATION_CLASSES, where),
        references=_texts(entry, "references", where),
        revoke_url=entry.get("revoke_url"),
        tags=_texts(entry, "tags", where),
        examples=_texts(entry, "examples", where),
        negative_examples=_texts(entry, "negative_examples", where),
        enabled=entry.get("enabled", True) is True,
        formats=_texts(entry, "formats", where),
        judge=_one_of(entry, "judge", KINDS, where) if "judge" in entry else None,
    )
    _check_values(rule, where)
    return rule


def _check_fields(entry: Mapping[Any, Any], where: str) -> None:
    for key in entry:
        if key not in REQUIRED | OPTIONAL:
            raise RuleError(f"{where}: unknown field {key!r}{_suggest(str(key), REQUIRED | OPTIONAL)}")
    for key in sorted(REQUIRED - set(entry)):
        raise RuleError(f"{where}: field {key!r} is missing")
    for key in ("id", "name", "description", "pattern", "path_pattern", "checksum", "revoke_url"):
        if key in entry and (not isinstance(entry[key], str) or not entry[key]):
            raise RuleError(f"{where}: field {key!r} is a text")


def _check_values(rule: Rule, where: str) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id):
        raise RuleError(f"{where}: an id is kebab-case")
    if rule.checksum is not None and rule.checksum not in checksums.NAMES:
        raise RuleError(f"{where}: unknown checksum {rule.checksum!r}{_suggest(rule.checksum, checksums.NAMES)}")
    for key in ("examples", "negative_examples"):
        if not getattr(rule, key):
            raise RuleError(f"{where}: field {key!r} is empty")
    if "(?P<secret>" not in rule.pattern:
        raise RuleError(f"{where}: pattern: no group named 'secret'")


def _texts(entry: Mapping[Any, Any], key: str, where: str) -> tuple[str, ...]:
    texts = entry.get(key, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise RuleError(f"{where}: field {key!r} is a list of texts")
    return tuple(texts)


def _one_of(entry: Mapping[Any, Any], key: str, allowed: Sequence[str], where: str) -> str:
    if entry[key] not in allowed:
        raise RuleError(f"{where}: field {key!r} is one of {', '.join(allowed)}")
    return str(entry[key])


def _entropy(value: object, where: str) -> tuple[tuple[str, float], ...]:
    if value is None:
        return ()
    limits: dict[Any, Any] = value if isinstance(value, dict) else {"any": value}
    for name, bits in limits.items():
        if name not in ALPHABETS or isinstance(bits, bool) or not isinstance(bits, int | float):
            raise RuleError(f"{where}: min_entropy_bits is a number, or numbers by alphabet ({', '.join(ALPHABETS)})")
    return tuple((name, float(bits)) for name, bits in limits.items())


def _companions(entry: Mapping[Any, Any], key: str, where: str) -> tuple[Companion, ...]:
    try:
        return tuple(Companion(str(one["rule"]), int(one["within_lines"])) for one in _as_list(entry.get(key, [])))
    except (KeyError, TypeError, ValueError) as error:
        raise RuleError(f"{where}: {key} is a list of {{rule: ID, within_lines: N}}") from error


def _as_list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _filters(entry: Mapping[Any, Any], key: str, where: str) -> tuple[str, ...]:
    block = entry.get("filters", {})
    if not isinstance(block, dict) or set(block) - {"add", "remove"}:
        raise RuleError(f"{where}: filters holds the lists 'add' and 'remove'")
    names = _texts(block, key, where)
    if names:
        from scanner.engine.filters import NAMES

        for name in names:
            if name not in NAMES:
                raise RuleError(f"{where}: unknown filter {name!r}{_suggest(name, NAMES)}")
    return names


def _build(files: Iterable[tuple[Path, bytes]], digest: str) -> Ruleset:
    by_id: dict[str, Rule] = {}
    for path, content in files:
        parsed = parse_rule_file(path, content)
        ids = [rule.id for rule in parsed]
        for rule in parsed:
            if ids.count(rule.id) > 1:
                raise RuleError(f"{path}: rule {rule.id!r}: the id is used twice")
            by_id[rule.id] = rule
    rules = tuple(by_id[rule_id] for rule_id in sorted(by_id))
    _check_companions(rules)
    return Ruleset(rules, tuple(derive_anchor(rule.pattern, rule.keywords) for rule in rules), digest)


def _check_companions(rules: Sequence[Rule]) -> None:
    known = {rule.id for rule in rules}
    for rule in rules:
        for companion in rule.companions + rule.part_of:
            if companion.rule_id not in known:
                raise RuleError(f"rule {rule.id!r}: no rule {companion.rule_id!r} to go with it")


def _file_name(digest: str) -> str:
    return f"parsed-{digest[:32]}.json"


def _cache_folder() -> Path | None:
    """Return the user's folder for what can be made again, or None if the user has no home."""
    root = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if not root:
        with suppress(RuntimeError):
            root = str(Path.home() / ".cache")
    return Path(root) / "leaksweep" if root else None


def _from_file(folder: Path, digest: str) -> Ruleset | None:
    """Return the parsed set if the folder has it whole; a broken or foreign file counts as absent."""
    try:
        document = json.loads((folder / _file_name(digest)).read_bytes())
        if document["digest"] != digest:
            return None
        return Ruleset(
            rules=tuple(_rule_from_row(row) for row in document["rules"]),
            anchors=tuple(Anchor.from_json(fields) for fields in document["anchors"]),
            digest=digest,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


_FIELDS = tuple(one.name for one in fields(Rule))
_NESTED = tuple(
    (_FIELDS.index(name), make)
    for name, make in (("companions", Companion._make), ("part_of", Companion._make), ("min_entropy_bits", tuple))
)
"""Where in a row a list of pairs stands, and what each pair becomes."""


def _rule_from_row(row: list[Any]) -> Rule:
    """Return the rule whose fields, in the order of `Rule`, are `row`; kept quick, since every start does it."""
    for index, make in _NESTED:
        if row[index]:
            row[index] = tuple(map(make, row[index]))
    values: list[Any] = [tuple(value) if value.__class__ is list else value for value in row]
    return Rule(*values)


def _write(ruleset: Ruleset, folder: Path) -> Path:
    """Write the parsed set into a folder, under the name that its digest gives it, and return the file."""
    import tempfile

    document = {
        "digest": ruleset.digest,
        "rules": [[getattr(rule, name) for name in _FIELDS] for rule in ruleset.rules],
        "anchors": [anchor.to_json() for anchor in ruleset.anchors],
    }
    path = folder / _file_name(ruleset.digest)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".tmp", delete=False) as stream:
        json.dump(document, stream)
    os.replace(stream.name, path)
    return path
