"""Connections of PostgreSQL's driver: guarded, and tolerant of times that Python does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, Table, select, text
from sqlalchemy.orm import Session

from batchbook.db.guard import guarded
from batchbook.db.psycopg_connection import GuardedConnection
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Misuse

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])


def driver_of(session: Session) -> Any:
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, GuardedConnection)
    return driver


WAYS: dict[str, Callable[[Any], Any]] = {
    "execute": lambda driver: driver.execute("COMMIT"),
    "bytes": lambda driver: driver.cursor().execute(b"ROLLBACK"),
    "executemany": lambda driver: driver.cursor().executemany("SET work_mem = %s", [("1MB",)]),
    "stream": lambda driver: list(driver.cursor().stream("BEGIN")),
    "commit": lambda driver: driver.commit(),
    "rollback": lambda driver: driver.rollback(),
    "transaction": lambda driver: driver.transaction().__enter__(),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_driver_asks_the_guard(engine: Engine, way: str) -> None:
    with transaction_scope(engine) as session:
        driver = driver_of(session)
        with pytest.raises(Misuse), guarded(session):
            WAYS[way](driver)
        assert driver.execute("SELECT 1").fetchone() == (1,)


def test_days_that_python_does_not_have_are_texts(engine: Engine, things: Table) -> None:
    with transaction_scope(engine) as session:
        session.execute(
            text("INSERT INTO thing (id, part, day, moment) VALUES (1, 0, '12345-01-01', 'infinity')")
        )
        row = session.execute(select(things.c.day, things.c.moment)).one()
    assert (row.day, row.moment) == ("12345-01-01", "infinity")
