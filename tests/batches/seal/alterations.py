"""Alterations of sealed data by somebody with all rights: triggers and foreign keys are switched off, all is rolled back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from batchbook.batches.seal.chain import Difference, verify_chain
from batchbook.batches.seal.models import Seal
from batchbook.batches.seal.verification import Result, verify
from batchbook.db.transactions import transaction_scope

_CHECKS = (
    "SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'c' AND conname LIKE '%own_batch'"
)


class RolledBackError(Exception):
    """Ends a transaction without keeping anything of it."""


@contextmanager
def with_all_rights(engine: Engine) -> Iterator[Session]:
    """Yield a session in which nothing is guarded; what it does is rolled back."""
    try:
        with transaction_scope(engine) as session:
            if engine.dialect.name == "postgresql":
                session.execute(text("SET LOCAL session_replication_role = replica"))
                for table, check in session.execute(text(_CHECKS)).all():
                    session.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {check}"))
            else:
                session.execute(text("PRAGMA defer_foreign_keys = ON"))
                session.execute(text("PRAGMA ignore_check_constraints = ON"))
                triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for trigger in session.scalars(triggers).all():
                    session.execute(text(f'DROP TRIGGER "{trigger}"'))
            yield session
            raise RolledBackError
    except RolledBackError:
        return


@contextmanager
def altered(session: Session, *statements: str) -> Iterator[None]:
    """Run ``statements``, and undo them after the block."""
    savepoint = session.begin_nested()
    for statement in statements:
        assert session.connection().exec_driver_sql(statement).rowcount != 0, statement
    session.expire_all()
    yield
    savepoint.rollback()
    session.expire_all()


def found(session: Session) -> list[Difference]:
    """Return all differences that are found: in the chain, and the first one of each batch."""
    verdicts = [verdict for verdict in verify(session) if verdict.result is Result.DIFFERS]
    return [*verify_chain(session), *(verdict.difference for verdict in verdicts if verdict.difference)]


#: By kind, what a value of a column becomes; it must differ from what it was, also from NULL.
_CHANGED = {
    "integer": "coalesce({0}, 0) + 1000",
    "decimal": "coalesce({0}, 0) + 1",
    "boolean": "NOT coalesce({0}, FALSE)",
    "text": "'x' || substr(coalesce({0}, ''), 2)",
    "json": "'[\"x\"]'",
    "moment": "'2001-02-03 04:05:06.000000'",
    "date": "'2001-02-03'",
    "bytes": "CAST('x' AS {bytes})",
    "digest": "CAST('x' AS {bytes})",
}


def changed(session: Session, column: str, kind: str) -> str:
    """Return the SQL of another value for a column of that kind."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return _CHANGED[kind.partition(":")[0]].format(f'"{column}"', bytes="BYTEA" if on_postgresql else "BLOB")


def sealed_tables(session: Session, seal: Seal) -> Iterator[dict[str, Any]]:
    """Yield the tables that the manifest of ``seal`` lists."""
    for part in json.loads(seal.manifest)["parts"]:
        yield from part["tables"]


def assert_each_alteration_is_named(session: Session, batch_id: int) -> int:
    """Change, delete and add a record in each sealed table, and each of its columns; return how often that was done."""
    seal = session.query(Seal).filter_by(batch_id=batch_id).one()
    count = 0
    assert found(session) == []
    for table in [*sealed_tables(session, seal)]:
        name, key = table["name"], table["key"]
        own = f'"{key[0]}" = {batch_id}'
        # The last record, because its key can grow without meeting another one.
        last = " AND ".join(
            f'"{column}" = (SELECT max("{column}") FROM "{name}" WHERE {own})' for column in key[1:]
        )
        where = f"{own} AND {last}" if last else own
        for column, kind in table["columns"]:
            with altered(
                session, f'UPDATE "{name}" SET "{column}" = {changed(session, column, kind)} WHERE {where}'
            ):
                _assert_named(session, batch_id, name, column, is_key=column in key)
            count += 1
        with altered(session, f'DELETE FROM "{name}" WHERE {where}'):
            (difference,) = found(session)
            assert (difference.table, difference.what) == (name, "is missing")
        columns = [column for column, _kind in table["columns"]]
        if key[1:]:
            more = ", ".join(f'"{one}" + 1' if one == key[-1] else f'"{one}"' for one in columns)
            listed = ", ".join(f'"{one}"' for one in columns)
            with altered(
                session, f'INSERT INTO "{name}" ({listed}) SELECT {more} FROM "{name}" WHERE {where}'
            ):
                (difference,) = found(session)
                assert (difference.table, difference.what) == (name, "was added")
        count += 2
    return count


def _assert_named(session: Session, batch_id: int, table: str, column: str, *, is_key: bool) -> None:
    differences = found(session)
    assert differences, (table, column)
    difference = differences[0]
    assert (difference.batch_id, difference.table) == (batch_id, table), (table, column, difference)
    assert difference.record, (table, column)
    if is_key and not difference.columns:  # Without its key, the record is no longer that of the batch.
        assert difference.what == "is missing"
    else:
        assert difference.columns == (column,), (table, column, difference)
