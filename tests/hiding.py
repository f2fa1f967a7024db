"""Ways to hide a text: encodings, containers and structured files, each as a function from bytes to bytes."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import marshal
import re
import sqlite3
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from quopri import encodestring
from typing import Literal

Hide = Callable[[bytes], bytes]


# --- encodings: the encoded text stands on the third line, after a name ------------------------------


def on_line_3(encoded: bytes) -> bytes:
    return b"first line\nsecond line\nvalue: " + encoded + b"\nlast line\n"


def each(form: str) -> Hide:
    """Return what writes every byte in the same form."""
    return lambda text: on_line_3(b"'" + "".join(form % byte for byte in text).encode() + b"'")


def wrapped(text: bytes) -> bytes:
    """Return base64 in lines of 76 characters, the first of them on line 3."""
    return b"first line\nsecond line\n" + base64.encodebytes(b"a text of some length, since it is wrapped: " * 3 + text)


def in_pieces(before: str, between: str, after: str) -> Hide:
    def hide(text: bytes) -> bytes:
        piece = text.decode()
        parts = piece[:9], piece[9:]
        return on_line_3(f"{before}{between.join(parts)}{after}".encode())

    return hide


def wide(encoding: str) -> Hide:
    return lambda text: on_line_3(text).decode().encode(encoding)


ENCODINGS: dict[str, Hide] = {
    "base64": lambda text: on_line_3(base64.b64encode(text)),
    "base64 without padding": lambda text: on_line_3(base64.b64encode(text).rstrip(b"=")),
    "base64url": lambda text: on_line_3(base64.urlsafe_b64encode(b"~~~???>>>" + text)),
    "base64 of UTF-16": lambda text: on_line_3(base64.b64encode(text.decode().encode("utf-16-le"))),
    "base64 over lines": wrapped,
    "hex": lambda text: on_line_3(text.hex().encode()),
    "percent": each("%%%02X"),
    "percent in part": lambda text: on_line_3(b"https://host.test/?next%3D" + text + b"%26x"),
    "percent twice": each("%%25%02X"),
    "decimal entities": each("&#%d;"),
    "hexadecimal entities": each("&#x%x;"),
    "unicode escapes": each("\\u%04x"),
    "unicode escape in part": lambda text: on_line_3(b'"a\\u003d' + text + b'"'),
    "braced unicode escapes": each("\\u{%x}"),
    "hex escapes": each("\\x%02x"),
    "data URL": lambda text: on_line_3(b"url(data:text/plain;base64," + base64.b64encode(text) + b")"),
    "data URL, percent": lambda text: on_line_3(
        b"data:text/plain," + "".join(f"%{byte:02x}" for byte in text).encode()
    ),
    "quoted-printable": lambda text: (
        b"Content-Transfer-Encoding: quoted-printable\n\n"
        + encodestring(b"key=" + b"x" * 50 + b" " + text).replace(b"\n\n", b"\n")
    ),
    "plus": in_pieces('"', '" + "', '"'),
    "plus over lines": in_pieces("'", "' +\n    '", "'"),
    "side by side": in_pieces('"', '" "', '"'),
    "side by side over lines": in_pieces('("', '"\n        "', '")'),
    "dot": in_pieces("'", "' . '", "'"),
    "two dots": in_pieces('"', '" .. "', '"'),
    "ampersand": in_pieces('"', '" & "', '"'),
    "UTF-16": wide("utf-16"),
    "UTF-16 LE without a mark": wide("utf-16-le"),
    "UTF-16 BE without a mark": wide("utf-16-be"),
    "UTF-32": wide("utf-32"),
    "UTF-32 LE without a mark": wide("utf-32-le"),
    "UTF-32 BE without a mark": wide("utf-32-be"),
    "latin-1": lambda text: on_line_3("é ".encode("latin-1") + text),
    "UTF-16 behind ASCII": lambda text: b"a line\nmore\n" + b"x" * 5_000 + ("=" + text.decode()).encode("utf-16-le"),
}


# --- containers --------------------------------------------------------------------------------------


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return stream.getvalue()


def tarred(*members: tuple[str, bytes], mode: Literal["w", "w:gz", "w:bz2", "w:xz"] = "w", form: int = 2) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode, format=form) as archive:
        for name, data in members:
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
    return stream.getvalue()


_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def word(text: bytes) -> bytes:
    """Return a Word document in which the text is spread over three runs."""
    pieces = (text[:5], text[5:20], text[20:])
    runs = b"".join(b"<w:r><w:rPr><w:b/></w:rPr><w:t>" + piece + b"</w:t></w:r>" for piece in pieces)
    body = f'<?xml version="1.0"?>\n<w:document xmlns:w="{_WORD}"><w:body><w:p>'.encode()
    return zipped(
        ("[Content_Types].xml", b"<Types/>"), ("word/document.xml", body + runs + b"</w:p></w:body></w:document>")
    )


def sheet(text: bytes) -> bytes:
    table = f'<?xml version="1.0"?>\n<sst xmlns="{_SHEET}"><si><t>name</t></si><si>'.encode()
    runs = b"<r><t>" + text[:8] + b"</t></r><r><t>" + text[8:] + b"</t></r></si></sst>"
    return zipped(("[Content_Types].xml", b"<Types/>"), ("xl/sharedStrings.xml", table + runs))


def open_document(text: bytes) -> bytes:
    head = f'<?xml version="1.0"?>\n<office:document-content xmlns:office="{_OFFICE}">'.encode()
    body = b"<text:p>a <text:span>" + text[:6] + b"</text:span>" + text[6:] + b"</text:p></office:document-content>"
    return zipped(("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", head + body))


def pdf(text: bytes) -> bytes:
    shown = b"BT /F1 12 Tf 72 700 Td (Title) Tj 0 -14 Td [(" + text[:6] + b") -12 (" + text[6:] + b")] TJ ET"
    stream = zlib.compress(shown)
    head = b"%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode/Length " + str(len(stream)).encode() + b">>\nstream\n"
    return head + stream + b"\nendstream\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def sqlite(text: bytes) -> bytes:
    """Return a database of several pages, the text in the last row, on a page with an overflow."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT, rest TEXT)")
    rows = [(f"name {number}", "nothing", "x" * 200) for number in range(200)]
    connection.executemany(
        "INSERT INTO accounts (name, note, rest) VALUES (?, ?, ?)", [*rows, ("last", text.decode(), "y" * 9_000)]
    )
    connection.commit()
    return connection.serialize()


