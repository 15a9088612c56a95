from __future__ import annotations

from datetime import timedelta

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.security.settings import DEVELOPMENT_SECRET, SecuritySettings, read_settings

SECRET = "s" * 32


def test_defaults_are_safe() -> None:
    assert read_settings({"batchbook.secret": SECRET}) == SecuritySettings(
        secret=SECRET,
        secure_cookies=True,
        session_length=timedelta(hours=12),
        idle_length=timedelta(hours=2),
        ask_password_for=frozenset(),
        recent_length=timedelta(minutes=10),
        login_attempts=10,
        name_attempts=100,
        address_attempts=50,
    )


@pytest.mark.parametrize("secret", ["", "s" * 31, "   " + "s" * 31 + "  ", DEVELOPMENT_SECRET])
def test_a_weak_secret_stops_the_start(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="at least 32 random characters"):
        read_settings({"batchbook.secret": secret})


def test_a_missing_secret_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"batchbook\.secret"):
        read_settings({})


def test_development_needs_no_secret() -> None:
    assert read_settings({"batchbook.development": "true"}).secret == DEVELOPMENT_SECRET
    assert read_settings({"batchbook.development": "true", "batchbook.secret": "mine"}).secret == "mine"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batchbook.secure_cookies", "maybe"),
        ("batchbook.session_hours", "0"),
        ("batchbook.session_hours", "12h"),
        ("batchbook.idle_minutes", "-1"),
        ("batchbook.confirm_password_minutes", "0"),
        ("batchbook.login_attempts", "-1"),
        ("batchbook.login_attempts_per_address", "٣"),
        ("batchbook.development", "perhaps"),
    ],
)
def test_what_is_no_value_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        read_settings({"batchbook.secret": SECRET, name: value})
