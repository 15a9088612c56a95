"""Outages: a database that does not answer, that has no space left, that is damaged, or that is a read-only copy.

The drivers tell which by their codes. A lack of space is remembered for a while, because a process that only reads
does not notice it, and must not be called ready.
"""

from __future__ import annotations

import errno
import shutil
import time
from enum import Enum
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError


class Outage(Enum):
    """The ways in which a database fails as a whole."""

    AWAY = "away"
    FULL = "full"
    DAMAGED = "damaged"
    COPY = "copy"

    @property
    def sentence(self) -> str:
        """The sentences for users: what happened, what was kept, and what to do."""
        return _SENTENCES[self]

    @property
    def reason(self) -> str:
        """The reason for operators why the application is not ready."""
        return _REASONS[self]


_SENTENCES = {
    Outage.AWAY: "The database does not answer just now. What you typed stays where you typed it. Try again in a moment, and"
    " check then whether your last change was saved.",
    Outage.FULL: "The disk of the database is full, so nothing can be saved. Nothing was changed, and pages can still be"
    " read. Tell your administrator, and try again when there is space.",
    Outage.DAMAGED: "The database is damaged or can't be read. Nothing was changed. Tell your administrator, who must look"
    " after it before anybody goes on.",
    Outage.COPY: "This site shows a copy of the database, so nobody can sign in or change anything here. Nothing was changed."
    " Use the main site for that.",
}
_REASONS = {
    Outage.AWAY: "The database does not answer.",
    Outage.FULL: "The disk of the database is full: pages can be read, but nothing can be saved. Make room on it.",
    Outage.DAMAGED: "The database is damaged or is no database. Restore it from a backup.",
    Outage.COPY: "The database is a read-only copy: pages can be read, but nobody can sign in or change anything.",
}

_SQLITE = {10: Outage.AWAY, 11: Outage.DAMAGED, 13: Outage.FULL, 14: Outage.AWAY, 26: Outage.DAMAGED}

# The longest beginning wins: 53100 is a full disk, and the others of 53 a lack of memory or of connections.
_POSTGRESQL = {
    "53100": Outage.FULL,
    "53": Outage.AWAY,
    "57P": Outage.AWAY,
    "58": Outage.AWAY,
    "08": Outage.AWAY,
    "XX001": Outage.DAMAGED,
    "XX002": Outage.DAMAGED,
}


def outage_of(error: BaseException | None) -> Outage | None:
    """Return the outage that ``error``, of the driver, of SQLAlchemy or of the system, stands for, or ``None``."""
    if isinstance(error, DBAPIError):
        return Outage.AWAY if error.connection_invalidated else outage_of(error.orig)
    if getattr(error, _REFUSED_BY_COPY, False):
        return Outage.COPY
    if isinstance(error, OSError):
        return Outage.FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    if is_unconnected(error):
        return Outage.AWAY
    state = getattr(error, "sqlstate", None) or ""
    found = next((outage for start, outage in _POSTGRESQL.items() if state.startswith(start)), None)
    return found or _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)


#: The attribute of errors of a copy.
_REFUSED_BY_COPY = "batchbook_refused_by_copy"


def mark_as_copy(error: BaseException) -> None:
    """Have :func:`outage_of` take ``error`` for the refusal of a read-only copy: that of a read-only transaction has its code."""
    setattr(error, _REFUSED_BY_COPY, True)


def is_unconnected(error: BaseException | None) -> bool:
    """Return whether PostgreSQL's driver raised ``error`` by itself, because there is no connection, or no longer one."""
    return type(error).__name__ == "OperationalError" and getattr(error, "sqlstate", "") is None


#: How long a lack of space is remembered, in seconds; and the space that SQLite needs to go on, in bytes.
_REMEMBERED = 60.0
_LEAST_SPACE = 1_000_000

#: The execution option of engines that holds the times at which a statement failed for lack of space.
_FAILURES = "batchbook_full_disk"


def watch_space(engine: Engine) -> None:
    """Prepare ``engine`` for :func:`lacks_space`."""
    engine.update_execution_options(**{_FAILURES: []})


def note_outage(context: ExceptionContext) -> None:
    """Remember a statement that failed for lack of space; a listener of ``handle_error``."""
    if context.engine is None or outage_of(context.original_exception) is not Outage.FULL:
        return
    if (failures := context.engine.get_execution_options().get(_FAILURES)) is not None:
        failures[:] = [time.monotonic()]


def lacks_space(engine: Engine) -> bool:
    """Return whether the database's disk is full, or was when something was last saved within a minute."""
    failures = engine.get_execution_options().get(_FAILURES)
    if failures and time.monotonic() - failures[0] < _REMEMBERED:
        return True
    path = Path(str(engine.url.database)) if engine.dialect.name == "sqlite" and engine.url.database else None
    return bool(path and path.is_file() and shutil.disk_usage(path.parent).free < _LEAST_SPACE)
