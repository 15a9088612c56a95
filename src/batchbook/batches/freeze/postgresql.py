"""The triggers on PostgreSQL, which has them for statements, and the messages with which triggers refuse a change."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection, text

#: The message for executed batches. A trigger does not know the number of the batch.
MESSAGE = "An executed batch is frozen: nothing in it can be changed."

#: The message for append-only tables.
RECORD_MESSAGE = (
    "An append-only table: its rows can be neither changed nor deleted, and a row can name a batch only while that is"
    " being executed."
)

#: The message for rows that have ended, such as jobs.
ENDED_MESSAGE = (
    "What has ended is kept as it is: it can be neither changed nor invented, nor deleted before its time."
)


#: The condition in SQL that ``batch`` is under a legal hold: the latest entry about it places one.
HELD = (
    "EXISTS (SELECT 1 FROM legal_hold AS h WHERE h.number = {batch} AND h.placed"
    " AND NOT EXISTS (SELECT 1 FROM legal_hold AS l WHERE l.number = h.number AND l.id > h.id))"
)


# The functions name their schema, because a temporary table called "batch" would otherwise be found before the real
# one; pg_temp is listed last for the same reason. They lock the headers they look at: a change that began before an
# execution was committed would otherwise not see it, and be committed after it.
_FUNCTIONS = """
CREATE OR REPLACE FUNCTION batchbook_refuse_header() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM changed WHERE state = 'executed'
               AND NOT (TG_OP = 'DELETE' AND coalesce(purge_after < now(), false){of_changed})) THEN
        RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION batchbook_refuse_child() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE frozen boolean;
