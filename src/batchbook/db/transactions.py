"""Sessions and their transactions: one per request, and short ones of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, inspect
from sqlalchemy.orm import Session

from batchbook.db.guard import GUARD, TransactionGuard, lifted
from batchbook.db.side_file import SIDE_FILE
from batchbook.db.write_lock import READ_ONLY, SIDE_FILE_ENGINE, WRITE_LOCK_LIMIT, WaitingLimit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class GuardedSession(Session):
    """A session that sends each model to where it is kept, and whose transaction ends for its owner only."""

    def get_bind(self, mapper: Any = None, **arguments: Any) -> Any:
        """Return the engine of the file beside the database for the models that are kept there, if there is one."""
        bind = super().get_bind(mapper, **arguments)
        if mapper is None or not inspect(mapper).local_table.info.get(SIDE_FILE):
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
        """Flush, as :meth:`sqlalchemy.orm.Session.flush` does: if that fails, to the last savepoint."""
        with lifted(self.info.get(GUARD)):  # It does so by itself.
            super().flush(objects)


def make_session(engine: Engine, *, read_only: bool = False, waiting: WaitingLimit | None = None) -> Session:
    """Return a session on ``engine``; one that is ``read_only`` is refused by the database when it writes.

    ``waiting`` limits how many such sessions wait for SQLite's write lock at a time.
    """
    options: dict[str, Any] = {READ_ONLY: read_only, WRITE_LOCK_LIMIT: waiting}
    beside: Engine | None = engine.get_execution_options().get(SIDE_FILE_ENGINE)
    if beside is not None:
        options[SIDE_FILE_ENGINE] = beside.execution_options(**{READ_ONLY: read_only})
    return GuardedSession(engine.execution_options(**options), expire_on_commit=False)


@contextmanager
def transaction_scope(engine: Engine, *, read_only: bool = False) -> Iterator[Session]:
    """Yield a session in a transaction of its own: committed at the end, rolled back if the block raises."""
    with make_session(engine, read_only=read_only) as session, session.begin():
        yield session


def request_session(request: Any) -> Session:
    """Return the request's session, joined to the request's transaction (``request.db``).

    A safe method (GET, HEAD, OPTIONS) gets a read-only transaction: that nothing changes on GET is kept by the
    database, not by good intentions.
    """
    services = request.services
    read_only = request.method in SAFE_METHODS
    session = make_session(services.get(Engine), read_only=read_only, waiting=services.find(WaitingLimit))
    # Imported here, because it imports PostgreSQL's driver, and commands have no requests.
    import zope.sqlalchemy

    # keep_session=False closes it with the transaction. Core statements mark no change by themselves, and a
    # transaction of an unsafe method is there to write, so it starts out as changed.
    zope.sqlalchemy.register(session, transaction_manager=request.tm, initial_state="changed")
    return session
