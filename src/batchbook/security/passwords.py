"""Passwords: hashing by Argon2id, weakness, and the fields of forms that ask for them."""

from __future__ import annotations

import functools
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from batchbook.forms import Field
from batchbook.grid import Choice, Kind
from batchbook.zones import zone_names

# OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. A server with several threads
# then keeps its memory small while people sign in together.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

SHORTEST = 10
LONGEST = 1000


def hash_password(password: str) -> str:
    """Return an Argon2id hash of ``password``, with its own salt and parameters in it."""
    return _HASHER.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Return whether ``password`` matches; without a hash the work is done all the same, and the answer is no.

    So the time taken does not tell whether a user exists.
    """
    try:
        matches = _HASHER.verify(password_hash or dummy_hash(), password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return matches and password_hash is not None and len(password) <= LONGEST


def needs_rehash(password_hash: str) -> bool:
    """Return whether the hash was made with other parameters than today's, so that it should be made anew."""
    return _HASHER.check_needs_rehash(password_hash)


def why_weak(password: str, *parts: str) -> str | None:
    """Return a sentence that says why ``password`` may not be chosen, or ``None`` when it may.

    ``parts`` are words it must not be made of, such as the user's name. Length is what counts; no mixture of kinds
    of characters is asked for (NIST SP 800-63B, 5.1.1.2).
    """
    if len(password) < SHORTEST:
        return f"The password must have at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"The password must have at most {LONGEST} characters."
    if len(set(password)) < SHORTEST // 2:
        return "The password repeats the same few characters; choose a more varied one."
    if any(len(part) >= 3 and part.lower() in password.lower() for part in parts):
        return "The password must not contain your name."
    return None


@functools.cache
def dummy_hash() -> str:
    """Return the hash of a password that nobody has, made with today's parameters."""
    return hash_password(secrets.token_urlsafe())


#: What to know before one chooses a password.
ADVICE = f"At least {SHORTEST} characters; a few words are easiest to remember."

#: What is wrong when a new password and its repetition differ.
DIFFERENT = "The two new passwords are not the same."


def password_field(name: str, label: str, *, help: str = "", required: bool = True) -> Field:  # noqa: A002 - As fields call it.
    """Return a field for a password; what is typed into it is never shown again."""
    return Field.of(
        name, Kind.TEXT, label=label, widget="password", help=help, required=required, max_length=LONGEST
    )


def zone_field() -> Field:
    """Return the field for the time zone in which somebody sees moments."""
    choices = tuple(Choice(name, name.replace("_", " ")) for name in zone_names())
    text = "In it all times are shown to you, and read from you. Without one it is that of the site."
    return Field.of("timezone", Kind.CHOICE, label="Time zone", choices=choices, help=text)
