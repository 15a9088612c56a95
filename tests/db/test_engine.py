from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
from pyramid_retry import IRetryableError
from sqlalchemy import CursorResult, Engine, Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from batchbook import main
from batchbook.db.bulk_writing import bulk_insert
from batchbook.db.engine import URL_VARIABLE, database_url, make_engine
from batchbook.db.transactions import WaitingLimit, is_timeout, is_transient, make_session, transaction_scope
from batchbook.errors import Busy
from batchbook.services import services_of
from batchbook.testing.databases import Databases

WRITES = {
    "core": lambda session, things: session.execute(insert(things).values(id=1, part=0)),
    "bulk": lambda session, things: bulk_insert(session.connection(), things, ("id", "part"), [(1, 0)]),
    "raw": lambda session, things: session.execute(text("INSERT INTO thing (id, part) VALUES (1, 0)")),
    "schema": lambda session, things: session.execute(text("DROP TABLE thing")),
}


def count(engine: Engine, things: Table) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalar(select(func.count()).select_from(things)) or 0


@pytest.mark.parametrize("way", WRITES)
def test_a_read_only_session_is_refused_by_the_database(engine: Engine, things: Table, way: str) -> None:
    with (
        pytest.raises(Exception, match=r"(?i)readonly|read-only"),
        transaction_scope(engine, read_only=True) as session,
    ):
        WRITES[way](session, things)
    assert count(engine, things) == 0


@pytest.mark.parametrize("way", ["core", "bulk", "raw"])
def test_a_connection_that_was_read_only_writes_again(engine: Engine, things: Table, way: str) -> None:
    count(engine, things)
    with transaction_scope(engine) as session:
        WRITES[way](session, things)
    assert count(engine, things) == 1


def test_a_transaction_that_raises_leaves_nothing(engine: Engine, things: Table) -> None:
    with pytest.raises(ZeroDivisionError), transaction_scope(engine) as session:  # noqa: PT012
        WRITES["core"](session, things)
        raise ZeroDivisionError
    assert count(engine, things) == 0


def test_foreign_keys_are_enforced(engine: Engine) -> None:
    with pytest.raises(IntegrityError), transaction_scope(engine) as session:
        session.execute(text("INSERT INTO role_permission (role_id, permission) VALUES (4711, 'x')"))


def test_no_update_is_lost(engine: Engine, things: Table) -> None:
    """Four writers read and add one, as code does that reads before it writes."""
    with transaction_scope(engine) as session:
        session.execute(insert(things).values(id=1, part=0, order=0))
    problems: list[BaseException] = []

    def add() -> None:
        try:
            for _ in range(15):
                with transaction_scope(engine) as session:
                    row = select(things.c.order).where(things.c.id == 1).with_for_update()
                    value = session.scalars(row).one()
                    session.execute(update(things).values(order=value + 1))
        except BaseException as problem:  # noqa: BLE001 - A thread's problem must reach the test.
            problems.append(problem)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalar(select(things.c.order)) == 60
    assert problems == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_waited_in_vain_for_the_write_lock_does_not_wait_again(
    engine: Engine, things: Table, write_lock: sqlite3.Connection
) -> None:
    with (
        pytest.raises(OperationalError, match="locked") as caught,
        make_session(engine, waiting=WaitingLimit(1, seconds=0.02)) as session,
    ):
        WRITES["core"](session, things)
    assert is_timeout(caught.value)
    assert is_transient(caught.value)
    assert not IRetryableError.providedBy(caught.value)
    write_lock.execute("ROLLBACK")
    with transaction_scope(engine) as session:
        WRITES["core"](session, things)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_snapshot_that_is_too_old_to_write_is_a_reason_to_try_again(engine: Engine, things: Table) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN")
        connection.execute(select(things)).all()
        with transaction_scope(engine) as session:
            WRITES["core"](session, things)
        with pytest.raises(OperationalError, match="locked") as caught:
            connection.execute(update(things).values(part=1))
    assert IRetryableError.providedBy(caught.value)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_nobody_meets_a_connection_that_the_server_has_closed(engine: Engine, databases: Databases) -> None:
    with transaction_scope(engine) as session:
        session.execute(text("SELECT 1"))
    databases.server.execute(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{engine.url.database}'"
    )
    with transaction_scope(engine) as session:
        assert session.scalar(text("SELECT 1")) == 1


