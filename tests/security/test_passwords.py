from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from batchbook.security.passwords import hash_password, needs_rehash, verify_password, why_weak

pytestmark = pytest.mark.usefixtures("slow_hashes")


def test_a_hash_verifies_its_password_only() -> None:
    made = hash_password("correct horse battery")
    assert made.startswith("$argon2id$")
    assert verify_password(made, "correct horse battery")
    assert not verify_password(made, "correct horse batterz")
    assert not verify_password(made, "")


def test_every_hash_has_its_own_salt() -> None:
    assert hash_password("correct horse battery") != hash_password("correct horse battery")


def test_nobody_has_no_password() -> None:
    assert not verify_password(None, "anything")
    assert not verify_password("", "anything")
    assert not verify_password("not a hash", "anything")


def test_a_password_of_absurd_length_does_not_match_its_beginning() -> None:
    assert not verify_password(hash_password("x" * 1000), "x" * 1001)


def test_a_hash_of_other_parameters_is_to_be_made_anew() -> None:
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))
    assert not needs_rehash(hash_password("x"))


@pytest.mark.parametrize(
    ("password", "part_of_the_reason"),
    [
        ("short", "at least 10"),
        ("x1" * 501, "at most 1000"),
        ("ababababababab", "repeats"),
        ("Anna is the best", "your name"),
        ("sunny AshFord hill", "your name"),
        ("annabellaashford", "your name"),
        ("xx anna@shop.example xx", "your address"),
        ("blue shop harbour", "your address"),
        ("1234567890", "Many people"),
        ("Password1234!", "Many people"),
        ("(qwertyuiop)", "Many people"),
    ],
)
def test_weak_passwords_are_explained(password: str, part_of_the_reason: str) -> None:
    assert part_of_the_reason in (why_weak(password, "anna", "Annabella Ashford", "anna@shop.example") or "")


def test_a_long_phrase_is_good_whatever_it_is_made_of() -> None:
    assert why_weak("four words and more", "anna", "Li Wu", "") is None
    assert why_weak("password of my own", "anna") is None
