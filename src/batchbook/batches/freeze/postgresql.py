"""The triggers on PostgreSQL: for each statement, with transition tables, and against TRUNCATE."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from batchbook.batches.freeze.words import MESSAGE

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


def create_functions(connection: Connection) -> None:
    """Create the functions that the triggers call."""
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    connection.execute(text(_FUNCTIONS.format(schema=schema, message=MESSAGE)))


def drop_functions(connection: Connection) -> None:
    """Drop the functions; the triggers must be gone."""
    for name in ("header", "child", "truncate"):
        connection.exec_driver_sql(f"DROP FUNCTION batchbook_refuse_{name}()")


def header_triggers() -> Iterator[str]:
    """Yield what creates the triggers of the header table."""
    yield from _triggers("batch", "batchbook_refuse_header()", "id")


def child_triggers(_connection: Connection, table: str, column: str) -> Iterator[str]:
    """Yield what creates the triggers of ``table``, whose ``column`` names the batch."""
    yield from _triggers(table, f"batchbook_refuse_child('{column}')", column)


def trigger_names(connection: Connection, table: str) -> list[str]:
    """Return the names of all triggers of ``table``."""
    query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass"
    return list(connection.exec_driver_sql(query, (table,)).scalars())


def drop_trigger(connection: Connection, table: str, name: str) -> None:
    """Drop one trigger of ``table``."""
    connection.exec_driver_sql(f'DROP TRIGGER "{name}" ON "{table}"')


def _triggers(table: str, function: str, column: str) -> Iterator[str]:
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
