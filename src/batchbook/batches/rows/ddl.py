"""Statements that create, index, freeze and drop the row table of a single batch."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Index, MetaData, Table, text
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable, DropTable

from batchbook.batches.freeze import freeze_table, postgresql
from batchbook.batches.freeze.postgresql import MESSAGE

#: What row tables are called, before the number of their batch. Migrations leave such tables alone.
TABLE_PREFIX = "row_"
#: Each row is written once and changed once, by the first refresh, which makes it longer. PostgreSQL keeps both on one
#: page where there is room, and need not touch the indexes then.
_FILL = 40

_NAME = '([a-z_][a-z0-9_]*|"[a-z_][a-z0-9_]*")'
_TYPE = (
    r"(SMALLINT|INTEGER|BIGINT|BOOLEAN|TEXT|DATE|JSONB?|UUID|BYTEA|FLOAT|DOUBLE PRECISION"
    r"|(VARCHAR|NUMERIC|FLOAT)(\(\d+(, \d+)?\))?|(TIMESTAMP|TIME) WITH(OUT)? TIME ZONE)"
)
_COLUMN = rf"^{_NAME} {_TYPE}( DEFAULT (true|false|-?\d+))?( NOT NULL)?$"
_INDEX = rf"^CREATE INDEX {_NAME} ON {TABLE_PREFIX}\d+ \({_NAME}(, {_NAME})*\)$"

# What is looked up, and what a backslash in the patterns above means, is not for the session to say that calls.
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
        SELECT EXISTS (SELECT 1 FROM locked WHERE state = 'executed' AND NOT coalesce(purge_after < now(), false))
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
    """Create what makes row tables on PostgreSQL, for nobody but the owner yet; SQLite needs nothing."""
    if connection.dialect.name != "postgresql":
        return
    functions = _FUNCTIONS.format(
        settings=_SETTINGS.format(schema=postgresql.schema_of(connection)),
        prefix=TABLE_PREFIX,
        column=_COLUMN,
        index=_INDEX,
        fill=_FILL,
        message=MESSAGE,
        triggers="\n    ".join(_trigger_statements(connection)),
    )
    connection.execute(text(functions))
    for signature in _SIGNATURES:
        connection.exec_driver_sql(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")


def _trigger_statements(connection: Connection) -> list[str]:
    """Return the lines by which the function freezes the table that it makes."""
    stand_in = f"{TABLE_PREFIX}#"
    return [
        f"EXECUTE replace($sql${statement}$sql$, '{stand_in}', made);"
        for statement in postgresql.child_triggers(connection, stand_in, "batch_id")
    ]


def drop_row_functions(connection: Connection) -> None:
    """Drop what :func:`create_row_functions` created."""
    if connection.dialect.name == "postgresql":
        for signature in _SIGNATURES:
            connection.exec_driver_sql(f"DROP FUNCTION {signature}")


def table_name(batch_id: int) -> str:
    """Return what the row table of a batch is called."""
    return f"{TABLE_PREFIX}{batch_id:d}"


def make_table(connection: Connection, table: Table, batch_id: int) -> None:
    """Make the row table of a batch, without its indexes: they are made when the rows are there, which is quicker."""
    if connection.dialect.name == "postgresql":
        columns = [str(CreateColumn(column).compile(connection)) for column in table.columns]
        statement = text("SELECT batchbook_make_rows(:number, CAST(:columns AS text[]))")
        connection.execute(statement, {"number": batch_id, "columns": columns})
    else:
        connection.execute(CreateTable(table))


def make_indexes(connection: Connection, indexes: Sequence[Index], batch_id: int) -> None:
    """Make ``indexes`` of the row table of a batch."""
    if connection.dialect.name == "postgresql":
        made = [str(CreateIndex(index).compile(connection)) for index in indexes]
        statement = text("SELECT batchbook_index_rows(:number, CAST(:indexes AS text[]))")
        connection.execute(statement, {"number": batch_id, "indexes": made})
    else:
        for index in indexes:
            index.create(connection)


def analyze(connection: Connection, name: str) -> None:
    """Let PostgreSQL look at what it has to plan for in the table ``name``, which only the owner may ask it to.

    Where somebody else has it look at the table at this moment, that is not waited for.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT batchbook_analyze(:name)"), {"name": name})


def guard_table(connection: Connection, table: Table) -> None:
    """Freeze the table from now on, as all row tables are.

    Nobody else sees the table before the transaction ends that made it, and none of its rows can be of an executed
    batch until then: asking SQLite's triggers for each of them would take longer than to write it. PostgreSQL's ask
    once for a statement, so there the table has them from the first moment.
    """
    if connection.dialect.name != "postgresql":
        freeze_table(connection, table.name)


def drop_table(connection: Connection, batch_id: int) -> None:
    """Drop the row table of a batch, if it has one."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT batchbook_drop_rows(:number)"), {"number": batch_id})
    else:
        connection.execute(DropTable(Table(table_name(batch_id), MetaData()), if_exists=True))