BEGIN
    EXECUTE format(
        'WITH locked AS MATERIALIZED (SELECT id, state, purge_after FROM batch'
        ' WHERE id = ANY (ARRAY(SELECT DISTINCT %I FROM changed)) ORDER BY id FOR SHARE)'
        ' SELECT EXISTS (SELECT 1 FROM locked WHERE state = ''executed'''
        ' AND NOT (%L = ''DELETE'' AND coalesce(purge_after < now(), false){of_locked}))',
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


# Triggers of older migrations name no state, which means that the batch is being executed.
# TRUNCATE is refused whatever is in the table, also where it comes along by CASCADE: it has no transition table, and
# would not see rows that were added since its snapshot. A statement that touches no row changes nothing, so it passes.
_RECORD_FUNCTIONS = """
CREATE OR REPLACE FUNCTION batchbook_refuse_record() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE named integer[]; fit bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        named := ARRAY(SELECT DISTINCT batch_id FROM changed WHERE batch_id IS NOT NULL);
        WITH locked AS MATERIALIZED (SELECT state FROM batch WHERE id = ANY (named) ORDER BY id FOR SHARE)
            SELECT count(*) FROM locked WHERE state = coalesce(TG_ARGV[0], 'executing') INTO fit;
        IF fit = cardinality(named) THEN
            RETURN NULL;
        END IF;
    ELSIF TG_OP IN ('UPDATE', 'DELETE') THEN
        IF NOT EXISTS (SELECT 1 FROM changed) THEN
            RETURN NULL;
        END IF;
    END IF;
    RAISE EXCEPTION '{record}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION batchbook_refuse_ended() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' THEN
        IF NOT EXISTS (SELECT 1 FROM changed WHERE state = ANY (TG_ARGV)
                       AND NOT (TG_OP = 'DELETE' AND coalesce(purge_after < now(), false))) THEN
            RETURN NULL;
        END IF;
    END IF;
    RAISE EXCEPTION '{ended}' USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def create_functions(connection: Connection) -> None:
    """Create the functions that the triggers of batches call."""
    held = {
        "of_changed": unless_held(connection, "changed.id"),
        "of_locked": unless_held(connection, "locked.id"),
    }
    connection.execute(text(_FUNCTIONS.format(schema=schema_of(connection), message=MESSAGE, **held)))


def unless_held(connection: Connection, batch: str) -> str:
    """Return the further condition for deleting of ``batch``, an expression in SQL: no legal hold on it.

    It is empty in databases without the table of legal holds, which is younger than these triggers.
    """
    has_holds = connection.exec_driver_sql("SELECT to_regclass('legal_hold') IS NOT NULL").scalar_one()
    return f" AND NOT {HELD.format(batch=batch)}" if has_holds else ""


def create_record_functions(connection: Connection) -> None:
    """Create or replace the functions that the triggers of append-only tables and of ended rows call."""
    names = {"schema": schema_of(connection), "record": RECORD_MESSAGE, "ended": ENDED_MESSAGE}
    connection.execute(text(_RECORD_FUNCTIONS.format(**names)))


def hold_deletions(connection: Connection) -> None:
    """Have the triggers that exist refuse to delete anything of a batch under a legal hold."""
    create_functions(connection)


def schema_of(connection: Connection) -> str:
    """Return the quoted name of the schema in which tables are created."""
    return str(connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one())


def drop_functions(connection: Connection) -> None:
    """Drop the functions. Their triggers must have been dropped before."""
    for name in ("header", "child", "truncate", "record", "ended"):
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS batchbook_refuse_{name}()")


def header_triggers() -> Iterator[str]:
    """Yield the statements that create the triggers of the header table."""
    yield from _triggers("batch", "batchbook_refuse_header()", "id")


def child_triggers(_connection: Connection, table: str, column: str) -> Iterator[str]:
    """Yield the statements that create the triggers of ``table``, whose ``column`` names the batch."""
    yield from _triggers(table, f"batchbook_refuse_child('{column}')", column)


def record_triggers(_connection: Connection, table: str, state: str) -> Iterator[str]:
    """Yield the statements that create the triggers of an append-only table, to which batches in ``state`` add."""
    yield from _triggers_alike(table, f"batchbook_refuse_record('{state}')")


def ended_triggers(table: str, states: Collection[str]) -> Iterator[str]:
    """Yield the statements that create the triggers of a table whose rows are frozen in one of ``states``."""
    yield from _triggers_alike(table, f"batchbook_refuse_ended({', '.join(map(repr, map(str, states)))})")


def trigger_names(connection: Connection, table: str) -> list[str]:
    """Return the names of all triggers of ``table``."""
    query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass"
    return list(connection.exec_driver_sql(query, (table,)).scalars())


def drop_trigger(connection: Connection, table: str, name: str) -> None:
    """Drop one trigger of ``table``."""
    connection.exec_driver_sql(f'DROP TRIGGER "{name}" ON "{table}"')


def _triggers(table: str, function: str, column: str) -> Iterator[str]:
    yield from _statement_triggers(table, function)
    if table != "batch":  # Becoming executed is the one change that ends in the frozen state.
        yield _trigger(table, "update_to", "UPDATE", "NEW", function)
    yield _truncate_trigger(table, f"batchbook_refuse_truncate('{column}')")


def _triggers_alike(table: str, function: str) -> Iterator[str]:
    yield from _statement_triggers(table, function)
    yield _truncate_trigger(table, function)


def _statement_triggers(table: str, function: str) -> Iterator[str]:
    for name, event, image in (
        ("insert", "INSERT", "NEW"),
        ("update_from", "UPDATE", "OLD"),
        ("delete", "DELETE", "OLD"),
    ):
        yield _trigger(table, name, event, image, function)


def _trigger(table: str, name: str, event: str, image: str, function: str) -> str:
    return (
        f'CREATE TRIGGER "frozen_{table}_{name}" AFTER {event} ON "{table}"'
        f" REFERENCING {image} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION {function}"
    )


def _truncate_trigger(table: str, function: str) -> str:
    return (
        f'CREATE TRIGGER "frozen_{table}_truncate" BEFORE TRUNCATE ON "{table}"'
        f" FOR EACH STATEMENT EXECUTE FUNCTION {function}"
    )
