"""Values that only point to a secret, and values that are sealed."""

from __future__ import annotations

import re

from scanner.engine.hit import Hit

_REFERENCE = re.compile(
    r"""(?ix)
    ^\$\w+$ | ^\$[A-Za-z_]\w*[/:"] | ^\$\{ | \$\{[\w.:/?@!,+\ -]{1,80}\} |
    ^\$\( | \{\{[^{}]{0,80}\}\} | ^\{\{ | ^\{%|%\}$ | ^<% | \#\{[^{}]*\} | ^%\w+%$ | ^%\( | ^%[-+\#0-9.]*[sdvqxuf@]\b |
    ^\{\w*\}$ | ^\[\[ | \[\[[^\[\]]{1,80}\]\] |
    ^\\\( | ^@\w*\{ | ^`[^`]*`$ | ^\$[\[(] |
    ^(?:op|vault|doppler|infisical|keyring|keychain|akv|ssm|awssm|sm|gcpsm|ref\+\w+|file|fileb|secretref|env)://? |
    ^vault: | ^secret/data/ | ^arn:aws[\w-]*: | \{\{resolve: |
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
    r"^(?:ENC\[|ENC\(|\{cipher\}|vault:v\d+:|\$ANSIBLE_VAULT|U2FsdGVkX1|AQICAH|k8s:enc:|encrypted:|"
    r"\{[A-Za-z0-9+/=]{16,}\}$|DEC::|!vault\b|age1[a-z0-9]{58}$|YWdlLWVuY3J5cHRpb24)"
)
_SEALED_NAME = re.compile(
    r"(?:(?:^|\s)secure\s*:|!vault\s*\|?|encrypted_\w+\W+|\bencryptedData\W+|cipher_?text\W+)\s*[\"']?$"
)
_SEALED_SECRET = re.compile(r"Ag[A-D][A-Za-z0-9+/]{200,}={0,2}")
_RAILS = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}--[A-Za-z0-9+/]{16}--[A-Za-z0-9+/]{22}==")


def is_encrypted(hit: Hit) -> str | None:
    """Drop a value that is sealed: without its key, which lies elsewhere, it is of no use.

    Each value is judged by its own structure: a plain value in a file of sealed ones is still a secret.
    """
    secret = hit.secret
    if _ENCRYPTED.search(secret) or _SEALED_SECRET.fullmatch(secret) or _RAILS.fullmatch(secret):
        return "encrypted"
    return "encrypted" if _SEALED_NAME.search(hit.before) else None
