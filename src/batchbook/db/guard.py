"""The transaction guard, which keeps code that does not own a transaction from ending it or changing the schema.

Inside a :func:`guarded` block, any attempt to end the session's transaction, to begin another one that writes to the same
database, to change the schema or to change the connection's settings raises :class:`~batchbook.errors.Misuse`, whether it
is made through the session, its connection, SQL or the driver. Savepoints by ``session.begin_nested()`` are allowed.

On SQLite, the authorizer is called before each statement is prepared. On PostgreSQL, the driver's connection and cursor
check each statement before they send it.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from secrets import token_hex
from typing import Any, NoReturn

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import Session

from batchbook.db.statements import Effect, forbidden_in, savepoint_in
from batchbook.errors import Misuse

log = logging.getLogger(__name__)

#: The key of the guard in the ``info`` of a connection and of a session.
GUARD = "batchbook_guard"
#: The methods of a connection that end its transaction.
_ENDING = ("commit", "rollback", "close", "detach")
#: The names that SQLAlchemy gives to the savepoints of ``begin_nested()``.
_OWN_SAVEPOINT = re.compile(r"sa_savepoint_[0-9]+").fullmatch
_thread = threading.local()

_SENTENCES = {
    Effect.TRANSACTION: (
        "{} was refused: the framework ends the transaction, so that an action is kept as a whole or not at all. Return"
        " or yield what is to be kept, raise an error to abort, and use session.begin_nested() for steps that may fail."
    ),
    Effect.SCHEMA: (
        "{} was refused: an action must not change the schema. Make tables and indexes in a migration, and write rows"
        " through the session."
    ),
    Effect.SETTINGS: "{} was refused: it would change the database's settings for the next user of the connection.",
}
_SECOND = (
    "A second connection to the same database was refused: its writes would wait for this action, or would be kept even"
    " if the action is rolled back. Use the handler's own session."
)

_TRANSACTIONS = {"BEGIN": "SAVEPOINT", "RELEASE": "RELEASE", "ROLLBACK": "ROLLBACK TO"}
_SCHEMA_CODES = {
    getattr(sqlite3, f"SQLITE_{name}"): name.replace("_", " ")
    for name in (
        "CREATE_INDEX", "CREATE_TABLE", "CREATE_TEMP_INDEX", "CREATE_TEMP_TABLE", "CREATE_TEMP_TRIGGER",
        "CREATE_TEMP_VIEW", "CREATE_TRIGGER", "CREATE_VIEW", "CREATE_VTABLE", "DROP_INDEX", "DROP_TABLE",
        "DROP_TEMP_INDEX", "DROP_TEMP_TABLE", "DROP_TEMP_TRIGGER", "DROP_TEMP_VIEW", "DROP_TRIGGER", "DROP_VIEW",
        "DROP_VTABLE", "ALTER_TABLE", "ATTACH", "DETACH", "REINDEX",
    )
}  # fmt: skip
#: The pragmas whose argument selects a part of the schema to describe, and changes nothing.
_DESCRIBING = frozenset(
    "table_info table_xinfo table_list index_info index_xinfo index_list foreign_key_list foreign_key_check".split()  # noqa: SIM905
)


class TransactionGuard:
    """The guard of one connection to the database at ``url``; ``active`` while a block of :func:`guarded` runs."""

    def __init__(self, url: URL | None = None) -> None:
        self.url = url
        self.active = False
        #: The last refusal, until it is raised to the caller: the driver's own error lacks the reason.
        self.refused: Misuse | None = None

    def refuse(self, effect: Effect, tried: str) -> NoReturn:
        """Raise the error that explains the refusal of ``tried``, a statement or call with that ``effect``."""
        self.refuse_as(_SENTENCES[effect].format(tried))

    def refuse_as(self, sentence: str) -> NoReturn:
        """Raise :class:`~batchbook.errors.Misuse` with ``sentence``, and log the stack of the attempt."""
        log.error("Code of a batch type was stopped: %s", sentence, stack_info=True)
        self.refused = Misuse(sentence)
        raise self.refused

    def demand_idle(self, tried: str) -> None:
        """Raise if the guard is active, so that ``tried`` may not end the transaction."""
        if self.active:
            self.refuse(Effect.TRANSACTION, tried)

    def look_at(self, text: str) -> None:
        """Raise if ``text``, which is about to be sent to PostgreSQL, has a statement that is not allowed now."""
        found = forbidden_in(text) if self.active else None
        if found is not None and not _is_by_sqlalchemy(savepoint_in(text)):
            self.refuse(*found)

    def authorize(
        self, action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None
    ) -> int:
        """Return the authorizer code that allows or denies a statement with that ``action``, for SQLite."""
        if not self.active:
            return sqlite3.SQLITE_OK
        try:
            self._refuse_action(action, first or "", second)
        except Misuse:  # The driver discards errors raised here, and raises its own.
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    def _refuse_action(self, action: int, first: str, second: str | None) -> None:
        if action == sqlite3.SQLITE_TRANSACTION:
            self.refuse(Effect.TRANSACTION, first)
        if action == sqlite3.SQLITE_SAVEPOINT:
            if not _is_by_sqlalchemy(second):
                self.refuse(Effect.TRANSACTION, f"{_TRANSACTIONS.get(first, first)} {second}")
        elif action in _SCHEMA_CODES:
            self.refuse(Effect.SCHEMA, _SCHEMA_CODES[action])
        elif action == sqlite3.SQLITE_PRAGMA and second is not None and first not in _DESCRIBING:
            self.refuse(Effect.SETTINGS, f"PRAGMA {first}")


@contextmanager
def guarded(session: Session) -> Iterator[None]:
    """Guard the transaction of ``session`` against the code in the block.

    If the block hides a refusal, because the driver raised another error or the code went on,
    :class:`~batchbook.errors.Misuse` is raised at the end of the block.
    """
    connection = session.connection()
    guard: TransactionGuard = connection.info[GUARD]
    outermost, outside = not guard.active, getattr(_thread, "guard", None)
    guard.active, _thread.guard, session.info[GUARD] = True, guard, guard
    try:
        with _closed_to_callers(connection, guard):
            yield
    except Exception as error:
        if guard.refused is not None and error is not guard.refused:
            raise guard.refused from error
        raise
    finally:
        _thread.guard, refused = outside, guard.refused
        if outermost:
            guard.active, guard.refused = False, None
            session.info.pop(GUARD, None)
    if refused is not None:
        raise refused


def unguarded(connection: Connection) -> AbstractContextManager[None]:
    """Suspend the guard of ``connection`` in a block, for statements of the framework itself."""
    return lifted(connection.info.get(GUARD))


@contextmanager
def lifted(guard: TransactionGuard | None) -> Iterator[None]:
    """Suspend ``guard``, if there is one, in a block."""
    if guard is None or not guard.active:
        yield
        return
    guard.active = False
    try:
        yield
    finally:
        guard.active = True


def _is_by_sqlalchemy(savepoint: str | None) -> bool:
    return _OWN_SAVEPOINT(savepoint or "") is not None


@contextmanager
def _closed_to_callers(connection: Connection, guard: TransactionGuard) -> Iterator[None]:
    """Replace the methods of ``connection`` that end its transaction by ones that raise at once.

    If only the driver or an event refused, SQLAlchemy would regard the transaction as ended and could not roll it back.
    """
    methods = {} if "commit" in vars(connection) else dict.fromkeys(_ENDING)
    for name in methods:
        setattr(connection, name, partial(_refuse_call, guard, f"connection.{name}()"))
    try:
        yield
    finally:
        for name in methods:
            delattr(connection, name)


def _refuse_call(guard: TransactionGuard, tried: str, *_arguments: Any, **_options: Any) -> None:
    guard.refuse(Effect.TRANSACTION, tried)


def install_guard(engine: Engine) -> None:
    """Give each connection of ``engine`` a guard. Outside guarded blocks, its cost is not measurable."""
    event.listen(engine, "connect", lambda connection, record: _connected(engine.url, connection, record))
    event.listen(engine, "commit", lambda connection: _refuse_end(connection, "commit()"))
    event.listen(engine, "rollback", lambda connection: _refuse_end(connection, "rollback()"))
    event.listen(engine, "handle_error", _explain)


def _connected(url: URL, connection: Any, record: Any) -> None:
    guard = record.info[GUARD] = getattr(connection, "guard", None) or TransactionGuard()
    guard.url = url
    if isinstance(connection, sqlite3.Connection):
        connection.set_authorizer(guard.authorize)


def refuse_second(connection: Connection) -> None:
    """Raise if guarded code in this thread begins to write on ``connection``, which is not that of its session."""
    current = _active_here()
    if (
        current is not None
        and current.url == connection.engine.url
        and not _is_guarded_by(current, connection)
    ):
        current.refuse_as(_SECOND)


def _refuse_end(connection: Connection, tried: str) -> None:
    current = _active_here()
    if current is not None and _is_guarded_by(current, connection):
        current.demand_idle(tried)


def _explain(context: ExceptionContext) -> None:
    """Raise the refusal in place of the driver's error, which lacks the reason."""
    current = _active_here()
    if current is not None and current.refused not in (None, context.original_exception):
        raise current.refused from context.original_exception


