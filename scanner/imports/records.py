"""Baselines and ignore files of other tools -> records that can be laid beside our own findings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from scanner.errors import BaselineError

MAX_FILE_BYTES = 512 << 20
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Record:
    """A finding that another tool knows: at a path, named by its secret, by a hash of it, or by lines and commit.

    `line` is that of the file it was read from; `sha1` is of the secret alone; `first_line` 0 means any line.
    """

    path: str
    line: int
    rule: str = ""
    secret: str = ""
    sha1: str = ""
    first_line: int = 0
    last_line: int = 0
    commit: str = ""
    state: str = "known"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file gave: records, lines for the ignore file, and sentences on what could not be carried."""

    kind: str
    records: tuple[Record, ...] = ()
    ignore_lines: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def read_foreign(content: str, *, path: str, name: str) -> Imported:
    """Return what the file `name` of another tool holds. Raises BaselineError with `path` and a line."""
    marker = re.search(r"^<{7} ", content, re.MULTILINE)
    if marker:
        raise BaselineError(f"{path}:{content.count(chr(10), 0, marker.start()) + 1}: a merge conflict is not resolved")
    for fits, read in _READERS:
        if fits(name, content):
            return read(content, path)
    raise BaselineError(
        f"{path}:1: of no known kind: reports of gitleaks and betterleaks, .gitleaksignore, .betterleaksignore, "
        ".secrets.baseline, baselines of kingfisher, .gitallowed, .secretlintignore, secret_scanning.yml"
    )


# --- gitleaks, betterleaks ---------------------------------------------------------------------------

_REDACTED = re.compile(r"REDACTED|\.{3}$|\*{3}")


def _is_report(name: str, content: str) -> bool:
    return content.lstrip().startswith("[")


def _read_report(content: str, path: str) -> Imported:
    """Return the records of a JSON report: a list of findings with `File`, `StartLine`, `Secret` and more."""
    listed = _json(content, path)
    records = []
    lines = _lines_of(content, '"RuleID"')
    for number, value in enumerate(listed):
        line = next(lines, 1)
        where = f"{path}:{line}"
        if not isinstance(value, dict) or not isinstance(value.get("File"), str) or "RuleID" not in value:
            raise BaselineError(f"{where}: finding {number + 1} has no 'RuleID' and 'File': not a report of gitleaks")
        secret = value.get("Secret") or ""
        is_redacted = not isinstance(secret, str) or not secret or _REDACTED.search(secret) is not None
        first = _number(value.get("StartLine"), where)
        records.append(
            Record(
                path=value["File"],
                line=line,
                rule=str(value["RuleID"]),
                secret="" if is_redacted else secret,
                first_line=first if is_redacted else 0,
                last_line=_number(value.get("EndLine", first), where) if is_redacted else 0,
                commit=str(value.get("Commit") or "") if is_redacted else "",
            )
        )
    return Imported("a report of gitleaks", tuple(records))


def _is_fingerprints(name: str, content: str) -> bool:
    return name in (".gitleaksignore", ".betterleaksignore")


def _read_fingerprints(content: str, path: str) -> Imported:
    """Return the records of an ignore file: `commit:file:rule:line` or `file:rule:line`, one a line."""
    records, left = [], []
    for number, text in _meant(content):
        rest, _, first = text.rpartition(":")
        rest, _, rule = rest.rpartition(":")
        commit, has_commit, file = rest.partition(":")
        if not (has_commit and _OID.fullmatch(commit)):
            commit, file = "", rest
        if not file or not first.isdecimal():
            left.append(f"{path}:{number}: {text!r} is no fingerprint of the form [commit:]file:rule:line")
            continue
        records.append(Record(file, number, rule, first_line=int(first), last_line=int(first), commit=commit))
    return Imported("an ignore file of gitleaks", tuple(records), left=tuple(left))


# --- detect-secrets ----------------------------------------------------------------------------------


def _is_secrets_baseline(name: str, content: str) -> bool:
    return content.lstrip().startswith("{") and '"plugins_used"' in content and '"results"' in content


def _read_secrets_baseline(content: str, path: str) -> Imported:
    """Return the records of a `.secrets.baseline`: an unsalted SHA-1 of each secret, by file."""
    document = _json(content, path)
    version = str(document.get("version", ""))
    if not re.fullmatch(r"[01]\.\d+(\.\d+)?\S*", version):
        raise BaselineError(f"{path}:{_line_of(content, 'version')}: version {version!r} is not known: 0.x and 1.x are")
    records = []
    lines = _lines_of(content, '"hashed_secret"')
    results = document["results"]
    if not isinstance(results, dict):
        raise BaselineError(f"{path}:{_line_of(content, 'results')}: 'results' maps file names to findings")
    for file, found in results.items():
        for value in found if isinstance(found, list) else ():
            line = next(lines, 1)
            sha1 = value.get("hashed_secret") if isinstance(value, dict) else None
            if not isinstance(sha1, str) or not re.fullmatch(r"[0-9a-f]{40}", sha1):
                raise BaselineError(f"{path}:{line}: 'hashed_secret' is a SHA-1, 40 hexadecimal digits")
            first = _number(value.get("line_number", 0), f"{path}:{line}")
            is_key = value.get("type") == "Private Key"
            records.append(
                Record(
                    path=file,
                    line=line,
                    rule=str(value.get("type", "")),
                    # The hash of a private key is one of its first line alone: the place has to tell.
                    sha1="" if is_key else sha1,
                    first_line=first,
                    last_line=first,
                    state="false-positive" if value.get("is_secret") is False else "known",
                )
            )
    return Imported("a baseline of detect-secrets", tuple(records))


