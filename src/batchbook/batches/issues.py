"""What is wrong in a row's cells: issues, as ``BatchRow.issues`` holds them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NotRequired, TypedDict

from batchbook.statuses import Severity

# PostgreSQL stores neither NUL nor halves of surrogate pairs, in texts or in JSON.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Issue(TypedDict):
    """Something wrong in the cell ``field``: a ``code`` for programs, a ``message`` for people, and how bad it is.

    ``severity`` is a :class:`~batchbook.statuses.Severity`; ``raw`` is the text that could not be stored.
    ``suggestions`` are texts that would do, the best first.
    """

    field: str
    code: str
    severity: str
    message: str
    raw: str | None
    suggestions: NotRequired[list[str]]


def issue(
    field: str,
    code: str,
    message: str,
    severity: Severity = Severity.ERROR,
    raw: str | None = None,
    suggestions: Sequence[str] = (),
) -> Issue:
    """Return an issue as it is stored in ``BatchRow.issues``; see :class:`Issue` for its parts."""
    found: Issue = {
        "field": field,
        "code": code,
        "severity": str(severity),
        "message": storable(message),
        "raw": None if raw is None else storable(raw),
    }
    if suggestions:
        found["suggestions"] = [storable(text) for text in suggestions]
    return found


def plain_lines(text: str) -> str:
    """Return ``text`` with one character at each line's end, however a browser or a file says it."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def in_words(found: Issue) -> str:
    """Return what an issue says to people: its message, and what would do instead."""
    perhaps = found.get("suggestions")
    return f"{found['message']} Perhaps: {', '.join(perhaps)}." if perhaps else found["message"]


def storable(text: str) -> str:
    """Return ``text`` with ``�`` in place of each character that no database column can hold."""
    return _UNSTORABLE.sub("�", text)


def without_issues_of(issues: Sequence[Issue] | None, field: str) -> list[Issue] | None:
    """Return ``issues`` less those of ``field``; ``None`` when none is left."""
    return [found for found in issues or () if found["field"] != field] or None
