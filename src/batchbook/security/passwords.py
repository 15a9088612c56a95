"""Passwords: hashing by Argon2id, checks for weak ones, and the form fields of accounts."""

from __future__ import annotations

import functools
import gzip
import re
import secrets
from collections.abc import Iterable, Iterator
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from batchbook.forms import Field
from batchbook.grid import Choice, Kind, NumberFormat
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

    ``parts`` are the user's names and address, which it must not contain, nor a word of them. Length is what counts; no
    mixture of kinds of characters is required, but a password that many people have is refused (NIST SP 800-63B, 5.1.1.2).
    """
    if len(password) < SHORTEST:
        return f"The password must have at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"The password must have at most {LONGEST} characters."
    if len(set(password)) < SHORTEST // 2:
        return "The password repeats the same few characters. Choose a more varied one."
    if any(word in password.lower() for word in _own_words(parts)):
        return "The password must not contain your name or your address."
    if is_common(password):
        return "Many people have this password, so it is tried first. Choose another one: a few words are easiest to remember."
    return None


#: The shortest name that a password must not contain, and the shortest word of a name or an address.
_SHORTEST_NAME, _SHORTEST_WORD = 3, 4


def _own_words(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        text = part.strip().lower()
        if len(text) >= _SHORTEST_NAME:
            yield text
        words = re.split(r"[\W_]+", text)
        yield from (word for word in words if len(word) >= _SHORTEST_WORD)
        if len(words) > 1 and len("".join(words)) >= _SHORTEST_NAME:
            yield "".join(words)


#: The shortest common password that counts with figures and signs around it.
_SHORTEST_CORE = 4


def is_common(password: str) -> bool:
    """Return whether ``password`` is one of the most common ones, or is one with figures and signs around it."""
    text = password.lower()
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
    common = _common_passwords()
    return text in common or (len(core) >= _SHORTEST_CORE and core in common)


@functools.cache
def _common_passwords() -> frozenset[str]:
    """Return the twenty thousand most common passwords, in lower case.

    The list is that of Django 5.2 (BSD licence), ``django/contrib/auth/common-passwords.txt.gz``, as it is; Royce Williams
    made it from published leaks, https://gist.github.com/roycewilliams/226886fd01572964e1431ac8afc999ce. To renew it, copy
    that file of a later version.
    """
    data = files("batchbook.security").joinpath("common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(data).decode().split())


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


def number_format_field() -> Field:
    """Return the field for a user's own number format."""
    choices = tuple(Choice(one.value, one.label) for one in NumberFormat)
    text = "Numbers are shown and entered in this format. If empty, that of the site applies."
    return Field.of("number_format", Kind.CHOICE, label="Number format", choices=choices, help=text)


def zone_field() -> Field:
    """Return the field for a user's own time zone."""
    choices = tuple(Choice(name, name.replace("_", " ")) for name in zone_names())
    text = "Times are shown and entered in this time zone. If empty, that of the site applies."
    return Field.of("timezone", Kind.CHOICE, label="Time zone", choices=choices, help=text)
