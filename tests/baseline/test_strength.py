"""What a person would choose counts as guessable, what a machine drew does not."""

from __future__ import annotations

import pytest

from scanner.engine.strength import STRONG_BITS, estimated_bits, is_guessable
from scanner.engine.templates import expand


@pytest.mark.parametrize(
    "password",
    [
        "",
        "hunter2",
        "Summer2024!",
        "P@ssw0rd!P@ssw0rd!P@ssw0rd!",
        "correct-horse-battery-staple",
        "correcthorsebatterystaple",
        "MyCompanyDatabasePassword2024!",
        "iloveyouverymuchmydarling2019",
        "a" * 400,
        "1234567890" * 8,
    ],
)
def test_what_a_person_makes_up_is_guessable(password: str) -> None:
    assert is_guessable(password)
    assert estimated_bits(password) < STRONG_BITS


@pytest.mark.parametrize("template", ["{{base62:36}}", "{{hex:40}}", "{{base64:40}}", "{{uuid}}", "ghp_{{base62:36}}"])
def test_what_a_machine_drew_is_not(template: str) -> None:
    assert not any(is_guessable(expand(template, seed=str(seed))) for seed in range(100))
