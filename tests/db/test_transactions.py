"""Sessions and their transactions, and what errors of the database mean."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy import Engine, Table, event, func, insert, select
from sqlalchemy.exc import DBAPIError

from batchbook.db.transactions import (
    WaitingLimit,
    brief_reading,
    is_busy,
    is_refused_write,
    is_timeout,
    is_transient,
    transaction_scope,
    waiting_limit,
)
from batchbook.errors import Busy


class DriverError(Exception):
    """An error as one of the drivers raises it."""

    def __init__(self, sqlite_errorcode: int = 0, sqlstate: str | None = None) -> None:
        super().__init__("no")
        self.sqlite_errorcode = sqlite_errorcode
        self.sqlstate = sqlstate


class OperationalError(DriverError):
    """An error of PostgreSQL's driver that the server did not send."""


@pytest.mark.parametrize(
    ("error", "transient", "timeout", "refused"),
    [
        (DriverError(sqlite3.SQLITE_BUSY), True, True, False),
        (DriverError(sqlite3.SQLITE_BUSY_SNAPSHOT), True, False, False),
        (DriverError(sqlite3.SQLITE_READONLY), False, False, True),
        (DriverError(sqlite3.SQLITE_CONSTRAINT), False, False, False),
        (DriverError(sqlstate="40001"), True, False, False),
        (DriverError(sqlstate="57P01"), True, False, False),
        (DriverError(sqlstate="53300"), True, False, False),
        (DriverError(sqlstate="25006"), False, False, True),
        (DriverError(sqlstate="23505"), False, False, False),
        (OperationalError(), True, False, False),
        (ValueError("no"), False, False, False),
        (None, False, False, False),
    ],
)
def test_what_an_error_means(error: Any, transient: bool, timeout: bool, refused: bool) -> None:
    wrapped = DBAPIError("SELECT 1", None, error) if error is not None else None
    for one in (error, wrapped):
        assert (is_transient(one), is_timeout(one), is_refused_write(one)) == (transient, timeout, refused)


def test_a_lost_connection_may_be_back_in_a_moment() -> None:
    assert is_transient(DBAPIError("SELECT 1", None, DriverError(), connection_invalidated=True))


def test_a_limit_has_as_many_slots_as_the_settings_say() -> None:
    limit = waiting_limit({"batchbook.waiting_writers": "1"})
    assert isinstance(limit, WaitingLimit)
    with limit.slot(), pytest.raises(Busy) as busy, limit.slot():
        pass
    assert is_busy(busy.value)
    with limit.slot():
        pass


def test_a_session_keeps_all_or_nothing(engine: Engine, things: Table) -> None:
    with transaction_scope(engine) as session:
        session.execute(insert(things).values(id=1, part=0))
    with pytest.raises(ZeroDivisionError), transaction_scope(engine) as session:
        session.execute(insert(things).values(id=2, part=1 // 0))
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(things)) == 1


@pytest.mark.parametrize("read_only", [True, False])
def test_who_may_write_is_known_to_the_database(engine: Engine, things: Table, read_only: bool) -> None:
    error: BaseException | None = None
    try:
        with transaction_scope(engine, read_only=read_only) as session:
            session.execute(insert(things).values(id=1, part=0))
    except DBAPIError as refused:
        error = refused
    assert is_refused_write(error) is read_only


def test_a_brief_reading_keeps_nothing_and_leaves_the_connection_as_it_is(
    engine: Engine, things: Table
) -> None:
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    with transaction_scope(engine) as session:
        session.execute(insert(things).values(id=1, part=0))
    del sent[:]
    for _ in range(2):
        with brief_reading(engine) as session:
            assert session.scalar(select(func.count()).select_from(things)) == 1
        with transaction_scope(engine) as session:
            assert session.scalar(select(func.count()).select_from(things)) == 1
    assert not [statement for statement in sent if "query_only" in statement]
    with pytest.raises(DBAPIError), transaction_scope(engine, read_only=True) as session:
        session.execute(insert(things).values(id=2, part=0))
