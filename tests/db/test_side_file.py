"""Tables that are kept beside a SQLite database, for which nobody waits."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import DatabaseError

from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import LoginAttempt

SQLITE = pytest.mark.parametrize("backend", ["sqlite"])


def attempt(key: str) -> LoginAttempt:
    return LoginAttempt(key=key, count=1, expires_at=utc_now())


def side_file(engine: Engine) -> Path:
    database = Path(str(engine.url.database))
    return database.with_name(f"{database.stem}.sessions{database.suffix}")


@SQLITE
def test_it_is_written_while_another_holds_the_write_lock_and_kept_at_once(
    engine: Engine, write_lock: sqlite3.Connection
) -> None:
    assert write_lock.in_transaction
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(LoginAttempt.key)).all() == []
    with sqlite3.connect(side_file(engine)) as other:
        other.execute(
            "INSERT INTO login_attempt (key, count, expires_at) VALUES ('k', 1, '2026-01-01 00:00:00')"
        )
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(LoginAttempt.key)).all() == ["k"]


@SQLITE
def test_the_file_is_for_its_owner_only(engine: Engine) -> None:
    with transaction_scope(engine, read_only=True) as session:
        session.scalars(select(LoginAttempt.key)).all()
    assert stat.S_IMODE(side_file(engine).stat().st_mode) == 0o600


@SQLITE
def test_tables_that_are_not_as_the_models_say_are_made_anew(engine: Engine) -> None:
    with sqlite3.connect(side_file(engine)) as old:
        old.execute("CREATE TABLE login_attempt (key TEXT)")
        old.execute("INSERT INTO login_attempt VALUES ('old')")
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(LoginAttempt.key)).all() == []


@pytest.mark.parametrize("backend", ["postgresql"])
def test_on_postgresql_it_is_part_of_the_transaction(engine: Engine) -> None:
    def fail(session: Any) -> None:
        session.add(attempt("k"))
        session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction_scope(engine) as session:
        fail(session)
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(LoginAttempt.key)).all() == []


@SQLITE
@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\0" + b"x" * 5000])
def test_a_damaged_file_is_moved_aside_and_made_anew(
    engine: Engine, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = side_file(engine)
    path.write_bytes(damage)
    with transaction_scope(engine) as session:
        session.add(attempt("k"))
    with transaction_scope(engine, read_only=True) as session:
        assert session.scalars(select(LoginAttempt.key)).all() == ["k"]
    (aside,) = path.parent.glob(f"{path.name}.damaged-*")
    assert aside.read_bytes() == damage
    assert f"It was moved to {aside}" in caplog.text


@SQLITE
def test_a_file_that_is_damaged_in_use_is_replaced_after_one_error(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        session.add(attempt("k"))
    with sqlite3.connect(side_file(engine)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with side_file(engine).open("r+b") as file:
        file.truncate(4096)
        file.seek(100)
        file.write(b"\xff" * 3996)
    with pytest.raises(DatabaseError), transaction_scope(engine) as session:
        session.add(attempt("lost"))
    with transaction_scope(engine) as session:
        session.add(attempt("new"))
    assert len(list(side_file(engine).parent.glob("*.damaged-*Z"))) == 1
