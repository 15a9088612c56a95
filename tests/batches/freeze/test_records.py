"""Records of what batches did: rows are added while a batch is being executed, and nothing else is possible, ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from tests.batches.attacked import FILE, PRICE_CHANGE, Attacked, columns
from tests.batches.harness import BatchHarness, stock

from batchbook.batches import Action, append_only
from batchbook.batches.freeze import RECORD_MESSAGE
from batchbook.catalog.models import PriceHistory
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.handler import PriceChangeHandler

SQLITE = pytest.mark.parametrize("backend", ["sqlite"])
POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"])

TABLE = "price_history"
NAMES, VALUES = columns(TABLE)
_, ANOTHER = columns(TABLE, id="id + 1000")
_, BY_NOBODY = columns(TABLE, id="id + 50", batch_id="NULL", sequence="NULL")

CHANGES = [
    f"UPDATE {TABLE} SET new_price = 1",
    f"UPDATE {TABLE} SET new_price = new_price WHERE batch_id = {{frozen}}",
    f"UPDATE {TABLE} SET changed_by = 'nobody' WHERE batch_id = {{frozen}}",
    f"UPDATE {TABLE} SET batch_id = {{open}}",
    f"UPDATE {TABLE} SET batch_id = NULL, sequence = NULL",
    f"UPDATE {TABLE} SET id = id + 1000",
    f"UPDATE {TABLE} SET changed_by = 'x' WHERE batch_id IS NULL",
    f"DELETE FROM {TABLE}",
    f"DELETE FROM {TABLE} WHERE batch_id = {{frozen}}",
    f"DELETE FROM {TABLE} WHERE batch_id IS NULL",
]
INVENTIONS = {
    "a row more of the executed batch": ANOTHER,
    "a row of the open batch": columns(TABLE, id="id + 1000", batch_id="{open}")[1],
    "a row of a batch that there is not": columns(TABLE, id="id + 1000", batch_id="4711")[1],
}


@pytest.fixture
def attacked(attacked: Attacked) -> Attacked:
    """An executed batch and an open one, and a history with rows of the one and of nobody's batch."""
    attacked.raw(f"INSERT INTO {TABLE} ({NAMES}) SELECT {BY_NOBODY} FROM {TABLE}")
    assert len(attacked.all()[TABLE]) > 1
    return attacked


def refused(attacked: Attacked, *statements: str, match: str = RECORD_MESSAGE) -> None:
    attacked.refused(list(statements), match)


@pytest.mark.parametrize("statement", CHANGES)
def test_no_row_is_changed_or_deleted(attacked: Attacked, statement: str) -> None:
    refused(attacked, statement)


@pytest.mark.parametrize("values", INVENTIONS.values(), ids=INVENTIONS)
def test_no_row_is_invented(attacked: Attacked, values: str) -> None:
    insert = f"INSERT INTO {TABLE} ({NAMES}) SELECT {values} FROM {TABLE} WHERE batch_id = {{frozen}}"
    refused(attacked, insert)
    refused(attacked, f"{insert} ON CONFLICT (id) DO NOTHING")


def test_an_upsert_changes_nothing(attacked: Attacked) -> None:
    for values in (VALUES, columns(TABLE, batch_id="NULL")[1]):
        refused(
            attacked,
            f"INSERT INTO {TABLE} ({NAMES}) SELECT {values} FROM {TABLE} WHERE id > 0"
            " ON CONFLICT (id) DO UPDATE SET new_price = 1, changed_by = excluded.changed_by",
        )


def test_what_the_record_refers_to_cannot_be_taken_away(attacked: Attacked) -> None:
    foreign_key = r"(?i)foreign key constraint"
    refused(attacked, "DELETE FROM product", match=foreign_key)
    refused(attacked, "UPDATE product SET id = id + 1000", match=foreign_key)


def test_rows_of_no_batch_are_added_at_any_time(attacked: Attacked) -> None:
    before = len(attacked.all()[TABLE])
    attacked.raw(
        f"INSERT INTO {TABLE} ({NAMES}) SELECT {columns(TABLE, id='id + 5000', batch_id='NULL')[1]} FROM {TABLE}"
    )
    assert len(attacked.all()[TABLE]) == 2 * before


def test_statements_that_concern_no_row_pass(attacked: Attacked) -> None:
    before = attacked.all()
    attacked.raw(f"UPDATE {TABLE} SET new_price = 1 WHERE id = 4711", f"DELETE FROM {TABLE} WHERE id = 4711")
    assert attacked.all() == before


