"""Issues of a row's cells, as they are stored in ``BatchRow.issues``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict, cast

from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from batchbook.db import JSONValue
from batchbook.db.stored_values import raw_text
from batchbook.statuses import Severity
from batchbook.words import storable


class Issue(TypedDict):
    """A problem in the cell ``field``: a ``code`` for programs and a ``message`` for people.

    ``severity`` is a :class:`~batchbook.statuses.Severity`; ``raw`` is the text that could not be stored.
    ``suggestions`` are texts that could be stored instead, the best first.
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


class IssueList(TypeDecorator[list[Any]]):
    """The type of ``BatchRow.issues``: JSON that is always read as valid issues, see :func:`sound_issues`."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the best JSON type of the database."""
        return JSONValue.dialect_impl(dialect)

    def process_result_value(self, value: Any, dialect: Dialect) -> list[Any] | None:  # noqa: ARG002 - SQLAlchemy's signature.
        """Return the stored value as issues."""
        return cast("list[Any] | None", sound_issues(value))


def sound_issues(stored: Any) -> list[Issue] | None:
    """Return ``stored``, whatever it is, as a list of issues; ``None`` if there are none.

    A value that is no issue is replaced by an issue with its text.
    """
    if stored is None:
        return None
    return [_sound(found) for found in (stored if isinstance(stored, list) else [stored])] or None


def _sound(found: Any) -> Issue:
    # Written out, because a page of problems checks hundreds of thousands.
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("field"), str)
        or not isinstance(found.get("code"), str)
        or not isinstance(found.get("message"), str)
    ):
        return issue(
            "issues",
            "not-readable",
            "A problem was noted in this row that cannot be read.",
            raw=raw_text(found),
        )
    raw, severity = found.get("raw"), found.get("severity")
    is_right = "suggestions" not in found or _are_texts(found["suggestions"])
    if severity in _SEVERITIES and (raw is None or isinstance(raw, str)) and is_right:
        return cast("Issue", found if "raw" in found else {**found, "raw": None})
    return issue(
        found["field"],
        found["code"],
        found["message"],
        Severity(severity) if severity in _SEVERITIES else Severity.ERROR,
        None if raw is None else raw_text(raw),
        found.get("suggestions", ()) if is_right else (),
    )


def _are_texts(suggestions: Any) -> bool:
    return isinstance(suggestions, list) and all(isinstance(text, str) for text in suggestions)


_SEVERITIES = [str(severity) for severity in Severity]


def plain_lines(text: str) -> str:
    """Return ``text`` with its line ends, which differ among browsers and files, as single newlines."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def in_words(found: Issue) -> str:
    """Return an issue in words: its message and its suggestions."""
    perhaps = found.get("suggestions")
    return f"{found['message']} Perhaps: {', '.join(perhaps)}." if perhaps else found["message"]


def issues_of(issues: Sequence[Issue] | None, field: str) -> Sequence[Issue]:
    """Return those of ``issues`` that ``field`` has."""
    return [found for found in issues if found["field"] == field] if issues else ()


def without_issues_of(issues: Sequence[Issue] | None, field: str) -> list[Issue] | None:
    """Return ``issues`` without those of ``field``; ``None`` if none is left."""
    return [found for found in issues or () if found["field"] != field] or None
