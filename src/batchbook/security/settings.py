"""The settings of sign-in and sessions, read once at start-up."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyramid.exceptions import ConfigurationError
from webob.cookies import SignedCookieProfile

from batchbook.settings import DEVELOPMENT, Setting

#: The default secret in development; it is refused anywhere else.
DEVELOPMENT_SECRET = "batchbook development secret, never used in production"  # noqa: S105 - Refused in production.

SHORTEST_SECRET = 32

#: The environment variable that overrides the setting, so that the secret need not be in a file.
SECRET_VARIABLE = "BATCHBOOK_SECRET"  # noqa: S105 - The name of it, not the secret.

SECRET = Setting(
    "batchbook.secret",
    "",
    f"Signs cookies and CSRF tokens: at least {SHORTEST_SECRET} random characters, to be kept secret. "
    "The environment variable BATCHBOOK_SECRET overrides it. Required, except in development. Changing it signs everybody out.",
)
SECURE_COOKIES = Setting(
    "batchbook.secure_cookies",
    "true",
    "Whether cookies are sent over HTTPS only. Set it to false only if the site is served over HTTP.",
)
SESSION_HOURS = Setting("batchbook.session_hours", "12", "Hours from signing in until the session ends.")
IDLE_MINUTES = Setting(
    "batchbook.idle_minutes",
    "120",
    "Minutes without a page or a change until a session ends, before batchbook.session_hours are over; 0 for no such limit.",
)
ASK_PASSWORD_FOR = Setting(
    "batchbook.confirm_password_for",
    "",
    "The permissions for whose pages the password is asked again, such as users:edit roles:edit batch:*:execute; "
    "separate several by spaces. A * stands for one part.",
)
RECENT_MINUTES = Setting(
    "batchbook.confirm_password_minutes",
    "10",
    "Minutes after signing in or confirming the password in which it is not asked again.",
)
LOGIN_ATTEMPTS = Setting(
    "batchbook.login_attempts",
    "10",
    "The limit of failed attempts to sign in with one user name from one address, in 15 minutes.",
)
NAME_ATTEMPTS = Setting(
    "batchbook.login_attempts_per_name",
    "100",
    "The limit of failed attempts to sign in with one user name from all addresses, in 15 minutes.",
)
ADDRESS_ATTEMPTS = Setting(
    "batchbook.login_attempts_per_address",
    "50",
    "The limit of failed attempts to sign in from one address with any user name, in 15 minutes.",
)

SETTINGS = (
    SECRET,
    SECURE_COOKIES,
    SESSION_HOURS,
    IDLE_MINUTES,
    ASK_PASSWORD_FOR,
    RECENT_MINUTES,
    LOGIN_ATTEMPTS,
    NAME_ATTEMPTS,
    ADDRESS_ATTEMPTS,
)


@dataclass(frozen=True)
class SecuritySettings:
    """The values of :data:`SETTINGS`."""

    secret: str
    secure_cookies: bool
    session_length: timedelta
    #: ``None`` for no limit.
    idle_length: timedelta | None
    #: Permissions, which may have ``*`` segments.
    ask_password_for: frozenset[str]
    recent_length: timedelta
    login_attempts: int
    name_attempts: int
    address_attempts: int

    def ends_at(self, began: datetime, now: datetime) -> datetime:
        """Return when a session ends that ``began`` then and is used ``now``."""
        longest = began + self.session_length
        return min(longest, now + self.idle_length) if self.idle_length else longest

    def cookie(self, name: str) -> SignedCookieProfile:
        """Return the profile of a signed cookie that lasts for the browser's session and is out of reach of scripts.

        Over HTTPS the name gets the prefix ``__Host-``, so that browsers refuse a cookie set by a neighbouring host.
        """
        return SignedCookieProfile(
            self.secret,
            salt=f"batchbook cookie {name}",
            cookie_name=f"__Host-{name}" if self.secure_cookies else name,
            secure=self.secure_cookies,
            httponly=True,
            samesite="Lax",
        )


def read_settings(settings: Mapping[str, Any]) -> SecuritySettings:
    """Return the security settings; raise ``ConfigurationError`` if one is invalid or unsafe."""
    return SecuritySettings(
        secret=_secret(settings),
        secure_cookies=SECURE_COOKIES.flag(settings),
        session_length=timedelta(hours=SESSION_HOURS.whole(settings)),
        idle_length=timedelta(minutes=IDLE_MINUTES.whole(settings, minimum=0)) or None,
        ask_password_for=frozenset(ASK_PASSWORD_FOR.text(settings).split()),
        recent_length=timedelta(minutes=RECENT_MINUTES.whole(settings)),
        login_attempts=LOGIN_ATTEMPTS.whole(settings),
        name_attempts=NAME_ATTEMPTS.whole(settings),
        address_attempts=ADDRESS_ATTEMPTS.whole(settings),
    )


def _secret(settings: Mapping[str, Any]) -> str:
    secret = os.environ.get(SECRET_VARIABLE) or SECRET.text(settings)
    if DEVELOPMENT.flag(settings):
        return secret or DEVELOPMENT_SECRET
    if secret == DEVELOPMENT_SECRET or len(secret) < SHORTEST_SECRET:
        raise ConfigurationError(
            f"The setting {SECRET.name}, or the environment's {SECRET_VARIABLE}, must be at least {SHORTEST_SECRET} random characters of your own, because it "
            "signs the cookies. Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return secret
