"""The guard of a transaction: code that does not own it can neither end it nor change the schema."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, Table, insert, select, text
from sqlalchemy.orm import Session

from batchbook.db.guard import TransactionMark, guarded, unguarded
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Misuse


def driver_of(session: Session) -> Any:
    return session.connection().connection.driver_connection


FORBIDDEN: dict[str, Callable[[Session], Any]] = {
    "session.commit": lambda session: session.commit(),
    "session.rollback": lambda session: session.rollback(),
    "session.close": lambda session: session.close(),
    "connection.commit": lambda session: session.connection().commit(),
    "sql": lambda session: session.execute(text("COMMIT")),
    "driver": lambda session: driver_of(session).cursor().execute("ROLLBACK"),
    "schema": lambda session: session.execute(text("CREATE TABLE other (id INTEGER)")),
}


@pytest.mark.parametrize("way", FORBIDDEN)
def test_what_ends_the_transaction_or_changes_the_schema_is_refused(
    engine: Engine, things: Table, way: str
) -> None:
    with transaction_scope(engine) as session:
        session.execute(insert(things).values(id=1, part=0))
        with pytest.raises(Misuse, match="was refused"), guarded(session):
            FORBIDDEN[way](session)
        assert session.scalars(select(things.c.id)).all() == [1]
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(things.c.id)).all() == [1]


def test_what_was_refused_comes_out_although_it_was_caught(engine: Engine, things: Table) -> None:
    def swallow(session: Session) -> None:
        with contextlib.suppress(Misuse):
            session.commit()

    with transaction_scope(engine) as session, pytest.raises(Misuse), guarded(session):
        swallow(session)


def test_savepoints_work_and_the_framework_may_lift_the_guard(engine: Engine, things: Table) -> None:
    with transaction_scope(engine) as session, guarded(session):
        with session.begin_nested() as savepoint:
            session.execute(insert(things).values(id=1, part=0))
            savepoint.rollback()
        session.execute(insert(things).values(id=2, part=0))
        with unguarded(session.connection()):
            session.execute(text("CREATE TEMPORARY TABLE allowed (id INTEGER)"))
        assert session.scalars(select(things.c.id)).all() == [2]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_second_connection_that_writes_is_refused(engine: Engine, things: Table) -> None:
    def write_elsewhere() -> None:
        with transaction_scope(engine) as other:
            other.execute(insert(things).values(id=1, part=0))

    with (
        transaction_scope(engine) as session,
        pytest.raises(Misuse, match="second connection"),
        guarded(session),
    ):
        write_elsewhere()


def test_a_mark_undoes_what_came_after_it(engine: Engine, things: Table) -> None:
    with transaction_scope(engine) as session:
        session.execute(insert(things).values(id=1, part=0))
        mark = TransactionMark(session)
        session.execute(insert(things).values(id=2, part=0))
        assert mark.undo()
        assert session.scalars(select(things.c.id)).all() == [1]


def test_a_mark_knows_that_its_transaction_was_ended(engine: Engine, things: Table) -> None:
    with transaction_scope(engine) as session:
        mark = TransactionMark(session)
        session.execute(insert(things).values(id=1, part=0))
        driver_of(session).commit()
        assert not mark.undo()
        assert not mark.give_up()
