"""Transactions: options, errors, sessions, and the limit on waiting for SQLite's write lock.

The limit applies to requests only, because each waiting request occupies a thread that others need for reading. Jobs and
commands wait in threads of their own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, Table, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from batchbook.db.base import SIDE_FILE
from batchbook.db.guard import GUARD, TransactionGuard, lifted
from batchbook.db.outages import is_unconnected
from batchbook.errors import Busy
from batchbook.settings import Setting

#: The option of a read-only transaction: the database refuses writes in it. ``None`` is for one of :func:`brief_reading`.
READ_ONLY = "batchbook_read_only"

#: The option with the :class:`WaitingLimit` on transactions that wait for SQLite's write lock; without it, there is no limit.
WRITE_LOCK_LIMIT = "batchbook_waiting"

#: The option with the engine of the side file of a SQLite database.
SIDE_FILE_ENGINE = "batchbook_beside_engine"


_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_READONLY = 5, 6, 8

#: SQLSTATE classes and codes of PostgreSQL: transaction rollback (deadlock, serialization), lock not available, lost
#: connection, too many connections.
_POSTGRESQL = ("40", "55P03", "57P", "08", "53300")
_POSTGRESQL_READ_ONLY = "25006"


def is_timeout(error: BaseException | None) -> bool:
    """Return whether ``error``, of the driver or of SQLAlchemy, means that waiting for SQLite's write lock timed out.

    Only the primary error code means that; its extended codes are raised without waiting.
    """
    error = error.orig if isinstance(error, DBAPIError) else error
    return getattr(error, "sqlite_errorcode", 0) == _SQLITE_BUSY


def is_transient(error: BaseException | None) -> bool:
    """Return whether ``error``, of the driver or of SQLAlchemy, is transient, so that a retry may succeed."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_transient(error.orig)
    if is_unconnected(error):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    state = getattr(error, "sqlstate", None) or ""
    return code in (_SQLITE_BUSY, _SQLITE_LOCKED) or state.startswith(_POSTGRESQL)


def is_refused_write(error: BaseException | None) -> bool:
    """Return whether ``error`` means that a read-only transaction tried to write."""
    if isinstance(error, DBAPIError):
        return is_refused_write(error.orig)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code == _SQLITE_READONLY or getattr(error, "sqlstate", None) == _POSTGRESQL_READ_ONLY


WAITING_WRITERS = Setting(
    "batchbook.waiting_writers",
    "3",
    "The number of requests in a process that may wait for SQLite's write lock at a time; further ones are answered “busy” at once. "
    "It must be smaller than the number of server threads, or reading stops while a job writes.",
)

SETTINGS = (WAITING_WRITERS,)

#: The time for which a request waits, in seconds: users would rather try again than wait for longer.
_SECONDS = 5.0

_TOO_MANY = (
    "Another change, such as a running job, is being written to the database, and other requests are already waiting. Nothing "
    "was changed, and what you typed stays where you typed it. Try again in a moment."
)


class WaitingLimit:
    """A limit of ``slots`` for waiting, each held for at most ``seconds``."""

    def __init__(self, slots: int, seconds: float = _SECONDS) -> None:
        self._free = threading.BoundedSemaphore(slots)
        self.seconds = seconds

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot inside the block; raise :class:`~batchbook.errors.Busy` if none is free."""
        if not self._free.acquire(blocking=False):
            raise Busy(_TOO_MANY)
        try:
            yield
        finally:
            self._free.release()


def is_busy(error: BaseException) -> bool:
    """Return whether ``error`` means that waiting for SQLite's write lock timed out, or that too many are waiting."""
    return isinstance(error, Busy) or is_timeout(error)


def waiting_limit(settings: Mapping[str, Any]) -> WaitingLimit:
    """Return the limit that the settings specify."""
    return WaitingLimit(WAITING_WRITERS.whole(settings))


