"""Freezing in the database: triggers that refuse every change of an executed batch, whoever asks.

One helper serves migrations and row tables made at run time. PostgreSQL gets statement triggers with transition
tables, which cost nothing measurable on bulk writes; SQLite has row triggers only. Deleting is allowed once the
batch's ``purge_after`` has passed, children before the header.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

#: Tables that hang on a batch by ``batch_id``, besides the row tables.
CHILD_TABLES = ("batch_file", "batch_file_chunk", "operation", "cell_change")

#: What the database says when it refuses; the number of the batch is not known there.
MESSAGE = "An executed batch is frozen: nothing in it can be changed."

# The functions name their schema, because a temporary table called "batch" would otherwise be found before the real
# one; pg_temp is listed last for the same reason. They lock the headers they look at: a change that began before an
# execution was committed would otherwise not see it, and be committed after it.
_FUNCTIONS = """
CREATE OR REPLACE FUNCTION batchbook_refuse_header() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM changed WHERE state = 'executed'
               AND NOT (TG_OP = 'DELETE' AND coalesce(purge_after < now(), false))) THEN
        RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION batchbook_refuse_child() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE frozen boolean;
BEGIN
    EXECUTE format(
        'WITH locked AS MATERIALIZED (SELECT state, purge_after FROM batch'
        ' WHERE id = ANY (ARRAY(SELECT DISTINCT %I FROM changed)) ORDER BY id FOR SHARE)'
        ' SELECT EXISTS (SELECT 1 FROM locked WHERE state = ''executed'''
        ' AND NOT (%L = ''DELETE'' AND coalesce(purge_after < now(), false)))',
        TG_ARGV[0], TG_OP) INTO frozen;
    IF frozen THEN
        RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION batchbook_refuse_truncate() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE frozen boolean;
BEGIN
    LOCK TABLE batch IN SHARE MODE;
    -- Under an older snapshot the lock shows nothing new; locking the rows raises then.
    PERFORM 1 FROM batch FOR SHARE;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I AS t JOIN batch AS b ON b.id = t.%I WHERE b.state = ''executed'')',
        TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0]) INTO frozen;
    IF frozen THEN
        RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
