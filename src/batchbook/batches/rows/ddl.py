"""Statements that create, index, freeze and drop the row table of a single batch."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Index, MetaData, Table, text
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable, DropTable

from batchbook.batches.freeze import freeze_table, postgresql
from batchbook.batches.freeze.postgresql import MESSAGE

#: The prefix of the names of row tables, before the number of the batch. Migrations leave these tables alone.
TABLE_PREFIX = "row_"
#: Each row is written once, and made longer by the first refresh. If a page has room for both versions, PostgreSQL need
#: not touch the indexes.
_FILL = 40

_NAME = '([a-z_][a-z0-9_]*|"[a-z_][a-z0-9_]*")'
_TYPE = (
    r"(SMALLINT|INTEGER|BIGINT|BOOLEAN|TEXT|DATE|JSONB?|UUID|BYTEA|FLOAT|DOUBLE PRECISION"
    r"|(VARCHAR|NUMERIC|FLOAT)(\(\d+(, \d+)?\))?|(TIMESTAMP|TIME) WITH(OUT)? TIME ZONE)"
)
_COLUMN = rf"^{_NAME} {_TYPE}( DEFAULT (true|false|-?\d+))?( NOT NULL)?$"
_INDEX = rf"^CREATE INDEX {_NAME} ON {TABLE_PREFIX}\d+ \({_NAME}(, {_NAME})*\)$"

# The session that calls must not decide where names are looked up, or what a backslash in the patterns means.
_SETTINGS = "SET search_path = {schema}, pg_temp SET standard_conforming_strings = on"
_FUNCTIONS = """
CREATE OR REPLACE FUNCTION batchbook_make_rows(number integer, columns text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER {settings} AS $$
DECLARE made text := '{prefix}' || number; part text;
BEGIN
    FOREACH part IN ARRAY columns LOOP
        IF part !~ '{column}' THEN
            RAISE EXCEPTION 'A row table cannot have this column: %', part USING ERRCODE = 'invalid_parameter_value';
        END IF;
    END LOOP;
    EXECUTE format(
        'CREATE TABLE %I (%s, CONSTRAINT %I PRIMARY KEY (batch_id, sequence), CONSTRAINT %I CHECK (batch_id = %s))'
        ' WITH (fillfactor = {fill})',
        made, array_to_string(columns, ', '), 'pk_' || made, 'ck_' || made || '_own_batch', number);
    {triggers}
END $$;
CREATE OR REPLACE FUNCTION batchbook_index_rows(number integer, indexes text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER {settings} AS $$
DECLARE made text := '{prefix}' || number; part text;
BEGIN
    FOREACH part IN ARRAY indexes LOOP
        IF part !~ '{index}' OR strpos(part, ' ON ' || made || ' (') = 0 THEN
            RAISE EXCEPTION 'Table % cannot have this index: %', made, part USING ERRCODE = 'invalid_parameter_value';
        END IF;
        EXECUTE part;
    END LOOP;
END $$;
CREATE OR REPLACE FUNCTION batchbook_analyze(named text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER {settings} AS $$
BEGIN
    EXECUTE format('ANALYZE (SKIP_LOCKED) %I.%I', current_schema(), named);
END $$;
CREATE OR REPLACE FUNCTION batchbook_drop_rows(number integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER {settings} AS $$
DECLARE frozen boolean;
BEGIN
    WITH locked AS MATERIALIZED (SELECT state, purge_after FROM batch WHERE id = number FOR SHARE)
        SELECT EXISTS (SELECT 1 FROM locked WHERE state = 'executed' AND NOT (coalesce(purge_after < now(), false){unless_held}))
        INTO frozen;
    IF frozen THEN
        RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS %I', '{prefix}' || number);
END $$;
"""
_SIGNATURES = (
    "batchbook_make_rows(integer, text[])",
    "batchbook_index_rows(integer, text[])",
    "batchbook_analyze(text)",
    "batchbook_drop_rows(integer)",
)


def create_row_functions(connection: Connection) -> None:
    """Create the functions that make row tables on PostgreSQL, executable by their owner only; SQLite needs none."""
    if connection.dialect.name != "postgresql":
        return
    functions = _FUNCTIONS.format(
        settings=_SETTINGS.format(schema=postgresql.schema_of(connection)),
        prefix=TABLE_PREFIX,
        column=_COLUMN,
        index=_INDEX,
        fill=_FILL,
        message=MESSAGE,
        unless_held=postgresql.unless_held(connection, "batchbook_drop_rows.number"),
        triggers="\n    ".join(_trigger_statements(connection)),
    )
    connection.execute(text(functions))
    for signature in _SIGNATURES:
        connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")


def _trigger_statements(connection: Connection) -> list[str]:
    """Return the statements with which the function freezes the table that it creates."""
    stand_in = f"{TABLE_PREFIX}#"
    return [
        f"EXECUTE replace($sql${statement}$sql$, '{stand_in}', made);"
        for statement in postgresql.child_triggers(connection, stand_in, "batch_id")
    ]


def drop_row_functions(connection: Connection) -> None:
    """Drop the functions that :func:`create_row_functions` created."""
    if connection.dialect.name == "postgresql":
        for signature in _SIGNATURES:
            connection.exec_driver_sql(f"DROP FUNCTION {signature}")


def table_name(batch_id: int) -> str:
    """Return the name of the row table of a batch."""
    return f"{TABLE_PREFIX}{batch_id:d}"


def make_table(connection: Connection, table: Table, batch_id: int) -> None:
    """Create the row table of a batch, without its indexes, which are created more quickly after the rows."""
    if connection.dialect.name == "postgresql":
        columns = [str(CreateColumn(column).compile(connection)) for column in table.columns]
        statement = text("SELECT batchbook_make_rows(:number, CAST(:columns AS text[]))")
        connection.execute(statement, {"number": batch_id, "columns": columns})
    else:
        connection.execute(CreateTable(table))


def make_indexes(connection: Connection, indexes: Sequence[Index], batch_id: int) -> None:
    """Create ``indexes`` of the row table of a batch."""
    if connection.dialect.name == "postgresql":
        made = [str(CreateIndex(index).compile(connection)) for index in indexes]
        statement = text("SELECT batchbook_index_rows(:number, CAST(:indexes AS text[]))")
        connection.execute(statement, {"number": batch_id, "indexes": made})
    else:
        for index in indexes:
            index.create(connection)


def analyze(connection: Connection, name: str) -> None:
    """Have PostgreSQL analyse the table ``name``, by a function, because only the table's owner may do so.

    If another session is analysing the table, this does not wait for it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT batchbook_analyze(:name)"), {"name": name})


def guard_table(connection: Connection, table: Table) -> None:
    """Create the triggers that freeze the row table of a batch, on SQLite.

    No other transaction sees the table before the one that created it ends, and until then none of its rows can belong to
    an executed batch. SQLite's triggers, which run for each row, would take longer than writing the row. PostgreSQL's run
    once for a statement, so there the table is created with them.
    """
    if connection.dialect.name != "postgresql":
        freeze_table(connection, table.name)


def drop_table(connection: Connection, batch_id: int) -> None:
    """Drop the row table of a batch, if it has one."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT batchbook_drop_rows(:number)"), {"number": batch_id})
    else:
        connection.execute(DropTable(Table(table_name(batch_id), MetaData()), if_exists=True))
