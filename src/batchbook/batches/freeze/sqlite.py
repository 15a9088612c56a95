"""The triggers on SQLite, which has them for rows only."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy import Connection

from batchbook.batches.freeze.postgresql import ENDED_MESSAGE, HELD, MESSAGE, RECORD_MESSAGE

# Both sides of the comparison are texts, because SQLite stores times as texts.
_PASSED = "{row}.purge_after IS NOT NULL AND {row}.purge_after < strftime('%Y-%m-%d %H:%M:%f', 'now')"


def create_functions(_connection: Connection) -> None:
    """Do nothing: the triggers contain their conditions."""


def create_record_functions(_connection: Connection) -> None:
    """Do nothing: the triggers contain their conditions."""


def drop_functions(_connection: Connection) -> None:
    """Do nothing: there are no functions."""


def header_triggers() -> Iterator[str]:
    """Yield the statements that create the triggers of the header table."""
    yield from ended_triggers("batch", ("executed",), MESSAGE)


def ended_triggers(table: str, states: Collection[str], message: str = ENDED_MESSAGE) -> Iterator[str]:
    """Yield the statements that create the triggers of a table whose rows are frozen in one of ``states``."""
    ended = f"IN ({', '.join(map(repr, map(str, states)))})"
    # REPLACE silently deletes the row that has the same key.
    taken = f'EXISTS (SELECT 1 FROM "{table}" WHERE id = NEW.id AND state {ended})'  # noqa: S608 - A migration's names.
    yield _trigger(table, "INSERT", f"NEW.state {ended} OR {taken}", message)
    yield _trigger(table, "UPDATE", f"OLD.state {ended} OR (NEW.id <> OLD.id AND {taken})", message)
    yield _trigger(table, "DELETE", f"OLD.state {ended} AND NOT ({_PASSED.format(row='OLD')})", message)


def record_triggers(connection: Connection, table: str, state: str) -> Iterator[str]:
    """Yield the statements that create the triggers of an append-only table, to which batches in ``state`` add.

    Raises ``ValueError`` if a unique index of the table has a condition or an expression: REPLACE silently deletes a
    row that conflicts, and a trigger could not tell which one that is.
    """
    named = f"SELECT 1 FROM batch AS b WHERE b.id = NEW.batch_id AND b.state = '{state}'"  # noqa: S608 - A migration's names.
    invented = f"(NEW.batch_id IS NOT NULL AND NOT EXISTS ({named}))"
    same = [f'EXISTS (SELECT 1 FROM "{table}" AS t WHERE {keys})' for keys in _unique_keys(connection, table)]  # noqa: S608 - A migration's names.
    yield _trigger(table, "INSERT", " OR ".join((invented, *same)), RECORD_MESSAGE)
    yield _trigger(table, "UPDATE", "TRUE", RECORD_MESSAGE)
    yield _trigger(table, "DELETE", "TRUE", RECORD_MESSAGE)


def child_triggers(connection: Connection, table: str, column: str) -> Iterator[str]:
    """Yield the statements that create the triggers of ``table``, whose ``column`` names the batch.

    Raises ``ValueError`` if a unique index of the table does not begin with that column.
    """
    _refuse_other_unique_indexes(connection, table, column)
    added, moved = _hidden_conditions(connection, table, column)
    left, entered = _frozen(f'OLD."{column}"'), _frozen(f'NEW."{column}"')
    yield _trigger(table, "INSERT", entered + added)
    # Two queries rather than one for both: the second hardly ever runs, which nearly halves the time of a refresh.
    update = f'{left} OR (NEW."{column}" IS NOT OLD."{column}" AND {entered})'
    yield _trigger(table, "UPDATE", update + moved)
    yield _trigger(
        table,
        "DELETE",
        _frozen(f'OLD."{column}"', unless=f" AND NOT ({_PASSED.format(row='b')}{_unless_held(connection)})"),
    )


def hold_deletions(connection: Connection) -> None:
    """Have the triggers that exist refuse to delete anything of a batch under a legal hold, if there is a table of these."""
    query = (
        "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'frozen_%_delete'"
        " AND (sql LIKE '%batch AS b%' OR tbl_name = 'batch')"
    )
    for name, table, sql in connection.exec_driver_sql(query).all():
        row = "OLD" if table == "batch" else "b"
        passed, held = _PASSED.format(row=row), f" AND NOT {HELD.format(batch=f'{row}.id')}"
        free = sql.replace(held, "")
        drop_trigger(connection, table, name)
        connection.exec_driver_sql(free.replace(passed, passed + held) if _has_holds(connection) else free)


def _has_holds(connection: Connection) -> bool:
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'legal_hold'"
    return connection.exec_driver_sql(query).first() is not None


def _unless_held(connection: Connection) -> str:
    return f" AND NOT {HELD.format(batch='b.id')}" if _has_holds(connection) else ""


def trigger_names(connection: Connection, table: str) -> list[str]:
    """Return the names of all triggers of ``table``."""
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
    return list(connection.exec_driver_sql(query, (table,)).scalars())


def drop_trigger(connection: Connection, _table: str, name: str) -> None:
    """Drop one trigger of a table."""
    connection.exec_driver_sql(f'DROP TRIGGER "{name}"')


def _frozen(batch: str, unless: str = "") -> str:
    return f"EXISTS (SELECT 1 FROM batch AS b WHERE b.id = {batch} AND b.state = 'executed'{unless})"  # noqa: S608 - A migration's names.


def _hidden_conditions(connection: Connection, table: str, column: str) -> tuple[str, str]:
    """Return further conditions for refusing to insert and to update a row of a table with hidden row numbers.

    REPLACE silently deletes a row that has the same number.
    """
    if not _has_rowid(connection, table):
        return "", ""
    hidden = (
        f'EXISTS (SELECT 1 FROM "{table}" AS t JOIN batch AS b ON b.id = t."{column}"'  # noqa: S608 - A migration's names.
        " WHERE t.rowid = NEW.rowid AND b.state = 'executed')"
    )
    return f" OR {hidden}", f" OR (NEW.rowid <> OLD.rowid AND {hidden})"


def _refuse_other_unique_indexes(connection: Connection, table: str, column: str) -> None:
    """Raise ``ValueError`` for a unique index without the batch: REPLACE silently deletes a row with the same values."""
    query = (
        "SELECT l.name FROM pragma_index_list(?) AS l JOIN pragma_index_info(l.name) AS i ON i.seqno = 0"
        ' WHERE l."unique" AND i.name IS NOT ?'
    )
    name = connection.exec_driver_sql(query, (table, column)).scalars().first()
    if name is not None:
        raise ValueError(
            f"The unique index {name} of {table} does not begin with {column}, so it cannot be frozen."
        )


def _unique_keys(connection: Connection, table: str) -> Iterator[str]:
    """Yield the conditions for rows ``t`` of ``table`` with which a new row would conflict."""
    if _has_rowid(connection, table):
        yield "t.rowid = NEW.rowid"
    indexes = connection.exec_driver_sql(
        'SELECT name, partial FROM pragma_index_list(?) WHERE "unique"', (table,)
    )
    for index, is_partial in indexes.all():
        columns = (
            connection.exec_driver_sql("SELECT name FROM pragma_index_info(?)", (index,)).scalars().all()
        )
        if is_partial or None in columns:
            raise ValueError(f"The unique index {index} of {table} is not over plain columns of all rows.")
        yield " AND ".join(f't."{column}" = NEW."{column}"' for column in columns)


def _has_rowid(connection: Connection, table: str) -> bool:
    query = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?"
    return bool(connection.exec_driver_sql(query, (table,)).scalar_one() == 0)


def _trigger(table: str, event: str, condition: str, message: str = MESSAGE) -> str:
    return (
        f'CREATE TRIGGER "frozen_{table}_{event.lower()}" BEFORE {event} ON "{table}" FOR EACH ROW'
        f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