def _active_here() -> TransactionGuard | None:
    """Return the active guard of this thread, or ``None``."""
    current: TransactionGuard | None = getattr(_thread, "guard", None)
    return current if current is not None and current.active else None


def _is_guarded_by(guard: TransactionGuard, connection: Connection) -> bool:
    return not connection.invalidated and connection.info.get(GUARD) is guard


class TransactionMark:
    """A savepoint in the transaction of ``session``, set on creation."""

    def __init__(self, session: Session) -> None:
        self._session = session
        connection = session.connection()
        self._driver: Any = connection.connection.driver_connection
        name = f"batchbook_{token_hex(8)}"
        connection.exec_driver_sql(f"SAVEPOINT {name}")
        self._undo = f"ROLLBACK TO SAVEPOINT {name}"

    def undo(self) -> bool:
        """Roll back to the savepoint; return whether that was possible.

        It is impossible if the transaction has ended, or if the session can no longer use it.
        """
        try:
            connection = self._session.connection()
            if not connection.in_transaction():
                return False  # Any statement would begin a new one.
            connection.exec_driver_sql(self._undo)
        except Exception:  # noqa: BLE001 - Foreign code may have left the session in any state.
            return False
        self._session.expire_all()
        return True

    def give_up(self) -> bool:
        """Roll back the open transaction of the driver, whatever the state of the session.

        Return whether that was the marked transaction, so that nothing done since the savepoint is kept.
        """
        undone = False
        with suppress(Exception):
            self._driver.cursor().execute(self._undo)
            undone = True
        with suppress(Exception):
            self._driver.rollback()
        return undone
