"""Random repositories: versions of contents that copy, join, cut and rewrite each other, stored in every form."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from scanner.engine.templates import expand

WORDS = (
    "value",
    "return",
    "host",
    "# note",
    "user",
    "if (count)",
    "\tcall(x);",
    "password",
    "-----BEGIN X",
    "aws",
    "é",
)


@dataclass
class Made:
    """A repository and the contents of its blobs, by object id."""

    path: Path
    contents: dict[str, bytes] = field(default_factory=dict)


def secret_text(rng: random.Random) -> bytes:
    """Return the text of one secret, on one or more lines, without a line end."""
    template, checksum = rng.choice(
        [
            ("ghp_{{base62:30}}{{checksum}}", "crc32-base62"),
            ('password = "{{password:14}}"', None),
            ('client_secret: "{{base62:32}}"', None),
            ("AWS_SECRET_ACCESS_KEY={{base64:40}}", None),
            ("postgres://app:{{base62:16}}@db.acme-corp.net:5432/app", None),
            ("{{jwt}}", None),
            ("-----BEGIN RSA PRIVATE KEY-----\n{{pem-body:4}}\n-----END RSA PRIVATE KEY-----", None),
            ("acme_id = AC{{hex:24}}", None),
            ("acme_key = {{base62:24}}", None),
            ('api_key = "your-api-key-goes-here"', None),
            ('"name": "password", "value": "{{password:14}}",', None),
            ("- name: DB_PASSWORD\n  value: {{password:16}}", None),
        ]
    )
    text = expand(template, seed=str(rng.random()), checksum=checksum).encode()
    return hidden(rng, text) if rng.random() < 0.3 else text


def hidden(rng: random.Random, text: bytes) -> bytes:
    """Return a text that says `text` in another way: encoded, wrapped over lines, put together, escaped."""
    kind = rng.randrange(4)
    if kind == 0:
        return base64.b64encode(b"the text: " + text)
    if kind == 1:
        encoded = base64.encodebytes(b"a longer text before that which matters: " * 3 + text)
        return encoded.rstrip(b"\n")
    if kind == 2:
        middle = len(text) // 2
        return (
            b'x = "'
            + text[:middle]
            + rng.choice([b'" + "', b'" +\n    "', b'"\n  + "', b'"\n"'])
            + text[middle:]
            + b'"'
        )
    return b"".join(b"%%%02x" % byte if not byte & 3 else bytes([byte]) for byte in text)


def line(rng: random.Random) -> bytes:
    """Return a line with its end, which is now and then a long one, or one with a secret."""
    if rng.random() < 0.12:
        text = secret_text(rng)
    else:
        text = b" ".join(rng.choice(WORDS).encode() for _ in range(rng.randrange(8)))
        text += f" {rng.getrandbits(40):x}".encode() * rng.randrange(3)
    if rng.random() < 0.01:
        text = b"; ".join([text] * rng.randrange(20, 160))
    return text + rng.choice([b"\n", b"\n", b"\n", b"\r\n"])


def first_version(rng: random.Random) -> bytes:
    """Return a content of its own."""
    text = b"".join(line(rng) for _ in range(rng.randrange(2, 45)))
    return rng.choice([b'{"a": 1,\n', b"kind: Secret\n"]) + text if rng.random() < 0.1 else text


def _span(rng: random.Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice([0, 1, 3, 20, 90, 400]))


def changed(rng: random.Random, data: bytes) -> bytes:
    """Return `data` after one edit: within lines, across them, or of the whole."""
    start, end = _span(rng, data)
    kind = rng.randrange(14)
    if kind <= 2:
        return data[:start] + b"".join(line(rng) for _ in range(rng.randrange(1, 4))) + data[end:]
    if kind == 3:
        return data[:start] + data[end:]
    if kind == 4:
        return data[:start] + bytes(rng.choices(b'abc012"\n -=', k=rng.randrange(6))) + data[end:]
    if kind == 5:
        at = data.rfind(b"\n", 0, start) + 1
        return data[:at] + line(rng) + data[at:]
    if kind == 6:
        first, last = _span(rng, data)
        return data[:start] + data[first:last] * rng.randrange(1, 3) + data[start:]
    if kind == 7:
        return data[start:] + data[:start]
    if kind == 8:
        at = data.find(b"\n", start)
        return data[:at] + data[at + 1 :] if at >= 0 else data[:start]
    if kind == 9:
        return data[:start]
    if kind == 10:
        at = data.find(b"\n", start)
        return data[: at + 1] + data[end:] + data[: at + 1]
    if kind == 11:
        lines = data.splitlines(keepends=True)
        rng.shuffle(lines)
        return b"".join(lines)
    if kind == 12 and rng.random() < 0.3:
        return rng.choice(
            [
                data[:start] + b"\0" + data[start:],
                data.replace(b"\r", b"").replace(b"\n", b"\r"),
                data.decode("utf-8", "replace").encode("utf-16"),
                b"".join(data.split(b"\n")),
            ]
        )
    return data[:start] + secret_text(rng) + data[end:]


def blobs(rng: random.Random) -> list[bytes]:
    """Return contents of some families, in a random order of writing."""
    out: list[bytes] = []
    for _ in range(rng.randrange(1, 4)):
        family = [first_version(rng)]
        for _ in range(rng.randrange(1, 11)):
            version = family[-1] if rng.random() < 0.8 else rng.choice(family)
            for _ in range(rng.choice([1, 1, 2, 6])):
                version = changed(rng, version)
            family.append(version)
        out += family
    if rng.random() < 0.3:
        rng.shuffle(out)
    return list(dict.fromkeys(out))


HEADS = (
    b"PK\x03\x04\x14\n",
    b"\x1f\x8b\x08\n",
    b"From: a\nContent-Transfer-Encoding: quoted-printable\n\n",
    b'<?xml version="1.0"?>\n<w xmlns="http://schemas.openxmlformats.org/x">\n',
    b"\xfe\xff\n",
    b"%PDF-1.4\n",
)
"""How content begins that may have to be read as a whole."""


def odd(rng: random.Random, contents: list[bytes]) -> list[bytes]:
    """Return the contents, most of them with bytes that text seldom has, and with what is written as escapes."""
    lines = [
        *(b'"%%0%d": "%s",\n' % (number, bytes([byte])) for number, byte in enumerate(b"\x01\x06\x17\x1a\xff")),
        b'key = "' + b"".join(b"\\x%02x" % byte for byte in secret_text(rng)) + b'"\n',
        b'data = "' + b"".join(b"\\x%02x" % byte for byte in rng.randbytes(600)) + b'"\n',
        b'{"body": "%s"}\n' % base64.encodebytes(b"a text: " * 20 + secret_text(rng)).replace(b"\n", b"\\n"),
    ]
    out = []
    inserted: list[tuple[float, bytes]] = []
    head = b""
    for data in contents:
        if rng.random() < 0.2:
            inserted = [(rng.random(), rng.choice(lines)) for _ in range(rng.randrange(3))]
            head = rng.choice(HEADS) if rng.random() < 0.3 else b""
        for share, text in inserted:
            at = data.find(b"\n", int(share * len(data))) + 1
            data = data[:at] + text + data[at:]
        out.append(head + data)
    return list(dict.fromkeys(out))


def make(path: Path, seed: int) -> Made:
    """Build the repository of a seed: packs or loose objects, packed deep or shallow, bases by place or by name."""
    rng = random.Random(seed)
    made = Made(path)
    object_format = "sha256" if rng.random() < 0.15 else "sha1"
    _init(path, object_format)
    contents = blobs(rng)
    if seed % 4 == 1:
        contents = odd(random.Random(f"odd {seed}"), contents)
    cut = rng.randrange(len(contents)) if rng.random() < 0.3 else len(contents)
    loose = rng.random() < 0.3
    # What a second import shares with the first is in two packs, or loose and in a pack.
    for part, is_loose in ((contents[:cut], False), (contents[max(0, cut - 2) :], loose)):
        if part:
            _import(path, part, is_loose=is_loose)
    for data in contents:
        made.contents[_oid(data, object_format)] = data
    if rng.random() < 0.75:
        options = ["-c", f"repack.useDeltaBaseOffset={rng.choice(['true', 'false'])}"]
        options += ["-c", f"pack.indexVersion={rng.choice([1, 2])}"]
        depth = f"--depth={rng.choice([1, 5, 50, 200])}"
        which = "-adkfq" if rng.random() < 0.8 else "-dq"
        _git(path, *options, "repack", which, f"--window={rng.choice([2, 10, 60])}", depth)
    return made


def _oid(data: bytes, object_format: str) -> str:
    return hashlib.new(object_format, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _init(path: Path, object_format: str) -> None:
    """Do what `git init --bare` does, without a process."""
    (path / "objects").mkdir(parents=True)
    (path / "refs").mkdir()
    (path / "HEAD").write_text("ref: refs/heads/main\n")
    extension = "[extensions]\n\tobjectformat = sha256\n" if object_format == "sha256" else ""
    version = 1 if extension else 0
    (path / "config").write_text(f"[core]\n\trepositoryformatversion = {version}\n\tbare = true\n{extension}")


def _import(path: Path, contents: list[bytes], *, is_loose: bool) -> None:
    """Write blobs with `git fast-import`, and one commit in which all of them are files."""
    stream = bytearray()
    for mark, data in enumerate(contents, 1):
        stream += b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(data), data)
    stream += b"commit refs/heads/main\ncommitter A <a@example.org> 1700000000 +0000\ndata 4\ntext\n"
    for mark in range(1, len(contents) + 1):
        stream += b"M 100644 :%d %d.txt\n" % (mark, mark)
    limit = 1_000_000 if is_loose else 0
    _git(path, "-c", f"fastimport.unpackLimit={limit}", "fast-import", "--quiet", "--force", stdin=bytes(stream))


def _git(path: Path, *arguments: str, stdin: bytes = b"") -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    command = ["git", "--git-dir", str(path), *arguments]
    subprocess.run(command, input=stdin, check=True, capture_output=True, env=environment)
