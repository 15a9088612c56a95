"""Which errors of the database pass by themselves, so that the same work may simply be done again."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

_SQLITE_BUSY, _SQLITE_LOCKED = 5, 6

#: Classes and codes of PostgreSQL: transaction rollback (deadlock, serialization), lock not available, lost connection.
_POSTGRESQL = ("40", "55P03", "57P", "08")


def is_timeout(error: BaseException | None) -> bool:
    """Return whether ``error``, as the driver or as SQLAlchemy raises it, means: SQLite's write lock was not free in time.

    The plain code alone means that; those derived from it come without waiting.
    """
    error = error.orig if isinstance(error, DBAPIError) else error
    return getattr(error, "sqlite_errorcode", 0) == _SQLITE_BUSY


def is_transient(error: BaseException | None) -> bool:
    """Return whether ``error``, as the driver or as SQLAlchemy raises it, means: not now, but perhaps in a moment."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_transient(error.orig)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    state = getattr(error, "sqlstate", None) or ""
    return code in (_SQLITE_BUSY, _SQLITE_LOCKED) or state.startswith(_POSTGRESQL)