# --- kingfisher --------------------------------------------------------------------------------------


def _is_kingfisher(name: str, content: str) -> bool:
    return re.search(r"^(?:ExactFindings:|fingerprint_algorithm: *[\"']?kingfisher)", content, re.MULTILINE) is not None


def _read_kingfisher(content: str, path: str) -> Imported:
    """Return the records of a kingfisher baseline, version 1 or 2: path and line, since its hash is of offsets."""
    from scanner.safe_yaml import load_yaml

    document = load_yaml(content.encode("utf-8", "surrogateescape"), path=path, error=BaselineError)
    if not isinstance(document, dict):
        raise BaselineError(f"{path}:1: not a baseline of kingfisher")
    if "ExactFindings" in document:
        exact = document["ExactFindings"]
        found = _objects(exact.get("matches")) if isinstance(exact, dict) else []
        names = ("filepath", "linenum")
    else:
        if document.get("version") != 2:
            line = _line_of(content, "version")
            raise BaselineError(f"{path}:{line}: version {document.get('version')!r} is not known: 2 is")
        found = [finding for one in _objects(document.get("repositories")) for finding in _objects(one.get("findings"))]
        names = ("path", "line")
    lines = _lines_of(content, f"{names[0]}:")
    records = []
    for value in found:
        line = next(lines, 1)
        if not isinstance(value, dict) or not isinstance(value.get(names[0]), str):
            raise BaselineError(f"{path}:{line}: a finding has a {names[0]!r}")
        first = _number(value.get(names[1]), f"{path}:{line}")
        records.append(Record(value[names[0]], line, str(value.get("rule_id", "")), first_line=first, last_line=first))
    return Imported("a baseline of kingfisher", tuple(records))


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


# --- lines for the ignore file -----------------------------------------------------------------------


def _is_allowed(name: str, content: str) -> bool:
    return name == ".gitallowed"


def _read_allowed(content: str, path: str) -> Imported:
    """Return a line for each pattern of git-secrets, which is searched in `path:number:text`."""
    import regex

    lines, left = [], []
    for number, text in _meant(content):
        try:
            regex.compile(text)
        except regex.error as error:
            left.append(f"{path}:{number}: {text!r}: {error}")
            continue
        lines.append(f"grep: {text}")
    return Imported("patterns of git-secrets", ignore_lines=tuple(lines), left=tuple(left))


def _is_secretlint(name: str, content: str) -> bool:
    return name == ".secretlintignore"


def _read_secretlint(content: str, path: str) -> Imported:
    return Imported("an ignore file of secretlint", ignore_lines=tuple(text for _, text in _meant(content)))


def _is_github(name: str, content: str) -> bool:
    return name in ("secret_scanning.yml", "secret_scanning.yaml")


def _read_github(content: str, path: str) -> Imported:
    """Return a line for each path of GitHub's `paths-ignore`; its patterns begin at the root."""
    from scanner.safe_yaml import load_yaml

    document = load_yaml(content.encode("utf-8", "surrogateescape"), path=path, error=BaselineError)
    if not isinstance(document, dict):
        raise BaselineError(f"{path}:1: not settings of secret scanning")
    paths = document.get("paths-ignore")
    if not isinstance(paths, list) or not all(isinstance(one, str) for one in paths):
        raise BaselineError(f"{path}:{_line_of(content, 'paths-ignore')}: 'paths-ignore' is a list of patterns")
    lines = tuple(one if one.startswith("/") else f"/{one}" for one in paths)
    left = tuple(f"{path}: key {key!r} has no meaning here" for key in document if key != "paths-ignore")
    return Imported("GitHub's settings of secret scanning", ignore_lines=lines, left=left)


_READERS: tuple[tuple[Callable[[str, str], bool], Callable[[str, str], Imported]], ...] = (
    (_is_fingerprints, _read_fingerprints),
    (_is_allowed, _read_allowed),
    (_is_secretlint, _read_secretlint),
    (_is_github, _read_github),
    (_is_secrets_baseline, _read_secrets_baseline),
    (_is_kingfisher, _read_kingfisher),
    (_is_report, _read_report),
)


# --- reading -----------------------------------------------------------------------------------------


def _meant(content: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are neither empty nor comments, with their numbers."""
    for number, line in enumerate(content.splitlines(), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, text


def _json(content: str, path: str) -> Any:
    import json

    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise BaselineError(f"{path}:{error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise BaselineError(f"{path}: nested too deeply") from error


def _lines_of(content: str, needle: str) -> Iterator[int]:
    """Yield the number of each line that holds `needle`, in order."""
    number, last = 1, 0
    for found in re.finditer(re.escape(needle), content):
        number += content.count("\n", last, found.start())
        last = found.start()
        yield number


def _line_of(content: str, key: str) -> int:
    found = re.search(rf"^[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*:", content, re.MULTILINE)
    return content.count("\n", 0, found.end()) + 1 if found else 1


def _number(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BaselineError(f"{where}: {value!r} is no line number")
    return value


def plain_path(path: str, root: str) -> str:
    """Return a foreign path as ours are: with slashes, from the root on."""
    path = path.replace("\\", "/")
    root = root.replace("\\", "/").rstrip("/") + "/"
    path = path.removeprefix(root) if path.startswith(root) else path
    while path.startswith("./"):
        path = path[2:]
    return path
