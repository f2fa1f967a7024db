"""Structured files: a format with a place for the value, and the line on which it stands."""

from __future__ import annotations

import base64
import re

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
