"""Databases of the kit: copies of templates, and PostgreSQL's that are used again as they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from batchbook.db.engine import make_engine
from batchbook.testing.databases import Databases

POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"])


def execute(url: URL, *statements: str) -> None:
    engine = make_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def read(url: URL, query: str) -> object:
    with make_engine(url, poolclass=NullPool).connect() as connection:
        return connection.execute(text(query)).scalar()


def add_vendor(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO vendor (code, name) VALUES ('V1', 'Mill')")


NEW_VENDOR = "INSERT INTO vendor (code, name) VALUES ('V2', 'Cow')"


def test_an_empty_database_has_no_table(databases: Databases, backend: str) -> None:
    with databases.empty(backend) as url:
        assert inspect(make_engine(url, poolclass=NullPool)).get_table_names() == []


def test_each_test_gets_the_database_as_it_was_filled(databases: Databases, backend: str) -> None:
    for _ in range(2):
        with databases.migrated(backend, fill=[add_vendor]) as url:
            assert read(url, "SELECT count(*) FROM vendor") == 1
            execute(url, NEW_VENDOR, "UPDATE vendor SET name = 'Other' WHERE code = 'V1'")
            assert read(url, "SELECT max(id) FROM vendor") == 2
    with databases.migrated(backend, fill=[add_vendor]) as url:
        assert read(url, "SELECT name FROM vendor") == "Mill"
    with databases.migrated(backend) as url:
        assert read(url, "SELECT count(*) FROM vendor") == 0


def test_a_template_is_filled_once(databases: Databases, backend: str) -> None:
    calls = []

    def fill(engine: Engine) -> None:
        calls.append(engine)

    for _ in range(3):
        with databases.migrated(backend, fill=[fill]):
            pass
    assert len(calls) == 1


def test_two_that_are_open_at_once_are_two(databases: Databases, backend: str) -> None:
    with databases.migrated(backend) as one, databases.migrated(backend) as two:
        execute(one, NEW_VENDOR)
        assert read(two, "SELECT count(*) FROM vendor") == 0


def test_sqlite_s_is_removed(databases: Databases) -> None:
    with databases.migrated("sqlite") as url:
        assert Path(str(url.database)).exists()
    assert not Path(str(url.database)).parent.exists()


@POSTGRESQL
def test_a_database_whose_rows_changed_is_used_again(databases: Databases, backend: str) -> None:
    with databases.migrated(backend) as url:
        execute(url, NEW_VENDOR)
    with databases.migrated(backend) as again:
        assert again == url


@POSTGRESQL
@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE shelf (id INTEGER)",
        "ALTER TABLE batch DISABLE TRIGGER ALL",
        "ALTER TABLE vendor ADD COLUMN colour TEXT",
        "CREATE FUNCTION colour() RETURNS TEXT LANGUAGE SQL AS 'SELECT 1::text'",
    ],
)
def test_a_database_whose_schema_changed_is_not_used_again(
    databases: Databases, backend: str, change: str
) -> None:
    with databases.migrated(backend) as url:
        execute(url, change)
    with databases.migrated(backend) as other:
        assert other != url


@POSTGRESQL
def test_whoever_is_still_connected_is_cut_off(databases: Databases, backend: str) -> None:
    with databases.migrated(backend) as url:
        connection = make_engine(url, poolclass=NullPool).connect()
        connection.exec_driver_sql(NEW_VENDOR)
    with pytest.raises(DBAPIError):
        connection.exec_driver_sql("SELECT 1")
    connection.invalidate()
    with databases.migrated(backend) as again:
        assert read(again, "SELECT count(*) FROM vendor") == 0