def test_an_expired_batch_goes_and_its_record_stays(engine: Engine) -> None:
    stock(engine, ("001", 1))
    handler = type(
        "Expired",
        (PriceChangeHandler,),
        {"execution_policy": replace(PriceChangeHandler.execution_policy, retention=timedelta(seconds=-1))},
    )
    catalogue = BatchHarness(engine, PRICE_CHANGE).with_handler(handler)
    number = catalogue.executed(FILE)
    with transaction_scope(engine) as session:
        for part in ("cell_change", "operation", "batch_file_chunk", "batch_file", "price_change_row"):
            session.connection().exec_driver_sql(f"DELETE FROM {part} WHERE batch_id = {number}")
        for part in ("price_change", "batch"):
            session.connection().exec_driver_sql(f"DELETE FROM {part} WHERE id = {number}")
    with transaction_scope(engine, read_only=True) as session:
        assert {row.batch_id for row in session.query(PriceHistory)} == {number}
    # The batch is gone, so nobody can add to what it did either.
    gone = Attacked(catalogue, number, number)
    refused(gone, f"INSERT INTO {TABLE} ({NAMES}) SELECT {ANOTHER} FROM {TABLE}")
    refused(gone, f"UPDATE {TABLE} SET batch_id = NULL")


def test_deleting_a_parent_deletes_no_record_of_it(engine: Engine) -> None:
    """Also where a package's record refers to what it is about, and would go with it."""
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE shelf (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql(
            "CREATE TABLE moved (batch_id INTEGER, id INTEGER PRIMARY KEY,"
            " shelf INTEGER REFERENCES shelf (id) ON DELETE CASCADE ON UPDATE CASCADE,"
            " other INTEGER REFERENCES shelf (id) ON DELETE SET NULL)"
        )
        append_only(connection, "moved")
        connection.exec_driver_sql("INSERT INTO shelf VALUES (1), (2), (3)")
        connection.exec_driver_sql("INSERT INTO moved VALUES (NULL, 1, 1, 2)")
    for statement in (
        "DELETE FROM shelf WHERE id = 1",
        "DELETE FROM shelf WHERE id = 2",
        "UPDATE shelf SET id = 11 WHERE id = 1",
    ):
        with pytest.raises(Exception, match=RECORD_MESSAGE), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM shelf WHERE id = 3")


# --- SQLite ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def plain(attacked: Attacked) -> Iterator[sqlite3.Connection]:
    """A connection that enforces no foreign key, and whose REPLACE asks no trigger before it deletes."""
    connection = sqlite3.connect(attacked.engine.url.database or "", isolation_level=None)
    yield connection
    connection.close()


@SQLITE
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT OR FAIL"])
def test_nothing_is_replaced(attacked: Attacked, plain: sqlite3.Connection, verb: str) -> None:
    for values in (VALUES, columns(TABLE, batch_id="NULL", new_price="1")[1], ANOTHER):
        statement = (
            f"{verb} INTO {TABLE} ({NAMES}) SELECT {values} FROM {TABLE} WHERE batch_id = {attacked.frozen}"
        )
        attacked.refused(lambda statement=statement: plain.execute(statement), RECORD_MESSAGE)


@SQLITE
@pytest.mark.parametrize("verb", ["UPDATE OR REPLACE", "UPDATE OR IGNORE", "UPDATE OR ROLLBACK"])
def test_no_conflict_lets_a_row_be_changed(attacked: Attacked, plain: sqlite3.Connection, verb: str) -> None:
    for change in ("id = 1", "rowid = rowid + 1", "new_price = 1"):
        attacked.refused(lambda change=change: plain.execute(f"{verb} {TABLE} SET {change}"), RECORD_MESSAGE)


@SQLITE
def test_nothing_is_replaced_by_another_unique_key(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE noted (batch_id INTEGER, item TEXT, day TEXT, said TEXT, PRIMARY KEY (item, day)) WITHOUT ROWID"
        )
        append_only(connection, "noted")
        connection.exec_driver_sql("INSERT INTO noted VALUES (NULL, '1', 'Monday', 'x')")
    plain = sqlite3.connect(engine.url.database or "", isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match=RECORD_MESSAGE):
        plain.execute("REPLACE INTO noted VALUES (NULL, '1', 'Monday', 'y')")
    plain.execute("REPLACE INTO noted VALUES (NULL, '1', 'Tuesday', 'y')")
    assert plain.execute("SELECT said FROM noted ORDER BY day").fetchall() == [("x",), ("y",)]
    plain.close()


@SQLITE
@pytest.mark.parametrize("index", ["(item) WHERE batch_id IS NULL", "(lower(item))"])
def test_a_table_whose_rows_could_be_replaced_is_not_taken_for_guarded(engine: Engine, index: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE loose (batch_id INTEGER, item TEXT)")
        connection.exec_driver_sql(f"CREATE UNIQUE INDEX uq_loose ON loose {index}")
        with pytest.raises(ValueError, match="uq_loose of loose is not over plain columns"):
            append_only(connection, "loose")


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


@POSTGRESQL
@pytest.mark.parametrize("table", [TABLE, "product", "vendor", f"{TABLE}, product", "department"])
@pytest.mark.parametrize("how", ["CASCADE", "RESTART IDENTITY CASCADE"])
def test_no_truncate_gets_through(attacked: Attacked, table: str, how: str) -> None:
    refused(attacked, f"TRUNCATE {table} {how}")


@POSTGRESQL
def test_an_empty_record_is_not_truncated_either(engine: Engine) -> None:
    """Rows may be on their way into it."""
    with pytest.raises(Exception, match=RECORD_MESSAGE), engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {TABLE}")


@POSTGRESQL
def test_no_merge_gets_through(attacked: Attacked) -> None:
    merge = f"MERGE INTO {TABLE} AS t USING (SELECT * FROM {TABLE}) AS s ON t.id = s.id"
    refused(attacked, f"{merge} WHEN MATCHED THEN UPDATE SET new_price = 1")
    refused(attacked, f"{merge} WHEN MATCHED THEN DELETE")
    added = ", ".join("s.id + 1000" if name == '"id"' else f"s.{name}" for name in NAMES.split(", "))
    refused(attacked, f"{merge} + 1000 WHEN NOT MATCHED THEN INSERT ({NAMES}) VALUES ({added})")


@POSTGRESQL
def test_nothing_is_copied_in(attacked: Attacked) -> None:
    def copy() -> None:
        with attacked.engine.begin() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            line = f"4711\t1\t001\t1\t2\t2026-01-01\tadmin\t{attacked.frozen}\t1\t\\N\n"
            with driver.cursor() as cursor, cursor.copy(f"COPY {TABLE} FROM STDIN") as into:
                into.write(line)

    attacked.refused(copy, RECORD_MESSAGE)


@POSTGRESQL
@pytest.mark.parametrize(
    "shadow",
    [
        ["CREATE TEMP TABLE batch AS SELECT id, 'executing' AS state FROM batch"],
        ["CREATE TEMP TABLE batch (id int, state text)", "SET LOCAL search_path = pg_temp, public"],
        ["SET LOCAL search_path = ''"],
        ["SET CONSTRAINTS ALL DEFERRED"],
    ],
)
def test_nothing_shadows_the_real_batch(attacked: Attacked, shadow: list[str]) -> None:
    there = f"public.{TABLE}"
    refused(
        attacked,
        *shadow,
        f"INSERT INTO {there} ({NAMES}) SELECT {ANOTHER} FROM {there} WHERE batch_id = {{frozen}}",
    )
    refused(attacked, *shadow, f"DELETE FROM {there}")


@POSTGRESQL
def test_a_row_that_begins_before_the_execution_ends_comes_too_late(engine: Engine) -> None:
    """Under a view of things in which the batch is still being executed, as nobody but a raw statement leaves it."""
    stock(engine, ("001", 1))
    catalogue = BatchHarness(engine, PRICE_CHANGE)
    number = catalogue.open(FILE)
    catalogue.run(number, Action.COMPLETE)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE batch SET state = 'executing' WHERE id = {number}")
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as late:
        late.exec_driver_sql("SELECT count(*) FROM batch")
        with engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE batch SET state = 'executed' WHERE id = {number}")
        with pytest.raises(Exception, match="could not serialize"):
            late.exec_driver_sql(
                f"INSERT INTO {TABLE} ({NAMES}) SELECT 1, p.id, '001', 1, 2, now(), 'x', {number}, 1, NULL"
                " FROM product AS p"
            )
