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
from batchbook.batches.freeze import MESSAGE
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