def bytecode(text: bytes) -> bytes:
    """Return a compiled module; a letter before the text's constant in the file would spoil a word boundary."""
    code = compile(f"name = 'N'\nvalue = {text.decode() * 1!r}\nother = 'zebra'\n", "module.py", "exec")
    return struct.pack("<H2sLLL", 3495, b"\r\n", 0, 0, 0) + marshal.dumps(code)


CONTAINERS: dict[str, tuple[str, Hide]] = {
    "gzip": ("", gzip.compress),
    "two gzip streams": ("", lambda text: gzip.compress(b"") + gzip.compress(text)),
    "bzip2": ("", bz2.compress),
    "xz": ("", lzma.compress),
    "lzma": ("", lambda text: lzma.compress(text, lzma.FORMAT_ALONE)),
    "zip": ("!in/a.txt", lambda text: zipped(("in/a.txt", text))),
    "stored zip": ("!in/a.txt", lambda text: zipped(("in/a.txt", text), method=zipfile.ZIP_STORED)),
    "bzip2 zip": ("!a.txt", lambda text: zipped(("a.txt", text), method=zipfile.ZIP_BZIP2)),
    "lzma zip": ("!a.txt", lambda text: zipped(("a.txt", text), method=zipfile.ZIP_LZMA)),
    "zip behind a script": ("!a.txt", lambda text: b"#!/bin/sh\nexec java\n" + zipped(("a.txt", text))),
    "tar": ("!in/a.txt", lambda text: tarred(("in/a.txt", text))),
    "old tar": ("!in/a.txt", lambda text: tarred(("in/a.txt", text), form=tarfile.USTAR_FORMAT)),
    "GNU tar, long name": (
        f"!{'d/' * 80}a.txt",
        lambda text: tarred((f"{'d/' * 80}a.txt", text), form=tarfile.GNU_FORMAT),
    ),
    "tar.gz": ("!in/a.txt", lambda text: tarred(("in/a.txt", text), mode="w:gz")),
    "tar.bz2": ("!in/a.txt", lambda text: tarred(("in/a.txt", text), mode="w:bz2")),
    "tar.xz": ("!in/a.txt", lambda text: tarred(("in/a.txt", text), mode="w:xz")),
    "zip in zip": ("!b.zip!a.txt", lambda text: zipped(("b.zip", zipped(("a.txt", text))))),
    "tar.gz in zip": ("!b.tgz!a.txt", lambda text: zipped(("b.tgz", tarred(("a.txt", text), mode="w:gz")))),
}
"""What a container adds to the path, and how it is made; lines are those of the text inside."""

DOCUMENTS: dict[str, tuple[str, Hide]] = {
    "docx": ("!word/document.xml", word),
    "xlsx": ("!xl/sharedStrings.xml", sheet),
    "odt": ("!content.xml", open_document),
    "pdf": ("!stream 1", pdf),
    "sqlite": ("!accounts", sqlite),
    "pyc": ("", bytecode),
}
"""The same for documents, in which a text has no lines of its own."""


# --- structured files: a format with a place for the value, and the line on which it stands ----------

