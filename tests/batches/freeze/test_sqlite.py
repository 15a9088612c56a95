"""What only SQLite offers an attacker, from a plain connection that enforces no foreign key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from tests.batches.attacked import PARTS, REFUSED, Attacked, columns, table

from batchbook.batches.freeze import freeze_table
from batchbook.db.transactions import transaction_scope

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])
CHILDREN = [name for name in PARTS if name not in ("batch", "price_change")]


@pytest.fixture
def plain(attacked: Attacked) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(attacked.engine.url.database or "", isolation_level=None)
    yield connection
    connection.close()


def refused(attacked: Attacked, plain: sqlite3.Connection, *statements: str, match: str = REFUSED) -> None:
    def attack() -> None:
        for statement in statements:
            plain.execute(attacked.filled(statement))

    attacked.refused(attack, match)


def test_no_replacing_or_ignoring_conflict_gets_through(
    attacked: Attacked, plain: sqlite3.Connection, subtests: pytest.Subtests
) -> None:
    for part in PARTS:
        with subtests.test(str(part)):
            key, last = PARTS[part], list(table(part).primary_key)[-1].name
            for verb in ("INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE", "INSERT"):
                names, values = columns(part)
                refused(
                    attacked,
                    plain,
                    f"{verb} INTO {part} ({names}) SELECT {values} FROM {part} WHERE {key} = {{frozen}}",
                )
                names, values = columns(part, **{key: "{frozen}"})
                refused(
                    attacked,
                    plain,
                    f"{verb} INTO {part} ({names}) SELECT {values} FROM {part} WHERE {key} = {{open}}",
                )
            for verb in ("UPDATE OR REPLACE", "UPDATE OR IGNORE", "UPDATE OR FAIL", "UPDATE"):
                refused(attacked, plain, f"{verb} {part} SET {key} = {{frozen}} WHERE {key} = {{open}}")
                refused(attacked, plain, f"{verb} {part} SET {key} = {{open}} WHERE {key} = {{frozen}}")
                refused(attacked, plain, f"{verb} {part} SET {last} = {last} WHERE {key} = {{frozen}}")
            refused(attacked, plain, f"DELETE FROM {part} WHERE {key} = {{frozen}}")
            refused(attacked, plain, f"DELETE FROM {part}")


def test_no_upsert_gets_through(
    attacked: Attacked, plain: sqlite3.Connection, subtests: pytest.Subtests
) -> None:
    for part in PARTS:
        with subtests.test(str(part)):
            names, values = columns(part)
            keys = ", ".join(column.name for column in table(part).primary_key)
            other = next(c.name for c in table(part).columns if not c.primary_key)
            for action in ("NOTHING", f'UPDATE SET "{other}" = excluded."{other}"'):
                refused(
                    attacked,
                    plain,
                    f"INSERT INTO {part} ({names}) SELECT {values} FROM {part} WHERE {PARTS[part]} = {{frozen}}"
                    f" ON CONFLICT ({keys}) DO {action}",
                )


def test_the_hidden_row_number_is_no_way_in(
    attacked: Attacked, plain: sqlite3.Connection, subtests: pytest.Subtests
) -> None:
    """REPLACE deletes whatever has the same rowid, and without asking the delete triggers; changed cells have none."""
    for part in (one for one in CHILDREN if table(one).dialect_options["sqlite"]["with_rowid"]):
        with subtests.test(str(part)):
            last = list(table(part).primary_key)[-1].name
            hidden = f"(SELECT max(rowid) FROM {part} WHERE batch_id = {{frozen}})"
            names, values = columns(part, **{last: f'"{last}" + 100'})
            for verb in ("INSERT OR REPLACE", "REPLACE"):
                refused(
                    attacked,
                    plain,
                    f"{verb} INTO {part} (rowid, {names}) SELECT {hidden}, {values} FROM {part}"
                    f" WHERE batch_id = {{open}} LIMIT 1",
                )
            one = f"(SELECT min(rowid) FROM {part} WHERE batch_id = {{open}})"
            refused(attacked, plain, f"UPDATE OR REPLACE {part} SET rowid = {hidden} WHERE rowid = {one}")
            refused(attacked, plain, f"UPDATE OR REPLACE {part} SET _rowid_ = {hidden} WHERE rowid = {one}")
            refused(attacked, plain, f"UPDATE {part} SET rowid = 4711 WHERE rowid = {hidden}")


def test_a_hidden_row_number_of_ones_own_is_nobodys_business(
    attacked: Attacked, plain: sqlite3.Connection
) -> None:
    one = attacked.filled("batch_id = {open} AND sequence = 1")
    plain.execute(f"UPDATE price_change_row SET rowid = 4711 WHERE {one}")
    plain.execute(f"UPDATE OR REPLACE price_change_row SET size = 'x' WHERE {one}")
    assert plain.execute("SELECT size FROM price_change_row WHERE rowid = 4711").fetchall() == [("x",)]


def test_a_temporary_table_called_batch_shadows_nothing(
    attacked: Attacked, plain: sqlite3.Connection
) -> None:
    for shadow in (
        "CREATE TEMP TABLE batch (id, state, purge_after)",
        "CREATE TEMP VIEW price_change AS SELECT 1 AS id",
    ):
        plain.execute(shadow)
    refused(attacked, plain, "UPDATE price_change_row SET new_price = 1 WHERE batch_id = {frozen}")
    refused(attacked, plain, "DELETE FROM main.batch WHERE id = {frozen}")


def test_another_name_for_the_file_is_no_way_in(attacked: Attacked) -> None:
    other = sqlite3.connect(":memory:", isolation_level=None)
    other.execute("ATTACH ? AS shop", (attacked.engine.url.database,))
    refused(attacked, other, "UPDATE shop.price_change_row SET new_price = 1")
    refused(attacked, other, "DELETE FROM shop.batch")
    other.close()


def test_deleting_the_header_takes_nothing_along(attacked: Attacked, plain: sqlite3.Connection) -> None:
    plain.execute("PRAGMA foreign_keys = ON")
    refused(attacked, plain, "DELETE FROM batch WHERE id = {frozen}")
    refused(attacked, plain, "DELETE FROM price_change WHERE id = {frozen}")
    refused(attacked, plain, "DELETE FROM operation WHERE batch_id = {frozen}")


def test_a_part_done_statement_is_undone(attacked: Attacked, plain: sqlite3.Connection) -> None:
    refused(
        attacked,
        plain,
        "UPDATE price_change_row SET size = 'x' WHERE batch_id IN ({open}, {frozen})",
    )


def test_a_table_with_another_unique_index_is_not_taken_for_frozen(engine: Engine) -> None:
    with transaction_scope(engine) as session:
        connection = session.connection()
        connection.exec_driver_sql("CREATE TABLE loose (batch_id INTEGER, tag TEXT UNIQUE)")
        with pytest.raises(ValueError, match="does not begin with batch_id, so it cannot be frozen"):
            freeze_table(connection, "loose")
