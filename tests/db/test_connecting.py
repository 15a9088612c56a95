"""Connections to PostgreSQL end in time when the other side is gone."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from batchbook.db import connecting
from batchbook.db.connecting import limit_waiting, limited_engine
from batchbook.db.engine import make_engine
from batchbook.db.outages import Outage, outage_of
from batchbook.db.transactions import is_transient, transaction_scope
from batchbook.jobs.store import JobStore

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])

SERVER = ("tcp_user_timeout", "client_connection_check_interval", "idle_in_transaction_session_timeout")


def client_limits(connection: Any) -> dict[str, str]:
    """Return what libpq was given of the application's limits."""
    given: dict[str, str] = connection.connection.driver_connection.info.get_parameters()
    return {name: given.get(name, "") for name in ("keepalives_idle", "tcp_user_timeout", "connect_timeout")}


def of_library(url: URL) -> Engine:
    return create_engine(url, **limited_engine(url, "some process"))


def of_store(url: URL) -> Engine:
    return JobStore(url)._engine


@pytest.mark.parametrize("make", [make_engine, of_library, of_store])
def test_both_ends_of_a_connection_look_for_the_other_one(database_url: URL, make: Any) -> None:
    engine = make(database_url)
    with engine.connect() as connection:
        assert client_limits(connection) == {
            "keepalives_idle": "10",
            "tcp_user_timeout": "30000",
            "connect_timeout": "5",
        }
        # A Unix socket has no limits of TCP, so those show as 0; the others are what the session was told.
        shown = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in SERVER[1:]}
        assert shown == {
            "client_connection_check_interval": "10s",
            "idle_in_transaction_session_timeout": "10min",
        }
    engine.dispose()


def test_the_url_decides_where_it_says_something(database_url: URL) -> None:
    url = database_url.update_query_dict({"tcp_user_timeout": "7000", "connect_timeout": "9"})
    for engine in (make_engine(url), of_library(url)):
        with engine.connect() as connection:
            assert client_limits(connection) == {
                "keepalives_idle": "10",
                "tcp_user_timeout": "7000",
                "connect_timeout": "9",
            }
        engine.dispose()


@pytest.fixture
def impatient(database_url: URL) -> URL:
    """A database whose administrator has limited idle transactions to half a second."""
    engine = make_engine(database_url)
    with transaction_scope(engine) as session:
        limit = f"ALTER DATABASE {database_url.database} SET idle_in_transaction_session_timeout = '500ms'"
        session.execute(text(limit))
    engine.dispose()
    return database_url


def test_what_the_administrator_says_of_the_database_stays(impatient: URL) -> None:
    engine = make_engine(impatient)
    with engine.connect() as connection:
        assert connection.execute(text(f"SHOW {SERVER[2]}")).scalar_one() == "500ms"
        assert connection.execute(text(f"SHOW {SERVER[1]}")).scalar_one() == "10s"
    engine.dispose()


def test_who_paused_within_a_transaction_is_told_that_the_database_was_away(impatient: URL) -> None:
    engine = make_engine(impatient)
    with pytest.raises(DBAPIError) as caught, transaction_scope(engine) as session:  # noqa: PT012
        session.execute(text("SELECT 1"))
        time.sleep(1)
        session.execute(text("SELECT 1"))
    assert is_transient(caught.value)
    assert outage_of(caught.value) is Outage.AWAY
    engine.dispose()


def test_engines_on_another_database_are_left_alone(backend: str) -> None:
    engine = create_engine("sqlite://")
    limit_waiting(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


@pytest.mark.parametrize("make", [make_engine, of_library, of_store])
def test_a_server_that_refuses_a_limit_has_the_others(
    database_url: URL, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a server on Windows does, which cannot tell whether its client is gone.
    monkeypatch.setitem(connecting._SERVER, "client_connection_check_interval", "-1")
    engine = make(database_url)
    for _ in range(2):
        with engine.connect() as connection:
            assert connection.execute(text(f"SHOW {SERVER[1]}")).scalar_one() == "0"
            assert connection.execute(text(f"SHOW {SERVER[2]}")).scalar_one() == "10min"
        engine.dispose()


def test_a_server_that_no_longer_knows_a_limit_has_the_others(
    database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As after the address leads to an older one, which the process learns from its refusal.
    monkeypatch.setitem(connecting._SERVER, "no_such_parameter", "1")
    engine = make_engine(database_url)
    setattr(engine.dialect, connecting._FOUND, ["no_such_parameter", SERVER[2]])
    with engine.connect() as connection:
        assert connection.execute(text(f"SHOW {SERVER[2]}")).scalar_one() == "10min"
    assert getattr(engine.dialect, connecting._FOUND) == [SERVER[2]]
    engine.dispose()
