"""Errors with a message for users, which every package may raise."""

# ruff: noqa: N818 - The names say what happened; "Error" would add nothing.
from __future__ import annotations

import threading

from batchbook.words import storable

#: The largest number of characters of a reason.
_LONGEST_REASON = 500


class BatchbookError(Exception):
    """The base of errors that explain why a request was not carried out.

    ``message`` tells in whole sentences what happened, what was kept, and what to do. It is shown as it is.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(BatchbookError):
    """The input cannot be used. Pages answer 400."""


class Refused(BatchbookError):
    """The user may not do this. Pages answer 403. The default ``message`` is that the user's roles don't permit it."""

    def __init__(
        self,
        message: str = "Your roles don't permit this. Nothing was changed. If you need it for your work, ask an administrator.",
    ) -> None:
        super().__init__(message)


class Missing(BatchbookError):
    """The record does not exist. Pages answer 404."""


class Conflict(BatchbookError):
    """The state forbids it: stale, duplicate, or no longer allowed. Pages answer 409."""


class Busy(BatchbookError):
    """Something else is in progress. Pages answer 503 with the time after which to try again."""


class TooLarge(BatchbookError):
    """The input is over a size limit. Pages answer 413."""


class Misuse(BatchbookError):
    """A batch type's code did something that only the framework may do. It is logged, and pages answer 500."""


def reason_of(error: BaseException) -> str:
    """Return the reason that ``error`` gives, for users: one line that every database can store.

    It has none of the details that belong in the log only, and so nothing of what a database's driver says. This
    function never raises.
    """
    if isinstance(error, BatchbookError):
        return _one_line(error.message)
    # The statement and its values, which SQLAlchemy adds, belong in the log, not on a page.
    cause = getattr(error, "orig", None) or error
    if (told := _database_reason(cause)) is not None:
        return told
    try:
        text = str(cause)
    except Exception:  # noqa: BLE001 - The code of a plug-in may do anything.
        text = "its message cannot be read"
    if isinstance(cause, MemoryError):
        text = text or "there was not enough memory"
    return _one_line(f"{type(cause).__name__}: {text}" if text else type(cause).__name__)


#: What is told of errors of drivers, by the names that all drivers give to the classes of their errors.
_DATABASE_REASONS = {
    "IntegrityError": "a value breaks a rule of the database, such as one that must be unique",
    "DataError": "a value does not fit into its column of the database",
    "ProgrammingError": "the database did not understand a statement",
    "OperationalError": "the database was locked, or could not do its work",
    "Error": "the database could not carry out a statement",
}
#: The codes of a message that a trigger raised, of Batchbook or of the site, for SQLite and PostgreSQL.
_TRIGGERS = {1811, "23000", "P0001"}


def _database_reason(error: BaseException) -> str | None:
    """Return what to tell of an error of a driver; ``None`` for one of anything else, or of a trigger."""
    if not type(error).__module__.startswith(("sqlite3", "psycopg")):
        return None
    if {getattr(error, "sqlite_errorcode", None), getattr(error, "sqlstate", None)} & _TRIGGERS:
        # PostgreSQL's driver adds the place in the trigger.
        return _one_line(getattr(getattr(error, "diag", None), "message_primary", None) or str(error))
    names = [kind.__name__ for kind in type(error).__mro__]
    reason = next((text for name, text in _DATABASE_REASONS.items() if name in names), None)
    return f"{reason}; the log has the details" if reason else None


def is_interrupt(error: BaseException) -> bool:
    """Return whether ``error`` is Ctrl-C, which only the main thread receives."""
    return isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def _one_line(text: str) -> str:
    line = storable(text[: _LONGEST_REASON + 1].strip().partition("\n")[0])
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 1]}…"
