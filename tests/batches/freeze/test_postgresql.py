"""What only PostgreSQL offers an attacker."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DBAPIError
from tests.batches.attacked import FILE, PARTS, PRICE_CHANGE, REFUSED, Attacked, columns, table
from tests.batches.harness import BatchHarness, stock, wait_until_blocked

from batchbook.batches import Action
from batchbook.batches.freeze import MESSAGE, freeze_table
from batchbook.batches.registry import BatchTypes
from batchbook.batches.trigger_check import faults
from batchbook.db.transactions import transaction_scope

pytestmark = pytest.mark.parametrize("backend", ["postgresql"])
CHILDREN = [name for name in PARTS if name not in ("batch", "price_change")]


def with_referring(engine: Engine, names: Iterable[str]) -> list[str]:
    """Return the tables ``names`` and all that refer to them, directly or not: those that can be truncated together."""
    database, found = inspect(engine), {*names}
    referred = {
        table: {key["referred_table"] for key in database.get_foreign_keys(table)}
        for table in database.get_table_names()
    }
    while more := {table for table, others in referred.items() if others & found} - found:
        found |= more
    return sorted(found)


def test_no_truncate_gets_through(attacked: Attacked, subtests: pytest.Subtests) -> None:
    together = ", ".join(f'"{name}"' for name in with_referring(attacked.engine, PARTS))
    for part in PARTS:
        with subtests.test(str(part)):
            refused = f"{REFUSED}|cannot truncate a table referenced in a foreign key constraint"
            attacked.refused(f"TRUNCATE {part}", refused)
            attacked.refused(f"TRUNCATE {part} CASCADE")
            attacked.refused(f"TRUNCATE {part} RESTART IDENTITY CASCADE")
            attacked.refused(f"TRUNCATE {together}")


def test_no_upsert_or_merge_gets_through(attacked: Attacked, subtests: pytest.Subtests) -> None:
    for part in PARTS:
        with subtests.test(str(part)):
            key, keys = PARTS[part], [column.name for column in table(part).primary_key]
            names, values = columns(part)
            other = next(c.name for c in table(part).columns if not c.primary_key)
            same = " AND ".join(f"t.{name} = s.{name}" for name in keys)
            attacked.refused(
                f"INSERT INTO {part} ({names}) SELECT {values} FROM {part} WHERE {key} = {{frozen}}"
                f' ON CONFLICT ({", ".join(keys)}) DO UPDATE SET "{other}" = excluded."{other}"'
            )
            merge = (
                f"MERGE INTO {part} AS t USING (SELECT * FROM {part} WHERE {key} = {{frozen}}) AS s ON {same}"
            )
            attacked.refused(f'{merge} WHEN MATCHED THEN UPDATE SET "{other}" = s."{other}"')
            attacked.refused(f"{merge} WHEN MATCHED THEN DELETE")


def test_no_copy_or_merge_puts_anything_in(attacked: Attacked, subtests: pytest.Subtests) -> None:
    for part in CHILDREN:
        with subtests.test(part):
            put_in(attacked, part)


def put_in(attacked: Attacked, part: str) -> None:
    last = list(table(part).primary_key)[-1].name
    names, values = columns(part, batch_id="{frozen}", **{last: f'"{last}" + 100'})
    source = f"SELECT {values} FROM {part} WHERE batch_id = {{open}}"

    def copy() -> None:
        with attacked.engine.begin() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute(attacked.filled(f"CREATE TEMP TABLE loot ON COMMIT DROP AS {source}"))
            with driver.cursor() as reading, reading.copy("COPY loot TO STDOUT") as found:
                lines = b"".join(bytes(block) for block in found)
            with (
                driver.cursor() as writing,
                writing.copy(f"COPY {part} ({names}) FROM STDIN") as into,
            ):
                into.write(lines)

    attacked.refused(copy)
    values = ", ".join(f's."{column.name}"' for column in table(part).columns)
    attacked.refused(
        f"MERGE INTO {part} AS t USING (SELECT {columns(part)[1]} FROM {part} WHERE batch_id = {{frozen}}) AS s"
        f" ON t.{last} = s.{last} + 100 WHEN NOT MATCHED THEN INSERT ({names})"
        f" VALUES ({values.replace(f's.{chr(34)}{last}{chr(34)}', f's.{chr(34)}{last}{chr(34)} + 100')})"
    )


SHADOWS = {
    "a temporary table": ["CREATE TEMP TABLE batch (id int, state text, purge_after timestamptz)"],
    "a temporary table of executed batches that may go": [
        "CREATE TEMP TABLE batch AS SELECT id, 'open' AS state, now() - interval '1 day' AS purge_after FROM batch"
    ],
    "another schema first": [
        "CREATE SCHEMA loot",
        "CREATE TABLE loot.batch (id int, state text, purge_after timestamptz)",
        "SET LOCAL search_path = loot, public",
    ],
    "the temporary schema first": [
        "CREATE TEMP TABLE batch (id int, state text, purge_after timestamptz)",
        "SET LOCAL search_path = pg_temp, public",
    ],
    "no search path": ["SET LOCAL search_path = ''"],
    "a function called now": [
        "CREATE SCHEMA loot",
        "CREATE FUNCTION loot.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'infinity'::timestamptz $$",
        "SET LOCAL search_path = loot, pg_catalog, public",
    ],
}


def test_nothing_shadows_the_real_batch(attacked: Attacked, subtests: pytest.Subtests) -> None:
    for shadow in SHADOWS:
        with subtests.test(str(shadow)):
            for part in CHILDREN:
                first = SHADOWS[shadow]
                attacked.refused([*first, f"UPDATE public.{part} SET batch_id = batch_id"])
                attacked.refused([*first, f"DELETE FROM public.{part} WHERE batch_id = {{frozen}}"])
                attacked.refused([*first, f"TRUNCATE public.{part} CASCADE"])
            attacked.refused([*SHADOWS[shadow], "DELETE FROM public.batch WHERE id = {frozen}"])


def test_deleting_the_header_takes_nothing_along(attacked: Attacked) -> None:
    attacked.refused("DELETE FROM batch WHERE id = {frozen}")
    attacked.refused("DELETE FROM price_change WHERE id = {frozen}")
    attacked.refused("DELETE FROM batch_file WHERE batch_id = {frozen}")


def test_deferring_constraints_defers_no_refusal(attacked: Attacked) -> None:
    attacked.refused(["SET CONSTRAINTS ALL DEFERRED", "DELETE FROM operation WHERE batch_id = {frozen}"])


# --- At the moment of execution --------------------------------------------------------------------------------------

LATE = [
    "UPDATE price_change_row SET new_price = 77 WHERE batch_id = {open}",
    "DELETE FROM price_change_row WHERE batch_id = {open}",
    "INSERT INTO price_change_row (batch_id, sequence, item_code) VALUES ({open}, 99, 'x')",
    "DELETE FROM batch_file_chunk WHERE batch_id = {open}",
    "UPDATE cell_change SET new = 'x' WHERE batch_id = {open}",
    "UPDATE operation SET actor = 'x' WHERE batch_id = {open}",
    "UPDATE price_change SET vendor_code = 'x' WHERE id = {open}",
    "UPDATE batch SET notes = 'x' WHERE id = {open}",
]


@pytest.mark.parametrize("statement", LATE)
def test_what_begins_before_the_execution_ends_comes_too_late(attacked: Attacked, statement: str) -> None:
    """A change of the batch by somebody who does not see yet that it is being executed."""
    come_too_late(attacked, statement)


def test_emptying_a_table_comes_too_late(engine: Engine) -> None:
    """Where the batch is the only one, so that nothing else in the table is frozen."""
    catalogue = BatchHarness(engine, PRICE_CHANGE)
    stock(engine, ("001", 1))
    batch_id = catalogue.open(FILE)
    come_too_late(Attacked(catalogue, batch_id, batch_id), "TRUNCATE batch_file_chunk")


def test_emptying_a_table_under_an_old_view_of_things_is_refused(engine: Engine) -> None:
    catalogue = BatchHarness(engine, PRICE_CHANGE)
    stock(engine, ("001", 1))
    batch_id = catalogue.open(FILE)
    catalogue.run(batch_id, Action.COMPLETE)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.exec_driver_sql("SELECT count(*) FROM batch")  # The view of things is taken here.
        catalogue.run(batch_id, Action.EXECUTE, overwrite="yes")
        with pytest.raises(DBAPIError, match=r"could not serialize|frozen"):
            connection.exec_driver_sql("TRUNCATE price_change_row")
    assert len(catalogue.rows(batch_id)) > 0


def come_too_late(attacked: Attacked, statement: str) -> None:
    catalogue = attacked.catalogue
    catalogue.run(attacked.open, Action.COMPLETE)
    ends: list[str] = []

    def change() -> None:
        try:
            attacked.raw(statement)
            ends.append("done")
        except Exception as error:  # noqa: BLE001 - What it says is asserted below.
            ends.append(str(error))

    thread = threading.Thread(target=change)
    with transaction_scope(attacked.engine) as session:
        catalogue.on(session).run(attacked.open, Action.EXECUTE, {"overwrite": "yes", "confirm": "all"})
        thread.start()
        wait_until_blocked(attacked.engine, ends)
    before = attacked.all()
    thread.join()
    assert len(ends) == 1
    assert MESSAGE in ends[0]
    assert attacked.all() == before


@pytest.fixture
def partitioned(engine: Engine) -> Engine:
    """Rows of price changes in four partitions of a hundred batches each, as docs/scaling.md tells; each batch has ten rows."""
    with engine.begin() as connection:
        run = connection.exec_driver_sql
        run("DROP TABLE price_change_row CASCADE")
        columns = "batch_id integer, sequence integer, item_code text, PRIMARY KEY (batch_id, sequence)"
        run(f"CREATE TABLE price_change_row ({columns}) PARTITION BY RANGE (batch_id)")
        for part in range(4):
            first = part * 100
            values = f"FROM ({first}) TO ({first + 100})"
            run(f"CREATE TABLE price_change_row_{part} PARTITION OF price_change_row FOR VALUES {values}")
        freeze_table(connection, "price_change_row")
        run(
            "INSERT INTO batch (id, type, state, params, status_counts, row_count, removed_count, created_at, created_by, version)"
            " SELECT number, 'price_change', 'open', '{}', '{}', 10, 0, now(), 'ada', 1 FROM generate_series(1, 399) AS number"
        )
        run(
            "INSERT INTO price_change_row SELECT id, number, 'A' FROM batch, generate_series(1, 10) AS number"
        )
        run("UPDATE batch SET state = 'executed', executed_at = now(), executed_by = 'ada' WHERE id = 150")
    return engine


def test_partitions_of_a_row_table_need_triggers_of_their_own(partitioned: Engine) -> None:
    frozen, free = "WHERE batch_id = 150", "WHERE batch_id = 151"

    def changes(table: str, where: str) -> bool:
        with partitioned.connect() as connection:
            try:
                connection.exec_driver_sql(f"UPDATE {table} SET item_code = 'B' {where}")
            except DBAPIError as error:
                return MESSAGE not in str(error)
        return True

    assert changes("price_change_row", free)
    assert not changes("price_change_row", frozen)
    assert changes("price_change_row_1", frozen)  # Statement triggers fire for the table that is named.
    with partitioned.begin() as connection:
        freeze_table(connection, "price_change_row_1")
    assert not changes("price_change_row_1", frozen)
    assert changes("price_change_row_1", free)


def test_statements_about_a_batch_read_its_partition_only(partitioned: Engine) -> None:
    with partitioned.connect() as connection:
        explain = "EXPLAIN SELECT * FROM price_change_row WHERE batch_id = 150 AND sequence BETWEEN 1 AND 5"
        plan = "\n".join(connection.exec_driver_sql(explain).scalars())
    assert "price_change_row_1" in plan
    assert not any(f"price_change_row_{other}" in plan for other in (0, 2, 3))


def test_an_installation_with_partitions_does_not_start(partitioned: Engine) -> None:
    with partitioned.connect() as connection:
        found = list(faults(connection, BatchTypes()))
    assert sum("inherits from price_change_row" in fault for fault in found) == 4
