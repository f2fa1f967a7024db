"""A key id and its secret are one finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scanner.engine.templates import expand
from tests.repositories import leaksweep

KEY_ID = expand("AKIA{{base32:16}}", seed="key id")
SECRET = expand("{{base64:40}}", seed="secret key")


def _findings(tmp_path: Path, content: str) -> list[dict[str, Any]]:
    (tmp_path / "settings.ini").write_text(content)
    done = leaksweep("scan", "--all-files", "--min-confidence", "low", "-f", "json", str(tmp_path))
    return list(json.loads(done.stdout)["findings"])


def test_a_pair_is_one_finding_that_names_the_key_id_masked(tmp_path: Path) -> None:
    found = _findings(tmp_path, f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    assert [one["rule_id"] for one in found] == ["aws-secret-access-key"]
    assert any("AKIA****" in note and "line 1" in note for note in found[0]["notes"])
    assert KEY_ID not in json.dumps(found)


def test_a_key_id_alone_is_a_finding_of_its_own(tmp_path: Path) -> None:
    found = _findings(tmp_path, f"aws_access_key_id = {KEY_ID}\n")
    assert [(one["rule_id"], one["severity"]) for one in found] == [("aws-access-key-id", "medium")]


def test_a_key_id_far_from_the_secret_is_not_part_of_it(tmp_path: Path) -> None:
    content = f"aws_access_key_id = {KEY_ID}\n" + "\n" * 20 + f"aws_secret_access_key = {SECRET}\n"
    assert {one["rule_id"] for one in _findings(tmp_path, content)} == {"aws-access-key-id", "aws-secret-access-key"}
