"""Checks that the database itself refuses every change of an executed batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from sqlalchemy import Table, delete, func, insert, literal, select, text, update
from sqlalchemy.exc import IntegrityError

from batchbook.batches import Action, Batch
from batchbook.batches.editing import RowEditor
from batchbook.batches.engine.creation import clone_batch
from batchbook.batches.freeze import CHILD_TABLES
from batchbook.batches.rows.scope import table_of
from batchbook.db import Base
from batchbook.testing.harness import AppHarness, HarnessFixtures
from batchbook.testing.sample import Sample, check, same

#: A number far above those of the sample's rows, files and operations.
_BEYOND = 100_000

#: A description of an attack, and its statement.
Attack = tuple[str, Any]


class FrozenChecks(HarnessFixtures):
    """Checks that executed batches are frozen in the database."""

    def test_the_database_refuses_every_change(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """SQL of every kind on the header, rows, files and history of an executed batch is refused."""
        sample, frozen = made
        if sample.all_edits:
            with harness.acting() as engine:  # So that the history has a changed cell.
                RowEditor(engine).edit(frozen, 1, dict(sample.all_edits[:1]))
                engine.run(frozen, Action.REFRESH)
        with harness.acting() as engine:
            unfrozen = clone_batch(engine, frozen).id
        harness.execute(frozen, sample)
        _check_refused(
            harness,
            _attacks(harness, frozen, unfrozen),
            "The database allows changes of an executed batch: {}."
            " The migration that creates a table must freeze it with freeze_table.",
        )

    def test_records_are_append_only(self, harness: AppHarness, made: tuple[Sample, int]) -> None:
        """Records that the type declares can be neither changed nor added to after the execution."""
        sample, frozen = made
        records = [table_of(record) for record in harness.batch_type.records]
        if not records:
            pytest.skip("The type declares no records.")
        harness.execute(frozen, sample)
        for table in records:
            check(
                _has_rows(harness, table, frozen),
                f"Executing the sample must write to {table.name}, which the type declares as a record.",
            )
        _check_refused(
            harness,
            (
                attack
                for table in records
                for attack in (*_on_rows(table, frozen), _wipe(harness, table, "batch_id", frozen))
            ),
            "The database allows changes of a record: {}."
            " The migration that creates a record must protect it with append_only.",
        )


def _check_refused(harness: AppHarness, attacks: Iterable[Attack], problem: str) -> None:
    """Check that the database refuses all ``attacks``; ``problem`` is a message with a place for the successful ones."""
    before = harness.snapshot()
    successful = [action for action, statement in attacks if not _is_refused(harness, statement)]
    check(not successful, problem.format("; ".join(successful)))
    same(before, harness.snapshot(), "Refused attacks must change nothing.")


def _is_refused(harness: AppHarness, statement: Any) -> bool:
    """Return whether the database refuses ``statement``, whose effects are rolled back.

    A refusal by a trigger raises the same error as a violated constraint, such as a foreign key.
    """
    with harness.engine.connect() as connection:
        try:
            connection.execute(statement)
        except IntegrityError:
            return True
        finally:
            connection.rollback()
    return False


def _attacks(harness: AppHarness, frozen: int, unfrozen: int) -> Iterator[Attack]:
    header = table_of(harness.batch_type.header)
    rows = {table_of(harness.row_of(number)) for number in (frozen, unfrozen)}
    for table in (table_of(Batch), header):
        yield f"change {table.name}", update(table).where(table.c.id == frozen).values(id=frozen)
        yield f"remove from {table.name}", delete(table).where(table.c.id == frozen)
    for table in (*rows, *(Base.metadata.tables[name] for name in CHILD_TABLES)):
        if _has_rows(harness, table, frozen):
            yield from _on_rows(table, frozen)
            yield _carry(table, frozen, unfrozen, "out of")
        if _has_rows(harness, table, unfrozen):
            yield _carry(table, unfrozen, frozen, "into")
    for table in (header, table_of(harness.row_of(frozen))):
        yield _wipe(harness, table, next(iter(table.primary_key)).name, frozen)


def _has_rows(harness: AppHarness, table: Table, batch_id: int) -> bool:
    counted = select(func.count()).select_from(table).where(table.c.batch_id == batch_id)
    with harness.transaction(read_only=True) as session:
        return bool(session.scalar(counted))


def _on_rows(table: Table, frozen: int) -> Iterator[Attack]:
    last = list(table.primary_key)[-1]
    theirs = table.c.batch_id == frozen
    yield f"change {table.name}", update(table).where(theirs).values({last: last})
    yield f"remove from {table.name}", delete(table).where(theirs)
    copied = [last + literal(_BEYOND) if column is last else column for column in table.columns]
    names = [column.name for column in table.columns]
    yield f"add to {table.name}", insert(table).from_select(names, select(*copied).where(theirs))


def _carry(table: Table, source: int, target: int, way: str) -> Attack:
    last = list(table.primary_key)[-1]
    moved = update(table).where(table.c.batch_id == source)
    values = {table.c.batch_id: target, last: last + _BEYOND}
    return f"carry rows of {table.name} {way} the batch", moved.values(values)


def _wipe(harness: AppHarness, table: Table, column: str, frozen: int) -> Attack:
    if harness.engine.dialect.name == "postgresql":
        return f"truncate {table.name}", text(f'TRUNCATE "{table.name}" CASCADE')
    replace = f'REPLACE INTO "{table.name}" SELECT * FROM "{table.name}" WHERE "{column}" = {frozen:d}'  # noqa: S608 - All parts are from the kit itself.
    return f"replace in {table.name}", text(replace)