def test_an_insert_tells_how_many_rows_it_made(engine: Engine, things: Table) -> None:
    with transaction_scope(engine) as session:
        session.execute(insert(things), [{"id": number, "part": 0} for number in range(1, 4)])
        copied = select(things.c.id + 10, things.c.part).where(things.c.id > 1)
        statement = insert(things).from_select(["id", "part"], copied)
        assert cast("CursorResult[Any]", session.execute(statement)).rowcount == 2
        statement = insert(things).from_select(["id", "part"], copied.where(things.c.id > 99))
        assert cast("CursorResult[Any]", session.execute(statement)).rowcount == 0


def test_a_statement_that_is_wrong_is_no_reason_to_try_again(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as wrong, transaction_scope(engine) as session:
        session.execute(text("SELECT * FROM no_such_table"))
    assert not IRetryableError.providedBy(wrong.value)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_one_too_many_is_told_at_once(engine: Engine, things: Table, write_lock: sqlite3.Connection) -> None:
    waiting = WaitingLimit(2, seconds=30)

    def write(number: int) -> None:
        with make_session(engine, waiting=waiting) as session, session.begin():
            session.execute(insert(things).values(id=number, part=0))

    with waiting.slot(), ThreadPoolExecutor(1) as pool:
        with waiting.slot(), pytest.raises(Busy, match="Nothing was changed"):
            write(1)
        waiter = pool.submit(write, 2)
        write_lock.execute("ROLLBACK")
        waiter.result(timeout=30)
    assert count(engine, things) == 1


@pytest.mark.parametrize("backend", ["sqlite"])
def test_who_need_not_wait_needs_no_slot(engine: Engine, things: Table) -> None:
    waiting = WaitingLimit(1)
    with waiting.slot(), make_session(engine, waiting=waiting) as session, session.begin():
        WRITES["core"](session, things)
    assert count(engine, things) == 1


@pytest.mark.parametrize("backend", ["sqlite"])
def test_reading_does_not_wait_for_a_writer(engine: Engine, database_url: Any, things: Table) -> None:
    other = sqlite3.connect(database_url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO thing (id, part) VALUES (1, 0)")
    assert count(engine, things) == 0
    other.execute("COMMIT")
    other.close()
    assert count(engine, things) == 1


def test_the_variable_wins_over_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"sqlalchemy.url": "sqlite:///var/x.sqlite3"}
    assert database_url(settings).database == "var/x.sqlite3"
    monkeypatch.setenv(URL_VARIABLE, "postgresql://shop@db/prices")
    url = database_url(settings)
    assert (url.drivername, url.host, url.database) == ("postgresql+psycopg", "db", "prices")


def test_the_folder_of_a_new_sqlite_database_is_made(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'var' / 'deep' / 'x.sqlite3'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()
    assert (tmp_path / "var" / "deep" / "x.sqlite3").exists()


def test_the_folder_of_a_new_sqlite_database_is_its_owners_only(tmp_path: Path) -> None:
    make_engine(f"sqlite:///{tmp_path / 'var' / 'x.sqlite3'}").dispose()
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(0o750)
    make_engine(f"sqlite:///{tmp_path / 'var' / 'x.sqlite3'}").dispose()
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o750


def test_an_error_does_not_show_the_values_of_its_statement(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, transaction_scope(engine) as session:
        session.execute(text("SELECT * FROM no_such_table WHERE x = :x"), {"x": "kept from the log"})
    assert "no_such_table" in str(caught.value)
    assert "kept from the log" not in str(caught.value)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("development", ["true", "false"])
def test_only_a_developer_sees_them(settings: dict[str, str], development: str) -> None:
    secret = {"batchbook.secret": "a secret of more than thirty-two characters"}
    app = main({}, **settings | secret | {"batchbook.development": development})
    assert services_of(app.registry).get(Engine).hide_parameters is (development == "false")
    services_of(app.registry).get(Engine).dispose()
