"""Passwords: hashing by Argon2id, checks for weak ones, and the form fields of accounts."""

from __future__ import annotations

import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from batchbook.forms import Field
from batchbook.grid import Choice, Kind
from batchbook.zones import zone_names

# OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. A server with several threads
# then stays small while many users sign in together.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

SHORTEST = 10
LONGEST = 1000


def hash_password(password: str) -> str:
    """Return an Argon2id hash of ``password``, with its own salt and parameters in it."""
    return _HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Return whether ``password`` matches the hash; ``False`` without a hash, after the same amount of work.

    So the time taken does not reveal whether a user exists.
    """
    try:
        matches = _HASHER.verify(password_hash or dummy_hash(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None and len(password) <= LONGEST


def needs_rehash(password_hash: str) -> bool:
    """Return whether the hash was made with outdated parameters, so that the password should be hashed again."""
    return _HASHER.check_needs_rehash(password_hash)


def why_weak(password: str, *parts: str) -> str | None:
    """Return the sentence that explains why ``password`` is too weak, or ``None`` if it is good enough.

    ``parts`` are words that it must not contain, such as the user's name. Length is what counts; no mixture of kinds
    of characters is required (NIST SP 800-63B, 5.1.1.2).
    """
    if len(password) < SHORTEST:
        return f"The password must have at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"The password must have at most {LONGEST} characters."
    if len(set(password)) < SHORTEST // 2:
        return "The password repeats the same few characters. Choose a more varied one."
    if any(len(part) >= 3 and part.lower() in password.lower() for part in parts):
        return "The password must not contain your name."
    return None


@functools.cache
def dummy_hash() -> str:
    """Return the hash of a password that nobody has, made with the current parameters."""
    return hash_password(secrets.token_urlsafe())


#: Advice for choosing a password.
ADVICE = f"At least {SHORTEST} characters; a few words are easiest to remember."

#: The error if a new password and its repetition differ.
DIFFERENT = "The new passwords don't match."


def password_field(name: str, label: str, *, help: str = "", required: bool = True) -> Field:  # noqa: A002 - As fields call it.
    """Return a field for a password. Its text is never shown again."""
    return Field.of(
        name, Kind.TEXT, label=label, widget="password", help=help, required=required, max_length=LONGEST
    )


def zone_field() -> Field:
    """Return the field for a user's own time zone."""
    choices = tuple(Choice(name, name.replace("_", " ")) for name in zone_names())
    text = "Times are shown and entered in this time zone. If empty, that of the site applies."
    return Field.of("timezone", Kind.CHOICE, label="Time zone", choices=choices, help=text)