#: The HTTP methods of requests that only read.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class GuardedSession(Session):
    """A session that routes each model to its database file, and whose transaction only its owner can end."""

    def get_bind(self, mapper: Any = None, **arguments: Any) -> Any:
        """Return the engine of the side file for models that are stored there, if there is one."""
        bind = super().get_bind(mapper, **arguments)
        table = None if mapper is None else inspect(mapper).local_table
        # A model may be mapped to a query instead of a table, such as the rows of a batch that has none yet.
        if not isinstance(table, Table) or not table.info.get(SIDE_FILE):
            return bind
        return bind.get_execution_options().get(SIDE_FILE_ENGINE) or bind

    def _demand_idle(self, tried: str) -> None:
        guard: TransactionGuard | None = self.info.get(GUARD)
        if guard is not None:
            guard.demand_idle(f"session.{tried}()")

    def commit(self) -> None:
        """Commit, as :meth:`sqlalchemy.orm.Session.commit` does."""
        self._demand_idle("commit")
        super().commit()

    def rollback(self) -> None:
        """Roll back, as :meth:`sqlalchemy.orm.Session.rollback` does."""
        self._demand_idle("rollback")
        super().rollback()

    def close(self) -> None:
        """Close, as :meth:`sqlalchemy.orm.Session.close` does."""
        self._demand_idle("close")
        super().close()

    def reset(self) -> None:
        """Reset, as :meth:`sqlalchemy.orm.Session.reset` does."""
        self._demand_idle("reset")
        super().reset()

    def invalidate(self) -> None:
        """Invalidate, as :meth:`sqlalchemy.orm.Session.invalidate` does."""
        self._demand_idle("invalidate")
        super().invalidate()

    def flush(self, objects: Any = None) -> None:
        """Flush, as :meth:`sqlalchemy.orm.Session.flush` does; a failure rolls back to the last savepoint."""
        with lifted(self.info.get(GUARD)):  # SQLAlchemy itself rolls back.
            super().flush(objects)


def make_session(
    engine: Engine, *, read_only: bool | None = False, waiting: WaitingLimit | None = None
) -> Session:
    """Return a session on ``engine``; if it is ``read_only``, the database refuses writes. ``None`` is for :func:`brief_reading`.

    ``waiting`` limits the number of sessions that wait for SQLite's write lock at a time.
    """
    options: dict[str, Any] = {READ_ONLY: read_only, WRITE_LOCK_LIMIT: waiting}
    side_file: Engine | None = engine.get_execution_options().get(SIDE_FILE_ENGINE)
    if side_file is not None:
        options[SIDE_FILE_ENGINE] = side_file.execution_options(**{READ_ONLY: read_only})
    return GuardedSession(engine.execution_options(**options), expire_on_commit=False)


_ACTED_BY = "batchbook_acted_by"


def acted_by(session: Session) -> str | None:
    """Return what acts in ``session`` on a person's behalf, such as "job 12"; ``None`` if the person acts in person."""
    found: str | None = session.info.get(_ACTED_BY)
    return found


@contextmanager
def transaction_scope(
    engine: Engine, *, read_only: bool = False, acted_by: str | None = None
) -> Iterator[Session]:
    """Yield a session in a new transaction: committed at the end of the block, rolled back if the block raises.

    ``acted_by`` is what acts in it on a person's behalf; the history of batches and the audit log keep it.
    """
    with make_session(engine, read_only=read_only) as session, session.begin():
        session.info[_ACTED_BY] = acted_by
        yield session


@contextmanager
def brief_reading(engine: Engine) -> Iterator[Session]:
    """Yield a session in a transaction for a few SELECTs of this application's own, such as those of a request's person.

    Nothing is committed. SQLite does not take the write lock, nor is it told to refuse writes: telling it makes it forget all
    statements that it has prepared, and a request that edits would prepare each of them anew.
    """
    with make_session(engine, read_only=None) as session:
        yield session


def request_session(request: Any) -> Session:
    """Return the request's session, joined to the request's transaction (``request.db``).

    A safe method (GET, HEAD, OPTIONS) gets a read-only transaction: the database ensures that a GET changes nothing. So
    does a request whose page has set ``reads_only`` on it.
    """
    services = request.services
    read_only = request.method in SAFE_METHODS or getattr(request, "reads_only", False)
    session = make_session(services.get(Engine), read_only=read_only, waiting=services.find(WaitingLimit))
    # Imported here, because it loads PostgreSQL's driver, which commands may not need.
    import zope.sqlalchemy

    # keep_session=False, the default, closes the session with the transaction. Core statements do not mark the
    # session as changed, so it is marked from the start.
    zope.sqlalchemy.register(session, transaction_manager=request.tm, initial_state="changed")
    return session
