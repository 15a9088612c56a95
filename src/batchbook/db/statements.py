"""A scanner of SQL that finds statements which end a transaction, or change the schema or the connection's settings.

It is needed for PostgreSQL, whose driver sends any text unparsed. SQLite has an authorizer instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from itertools import pairwise

#: Results for texts longer than this, in characters, are not cached.
_LONGEST_KEPT = 10_000


class Effect(Enum):
    """The effects of statements that are forbidden to code which does not own the transaction."""

    TRANSACTION = "transaction"
    SCHEMA = "schema"
    SETTINGS = "settings"


_TRANSACTION = frozenset("ABORT BEGIN COMMIT END RELEASE ROLLBACK SAVEPOINT START".split())  # noqa: SIM905 - Easier to read.
#: DO is among them because the effect of its block of code is unknown.
_SCHEMA = frozenset(
    "ALTER CLUSTER COMMENT CREATE DO DROP GRANT IMPORT REASSIGN REINDEX REVOKE SECURITY TRUNCATE VACUUM".split()  # noqa: SIM905
)
_SETTINGS = frozenset({"DISCARD", "RESET", "SET"})
#: The words after a SET that ends with the transaction.
_LOCAL = frozenset({"CONSTRAINTS", "LOCAL"})
#: The words before an INTO that creates no table.
_BEFORE_INTO = frozenset({"AS", "INSERT", "MERGE"})

_TOKEN = re.compile(
    r"""--[^\n]*|(?P<comment>/\*)|[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"
    |(?P<dollar>\$(?:[^\W\d]\w*)?\$)|(?P<end>;)|(?P<word>[^\W\d][\w$]*)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*|\*/")


def forbidden_in(text: str) -> tuple[Effect, str] | None:
    """Return the effect and the first words of the first forbidden statement of ``text``; ``None`` if there is none."""
    return _found(text) if len(text) <= _LONGEST_KEPT else _found.__wrapped__(text)


def savepoint_in(text: str) -> str | None:
    """Return the savepoint that ``text``, one statement, sets, releases or rolls back to; ``None`` if it does not."""
    words, *more = _statements(text)
    if any(more) or len(words) < 2 or words[0].upper() not in ("SAVEPOINT", "RELEASE", "ROLLBACK"):
        return None
    return words[-1]


@lru_cache(maxsize=512)
def _found(text: str) -> tuple[Effect, str] | None:
    for words in _statements(text):
        found = _effect_of([word.upper() for word in words])
        if found is not None:
            return found
    return None


def _effect_of(words: list[str]) -> tuple[Effect, str] | None:
    first, second, *_ = [*words, "", ""]
    if first in _TRANSACTION:
        return Effect.TRANSACTION, f"{first} TO" if second == "TO" else first
    if second == "TRANSACTION" and first in ("PREPARE", "SET"):
        return Effect.TRANSACTION, f"{first} {second}"
    if first in _SCHEMA:
        return Effect.SCHEMA, f"{first} {second}".strip()
    # SELECT … INTO and WITH … SELECT … INTO create a table.
    if any(word == "INTO" and before not in _BEFORE_INTO for before, word in pairwise(words)):
        return Effect.SCHEMA, f"{first} INTO"
    if first in _SETTINGS and second not in _LOCAL:
        return Effect.SETTINGS, f"{first} {second}".strip()
    return None


def _statements(text: str) -> Iterator[list[str]]:
    """Yield the words of each statement of ``text``, without quoted ones and comments."""
    words: list[str] = []
    position = 0
    while found := _TOKEN.search(text, position):
        position = found.end()
        if found["comment"]:
            position = _end_of_comment(text, position)
        elif found["dollar"]:
            end = text.find(found["dollar"], position)
            position = len(text) if end < 0 else end + len(found["dollar"])
        elif found["end"]:
            yield words
            words = []
        elif found["word"]:
            words.append(found["word"])
    yield words


def _end_of_comment(text: str, position: int) -> int:
    """Return the end of the comment whose text begins at ``position``; comments of PostgreSQL may be nested."""
    depth = 1
    while depth:
        found = _COMMENT.search(text, position)
        if found is None:
            return len(text)
        depth += 1 if found[0] == "/*" else -1
        position = found.end()
    return position