_NOTEBOOK = r"""{
 "cells": [
  {"cell_type": "code", "metadata": {}, "execution_count": 1,
   "source": [
    "import os\n",
    "def connect():\n",
    "    password = \"@\"\n"
   ],
   "outputs": []}
 ],
 "nbformat": 4, "nbformat_minor": 5
}
"""
_NOTEBOOK_OUTPUT = r"""{
 "cells": [
  {"cell_type": "code", "metadata": {}, "source": ["show()"],
   "outputs": [{"output_type": "stream", "name": "stdout",
    "text": [
     "starting\n",
     "{'password': '@'}\n"
    ]}]}
 ],
 "nbformat": 4, "nbformat_minor": 5
}
"""
_SECRET = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\ntype: Opaque\n"

STRUCTURED: dict[str, tuple[str, int]] = {
    "kubernetes-data.yaml": (_SECRET + "data:\n  username: YWRtaW4=\n  password: %\n", 8),
    "kubernetes-odd-name.yaml": (_SECRET + "data:\n  # a comment\n  x1: %\n", 8),
    "kubernetes-block.yaml": (_SECRET + "data:\n  password: |\n    %\nimmutable: true\n", 8),
    "kubernetes-behind-map.yaml": ("kind: ConfigMap\ndata:\n  a: b\n---\n" + _SECRET + "data:\n  pin: '%'\n", 11),
    "kubernetes-list.yaml": (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  data:\n    admin-password: %\n  kind: Secret\n",
        6,
    ),
    "kubernetes-string-data.yaml": (_SECRET + 'stringData:\n  smtp: "@"\n', 7),
    "kubernetes.json": ('{\n "apiVersion": "v1",\n "data": {\n  "x": "%"\n },\n "kind": "Secret"\n}\n', 4),
    "kubernetes-env.yaml": ("spec:\n  env:\n    - name: DB_PASSWORD\n      value: '@'\n", 4),
    "pod-quoted-env.yaml": ('spec:\n  env:\n    - name: "DB_PASSWORD"\n      value: "@"\n', 4),
    "postman.json": (
        '{"info": {"name": "x"},\n "variable": [\n  {\n   "key": "password",\n   "value": "@",\n   "type": "x"}]}\n',
        5,
    ),
    "har.json": (
        '{"log": {"entries": [{"request": {"headers": [\n  {"value": "@", "name": "X-Password"}\n]}}]}}\n',
        2,
    ),
    "task-definition.json": (
        '{"containerDefinitions": [{"environment": [\n {\n "name": "DB_PASSWORD",\n "value": "@"\n }]}]}\n',
        4,
    ),
    "terraform.tfstate": (
        '{"version": 4,\n "outputs": {\n  "db_password": {\n   "value": "@",\n   "type": "string"\n  }\n }\n}\n',
        4,
    ),
    "random.tfstate": (
        '{"version": 4,\n "resources": [{"type": "random_password",\n  "instances": [{"attributes": {\n'
        '   "length": 16,\n   "result": "@"\n }}]}]}\n',
        5,
    ),
    "cassette.yaml": (
        "interactions:\n- request:\n    headers:\n      X-Api-Key:\n      - '@'\n    method: GET\n",
        5,
    ),
    "cassette.json": (
        '{"http_interactions": [{"request": {"headers": {\n  "X-Api-Key": [\n   "@"\n  ]}}}]}\n',
        3,
    ),
    "notebook.ipynb": (_NOTEBOOK, 7),
    "notebook-output.ipynb": (_NOTEBOOK_OUTPUT, 7),
    ".netrc": ("machine api.acme-corp.net\n  login ann\n  password @\n", 3),
    ".pgpass": ("# host:port:database:user:password\ndb.acme-corp.net:5432:app:ann:@\n", 2),
    "kubeconfig": (
        "apiVersion: v1\nkind: Config\nclusters: []\nusers:\n- name: ann\n  user:\n    password: @\n",
        7,
    ),
    "docker/config.json": ('{\n  "auths": {\n    "registry.acme-corp.net": {\n      "auth": "&"\n    }\n  }\n}\n', 4),
    ".env": ("# settings\nDEBUG=1\nDATABASE_PASSWORD=@\n", 3),
    ".env.production": ("export APP_NAME='shop'\nexport MAIL_PASSWORD='@'\n", 2),
    ".env.local.example": ('APP_NAME=shop\n\nSESSION_SECRET="@"\n', 3),
    ".envrc": ("use nix\nexport API_TOKEN=@\n", 2),
    "application.properties": (
        "server.port=8080\nspring.datasource.username=app\nspring.datasource.password=@\n",
        3,
    ),
    "bootstrap.properties": ("# config server\nspring.cloud.config.password = @\n", 2),
    "application.yml": (
        "server:\n  port: 8080\nspring:\n  datasource:\n    url: jdbc:postgresql://db:5432/app\n    password: @\n",
        6,
    ),
    ".npmrc": ("registry=https://npm.acme-corp.net/\n//npm.acme-corp.net/:_authToken=@\n", 2),
    "password/.npmrc": ("//npm.acme-corp.net/:username=ann\n//npm.acme-corp.net/:_password=%\n", 2),
    "auth/.npmrc": ("email=ann@@acme-corp.net\n_auth=&\n", 2),
    ".pypirc": (
        "[distutils]\nindex-servers = inner\n\n[inner]\nrepository = https://pypi.acme-corp.net\n"
        "username = ann\npassword = @\n",
        7,
    ),
    "docker-compose.yml": (
        "services:\n  db:\n    image: postgres\n    environment:\n      PGUSER: app\n      POSTGRES_PASSWORD: @\n",
        6,
    ),
    "compose.yaml": (
        "services:\n  db:\n    image: mysql\n    environment:\n      - DB_HOST=db\n      - MYSQL_ROOT_PASSWORD=@\n",
        6,
    ),
    ".github/workflows/deploy.yml": (
        "on: push\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    env:\n      DEPLOY_PASSWORD: '@'\n    steps: []\n",
        6,
    ),
    "inline/.github/workflows/login.yml": (
        "on: push\njobs:\n  a:\n    steps:\n      - run: |\n          export REGISTRY_PASSWORD=@\n          make\n",
        6,
    ),
    ".gitlab-ci.yml": (
        "stages: [deploy]\nvariables:\n  DEPLOY_USER: ann\n  DEPLOY_TOKEN: @\ndeploy:\n  script: ./deploy.sh\n",
        4,
    ),
    "described/.gitlab-ci.yml": (
        'variables:\n  DB_PASSWORD:\n    value: "@"\n    description: "of the database"\n',
        3,
    ),
    "wp-config.php": (
        "<?php\ndefine( 'DB_NAME', 'shop' );\ndefine( 'DB_PASSWORD', '@' );\ndefine( 'DB_HOST', 'db' );\n",
        3,
    ),
    "appsettings.json": (
        '{\n  "Logging": {"LogLevel": {"Default": "Warning"}},\n  "Smtp": {\n    "User": "ann",\n'
        '    "Password": "@"\n  }\n}\n',
        5,
    ),
    "connection/appsettings.json": (
        '{\n  "ConnectionStrings": {\n    "Shop": "Server=db;Database=shop;User Id=app;Password=@"\n  }\n}\n',
        3,
    ),
    "group_vars/all.yml": ("---\nhttp_port: 80\ndb_user: app\ndb_password: @\n", 4),
    "hosts.ini": (
        "[web]\nweb1.acme-corp.net ansible_user=ann ansible_password=@ ansible_port=22\n",
        2,
    ),
    "config/credentials.yml": ("production:\n  secret_key_base: @\n", 2),
    "config/database.yml": (
        "production:\n  adapter: postgresql\n  username: app\n  password: @\n  host: db.acme-corp.net\n",
        4,
    ),
    "config/secrets.yml": ('default: &default\n  a: 1\nproduction:\n  <<: *default\n  aws_secret: "@"\n', 5),
    "values.yaml": ("image:\n  tag: '1'\npostgresql:\n  auth:\n    username: app\n    postgresPassword: @\n", 6),
    "env/values.yaml": ("extraEnv:\n  - name: SMTP_PASSWORD\n    value: @\n", 3),
    "terraform.tfvars": ('region      = "eu-central-1"\ndb_password = "@"\n', 2),
    "map/prod.auto.tfvars": ('database = {\n  user     = "app"\n  password = "@"\n}\n', 3),
    "terraform.tfvars.json": ('{\n  "region": "eu-central-1",\n  "db_password": "@"\n}\n', 3),
}
"""`@` stands for the value, `%` for its base64, `&` for the base64 of a login with it; `@@` is an at sign."""


AS_IT_IS_WRITTEN = ("docker/config.json", "auth/.npmrc", "password/.npmrc")
"""Files whose secret is a login in base64, as tools take it: it is told as it stands there."""


def told(name: str, value: str) -> str:
    """Return the secret that is to be told of the file with a value in its place."""
    if name not in AS_IT_IS_WRITTEN:
        return value
    login = f"ann:{value}" if "&" in STRUCTURED[name][0] else value
    return base64.b64encode(login.encode()).decode()


def structured(name: str, value: str) -> bytes:
    """Return the file with a value in its place."""
    template, _ = STRUCTURED[name]
    meanings = {
        "@@": "@",
        "@": value,
        "%": base64.b64encode(value.encode()).decode(),
        "&": base64.b64encode(f"ann:{value}".encode()).decode(),
    }
    return re.sub("@@|[@%&](?!default)", lambda sign: meanings[sign[0]], template).encode()
