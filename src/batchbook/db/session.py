"""Sessions: one per request inside the request's transaction, and short ones of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import zope.sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from batchbook.db.engine import READ_ONLY

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def make_session(engine: Engine, *, read_only: bool = False) -> Session:
    """Return a session on ``engine``; one that is ``read_only`` is refused by the database when it writes."""
    return Session(engine.execution_options(**{READ_ONLY: read_only}), expire_on_commit=False)


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
    session = make_session(request.registry["engine"], read_only=request.method in SAFE_METHODS)
    # keep_session=False closes it with the transaction. Core statements mark no change by themselves, and a
    # transaction of an unsafe method is there to write, so it starts out as changed.
    zope.sqlalchemy.register(session, transaction_manager=request.tm, initial_state="changed")
    return session
