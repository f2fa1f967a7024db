"""What the committed file costs who would guess from it."""

from __future__ import annotations

import time

from scanner.baseline.hashing import SLOW, Hasher

SALT = bytes(range(16))
COMMON_PASSWORDS = 10_000
CPU_MINUTE_S = 60.0


def test_ten_thousand_guesses_cost_more_than_a_cpu_minute() -> None:
    """The time is computed of what some guesses take, each with a hasher that is warm, as an attacker's would be."""
    hasher, guesses = Hasher(SALT), [f"guess{number}" for number in range(8)]
    start = time.process_time()
    hashes = {hasher.slow("generic", guess) for guess in guesses}
    cost_s = (time.process_time() - start) / len(guesses)
    assert len(hashes) == len(guesses)
    n, r, p = hasher.cost
    assert 128 * n * r * p >= 8 << 20, "a guess must cost 8 MiB of memory too"
    assert cost_s * COMMON_PASSWORDS > CPU_MINUTE_S


def test_a_password_is_hashed_slowly_and_a_random_token_is_not() -> None:
    hasher = Hasher(SALT)
    assert hasher.secret("generic", "Summer2024!").startswith(SLOW)
    assert not hasher.secret("generic", "0f8a7c1d5e3b49260f1c7d8a5b3e4962aa").startswith(SLOW)


def test_salt_key_family_and_secret_all_decide() -> None:
    hashes = {
        Hasher(salt, key=key).secret(family, secret)
        for salt in (SALT, SALT[::-1])
        for key in ("", "key")
        for family in ("a", "b")
        for secret in ("one", "two")
    }
    assert len(hashes) == 16


def test_warming_changes_no_hash() -> None:
    warm, cold = Hasher(SALT), Hasher(SALT)
    warm.warm([("f", "one"), ("f", "two"), ("f", "two")])
    assert warm.slow("f", "two") == cold.slow("f", "two")
