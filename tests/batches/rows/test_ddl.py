"""Row tables of single batches are created, indexed, frozen and dropped; on PostgreSQL by functions that check what they get."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine, insert, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from batchbook.batches import RowColumn, State
from batchbook.batches.freeze import MESSAGE
from batchbook.batches.rows.ddl import drop_table, guard_table, make_indexes, make_table, table_name
from batchbook.batches.rows.per_batch import OwnTables
from batchbook.batches.rows.scope import table_of
from batchbook.grid import Kind
from batchbook.types.imports.models import Import, ImportRow

PRICE = RowColumn("price", Kind.DECIMAL, "Price", precision=12, scale=2, indexed=True)


def stored_batch(connection: Connection) -> Import:
    """Store the header of a batch whose rows have a price besides the type's own columns."""
    with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
        batch = Import(
            target="product",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            created_by="ann",
            params={"row_columns": [PRICE.to_json()]},
        )
        session.add(batch)
        session.commit()
    return batch


def test_a_table_is_made_indexed_frozen_with_its_batch_and_dropped(engine: Engine) -> None:
    with engine.begin() as connection:
        batch = stored_batch(connection)
        name = table_name(batch.id)
        table = table_of(OwnTables(ImportRow).of(batch))
        make_table(connection, table, batch.id)
        assert "price" in {column["name"] for column in inspect(connection).get_columns(name)}
        assert not inspect(connection).get_indexes(name), "They are made when the rows are there."
        connection.execute(insert(table), {"batch_id": batch.id, "sequence": 1, "price": "1.50"})
        make_indexes(connection, list(table.indexes), batch.id)
        assert ["batch_id", "price"] in [
            index["column_names"] for index in inspect(connection).get_indexes(name)
        ]
        guard_table(connection, table)
    with engine.begin() as connection, pytest.raises(DBAPIError):  # A row of another batch
        connection.execute(insert(table), {"batch_id": batch.id + 1, "sequence": 2})
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE batch SET state = '{State.EXECUTED}'"))
    with engine.begin() as connection, pytest.raises(DBAPIError, match=MESSAGE):
        connection.execute(text(f"UPDATE {name} SET price = 2"))


def test_dropping_a_table_that_is_not_there_is_fine(engine: Engine) -> None:
    with engine.begin() as connection:
        batch = stored_batch(connection)
        make_table(connection, table_of(OwnTables(ImportRow).of(batch)), batch.id)
        for _ in range(2):
            drop_table(connection, batch.id)
        assert not inspect(connection).has_table(table_name(batch.id))


@pytest.mark.parametrize("backend", ["postgresql"])
@pytest.mark.parametrize(
    "call",
    [
        "batchbook_make_rows(7, ARRAY['batch_id INTEGER); DROP TABLE batch; --'])",
        "batchbook_make_rows(7, ARRAY['batch_id INTEGER DEFAULT pg_sleep(9)'])",
        "batchbook_make_rows(7, ARRAY['batch_id oid'])",
        "batchbook_index_rows(7, ARRAY['CREATE INDEX evil ON batch (id)'])",
        "batchbook_index_rows(7, ARRAY['CREATE INDEX evil ON row_8 (price)'])",
        "batchbook_index_rows(7, ARRAY['CREATE UNIQUE INDEX evil ON row_7 (price)'])",
    ],
)
def test_the_functions_of_the_owner_make_nothing_else(engine: Engine, call: str) -> None:
    with engine.begin() as connection, pytest.raises(DBAPIError, match=r"cannot have this (column|index)"):
        connection.execute(text(f"SELECT {call}"))


@pytest.mark.parametrize("backend", ["postgresql"])
def test_the_table_of_an_executed_batch_is_not_dropped(engine: Engine) -> None:
    with engine.begin() as connection:
        batch = stored_batch(connection)
        make_table(connection, table_of(OwnTables(ImportRow).of(batch)), batch.id)
        connection.execute(text(f"UPDATE batch SET state = '{State.EXECUTED}'"))
    with engine.begin() as connection, pytest.raises(DBAPIError, match=MESSAGE):
        drop_table(connection, batch.id)
