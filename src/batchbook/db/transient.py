"""What errors of the database mean: those that pass by themselves, and those of a transaction that only reads."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_READONLY = 5, 6, 8

#: Classes and codes of PostgreSQL: transaction rollback (deadlock, serialization), lock not available, lost connection.
_POSTGRESQL = ("40", "55P03", "57P", "08")
_POSTGRESQL_READ_ONLY = "25006"


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


def is_refused_write(error: BaseException | None) -> bool:
    """Return whether ``error`` means that something was written in a transaction that only reads."""
    if isinstance(error, DBAPIError):
        return is_refused_write(error.orig)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code == _SQLITE_READONLY or getattr(error, "sqlstate", None) == _POSTGRESQL_READ_ONLY