"""


def freeze_core(connection: Connection) -> None:
    """Create the triggers of the header table and of the tables every batch has. Run once, by the first migration."""
    if connection.dialect.name == "postgresql":
        schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
        connection.execute(text(_FUNCTIONS.format(schema=schema, message=MESSAGE)))
    for statement in _header_triggers(connection.dialect.name):
        connection.exec_driver_sql(statement)
    for table in CHILD_TABLES:
        freeze_table(connection, table)


def drop_freeze_functions(connection: Connection) -> None:
    """Drop what :func:`freeze_core` made besides the triggers, which go with their tables."""
    if connection.dialect.name == "postgresql":
        for name in ("header", "child", "truncate"):
            connection.exec_driver_sql(f"DROP FUNCTION batchbook_refuse_{name}()")


def freeze_table(connection: Connection, table: str, batch_column: str = "batch_id") -> None:
    """Create the triggers that freeze ``table``, whose ``batch_column`` names the batch.

    A type's header table is frozen by its ``id``, a row table by its ``batch_id``.
    """
    make = (
        _child_triggers_on_postgresql
        if connection.dialect.name == "postgresql"
        else _child_triggers_on_sqlite
    )
    for statement in make(connection, table, batch_column):
        connection.exec_driver_sql(statement)


def unfreeze_table(connection: Connection, table: str) -> None:
    """Drop the triggers of ``table``, for a migration that must rebuild the table and freezes it again."""
    for name in _names(connection, table):
        on = f' ON "{table}"' if connection.dialect.name == "postgresql" else ""
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"{on}')


def _names(connection: Connection, table: str) -> list[str]:
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass"
        if connection.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
    )
    names = connection.exec_driver_sql(query, (table,)).scalars()
    return [name for name in names if name.startswith(f"frozen_{table}_")]


def _header_triggers(dialect: str) -> Iterator[str]:
    if dialect == "postgresql":
        yield from _postgresql_triggers("batch", "batchbook_refuse_header()", "id")
        return
    taken = "EXISTS (SELECT 1 FROM batch WHERE id = NEW.id AND state = 'executed')"
    purgeable = "OLD.purge_after IS NOT NULL AND OLD.purge_after < strftime('%Y-%m-%d %H:%M:%f', 'now')"
    yield _sqlite_trigger("batch", "INSERT", f"NEW.state = 'executed' OR {taken}")
    yield _sqlite_trigger("batch", "UPDATE", f"OLD.state = 'executed' OR (NEW.id <> OLD.id AND {taken})")
    yield _sqlite_trigger("batch", "DELETE", f"OLD.state = 'executed' AND NOT ({purgeable})")


def _child_triggers_on_postgresql(_connection: Connection, table: str, column: str) -> Iterator[str]:
    yield from _postgresql_triggers(table, f"batchbook_refuse_child('{column}')", column)


def _child_triggers_on_sqlite(connection: Connection, table: str, column: str) -> Iterator[str]:
    _refuse_other_unique_indexes(connection, table, column)
    frozen = "EXISTS (SELECT 1 FROM batch AS b WHERE {which} AND b.state = 'executed'{unless})"
    unless = " AND NOT (b.purge_after IS NOT NULL AND b.purge_after < strftime('%Y-%m-%d %H:%M:%f', 'now'))"
    # Besides its key, a row has a hidden number. REPLACE silently deletes whichever row has the same.
    hidden = (
        f'EXISTS (SELECT 1 FROM "{table}" AS t JOIN batch AS b ON b.id = t."{column}"'  # noqa: S608 - A migration's names.
        " WHERE t.rowid = NEW.rowid AND b.state = 'executed')"
    )
    added = moved = ""
    if _has_rowid(connection, table):
        added, moved = f" OR {hidden}", f" OR (NEW.rowid <> OLD.rowid AND {hidden})"
    yield _sqlite_trigger(table, "INSERT", frozen.format(which=f'b.id = NEW."{column}"', unless="") + added)
    # Two questions rather than one about both: the second is hardly ever asked, which nearly halves a refresh.
    left = frozen.format(which=f'b.id = OLD."{column}"', unless="")
    entered = frozen.format(which=f'b.id = NEW."{column}"', unless="")
    update = f'{left} OR (NEW."{column}" IS NOT OLD."{column}" AND {entered})'
    yield _sqlite_trigger(table, "UPDATE", update + moved)
    yield _sqlite_trigger(table, "DELETE", frozen.format(which=f'b.id = OLD."{column}"', unless=unless))


def _refuse_other_unique_indexes(connection: Connection, table: str, column: str) -> None:
    """REPLACE silently deletes whichever row has the same unique values: they must name the batch."""
    query = (
        "SELECT l.name FROM pragma_index_list(?) AS l JOIN pragma_index_info(l.name) AS i ON i.seqno = 0"
        ' WHERE l."unique" AND i.name <> ?'
    )
    name = connection.exec_driver_sql(query, (table, column)).scalars().first()
    if name is not None:
        raise ValueError(
            f"The unique index {name} of {table} does not begin with {column}, so it cannot be frozen."
        )


def _has_rowid(connection: Connection, table: str) -> bool:
    query = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?"
    return bool(connection.exec_driver_sql(query, (table,)).scalar_one() == 0)


def _sqlite_trigger(table: str, event: str, condition: str) -> str:
    return (
        f'CREATE TRIGGER "frozen_{table}_{event.lower()}" BEFORE {event} ON "{table}" FOR EACH ROW'
        f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    )


def _postgresql_triggers(table: str, function: str, column: str) -> Iterator[str]:
    for name, event, image in (
        ("insert", "INSERT", "NEW"),
        ("update_from", "UPDATE", "OLD"),
        ("update_to", "UPDATE", "NEW"),
        ("delete", "DELETE", "OLD"),
    ):
        if table == "batch" and name == "update_to":
            continue  # Becoming executed is the one change that ends in the frozen state.
        yield (
            f'CREATE TRIGGER "frozen_{table}_{name}" AFTER {event} ON "{table}"'
            f" REFERENCING {image} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {function}"
        )
    yield (
        f'CREATE TRIGGER "frozen_{table}_truncate" BEFORE TRUNCATE ON "{table}"'
        f" FOR EACH STATEMENT EXECUTE FUNCTION batchbook_refuse_truncate('{column}')"
    )
