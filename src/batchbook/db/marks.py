"""A mark in a transaction: a savepoint that nobody else knows, by which the database itself proves what was undone."""

from __future__ import annotations

from contextlib import suppress
from secrets import token_hex
from typing import Any

from sqlalchemy.orm import Session


class TransactionMark:
    """A savepoint in the transaction of ``session``, made now."""

    def __init__(self, session: Session) -> None:
        self._session = session
        connection = session.connection()
        self._driver: Any = connection.connection.driver_connection
        name = f"batchbook_{token_hex(8)}"
        connection.exec_driver_sql(f"SAVEPOINT {name}")
        self._undo = f"ROLLBACK TO SAVEPOINT {name}"

    def undo(self) -> bool:
        """Undo what was done since, and return whether that was possible.

        It is not where the transaction was ended, or the session can do nothing in it any more.
        """
        try:
            connection = self._session.connection()
            if not connection.in_transaction():
                return False  # Anything that is said now would begin another one.
            connection.exec_driver_sql(self._undo)
        except Exception:  # noqa: BLE001 - Code that is not ours may have left it in any state.
            return False
        self._session.expire_all()
        return True

    def give_up(self) -> bool:
        """Roll back what the driver has open, whatever the session holds of it.

        Return whether that was the marked transaction, so that nothing is kept of what was done since.
        """
        undone = False
        with suppress(Exception):
            self._driver.cursor().execute(self._undo)
            undone = True
        with suppress(Exception):
            self._driver.rollback()
        return undone
