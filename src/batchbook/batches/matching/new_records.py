"""A batch of new records made of the rows of another one whose keys are in no record, and the links between the two."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.creation import create_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.making import note_made
from batchbook.batches.history import bump_version, record
from batchbook.batches.matching.declaration import MADE, NewRecords
from batchbook.batches.matching.unknown_keys import matching_of, unknown_rows
from batchbook.batches.models import Batch
from batchbook.batches.policies.field_access import refuse_if_limited
from batchbook.errors import Conflict, Missing
from batchbook.grid import columns_of, to_text
from batchbook.words import counted

_IN_MEMORY = 8 * 1024 * 1024


def make_batch_of_new_records(engine: Engine, batch_id: int) -> Batch:
    """Return a new batch, not populated yet, of the rows of a batch whose keys are in no record; the two are linked.

    Raises ``Conflict`` where there is no such row, and where an earlier batch of new records waits to be executed.
    Whether the actor may create such a batch is for the caller to check.
    """
    with engine.editing(batch_id) as context:
        matching = matching_of(context)
        declared = matching.new_records
        if declared is None:
            raise Missing(f"{context.batch} has no rows that could become new records.")
        waiting = new_records_of(engine.session, context.batch)
        if waiting is not None and not waiting.is_final:
            raise Conflict(
                f"{waiting} was made of these rows already and is not executed yet. Execute or delete it first."
            )
        refuse_if_limited(context.access, "The file of a batch of new records")
        count = context.batch.count_of(matching.unknown)
        if not count:
            raise Conflict(
                f"No row of {context.batch} has an unknown {matching.key_title}, so no batch was made."
            )
        with _file_of(context, declared) as file:
            name = f"new-records-{context.batch.number}.csv"
            made = create_batch(engine, declared.batch_type, declared.header(context.batch), file, name)
        _link(context, made, count)
        return made


def _link(context: ActionContext, made: Batch, count: int) -> None:
    source, rows = context.batch, counted(count, "row")
    source.params = source.params | {MADE: made.id}
    bump_version(source)
    note_made(context, made, f"Made {str(made).lower()} of {rows} with unknown keys.")
    record(context.handler_context, made, "made-of", f"Made of {rows} of {str(source).lower()}.")


@contextmanager
def _file_of(context: ActionContext, declared: NewRecords) -> Iterator[BinaryIO]:
    """Yield the file of a batch of new records: a CSV with the rows whose keys are in no record."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        text = TextIOWrapper(cast("Any", file), encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text)
        writer.writerow(declared.columns)
        writer.writerows(_records(context, declared))
        text.detach()
        file.seek(0)
        yield cast("BinaryIO", file)


def _records(context: ActionContext, declared: NewRecords) -> Iterator[Sequence[str]]:
    row = context.row
    parts = [
        columns_of(row, [part])[0] if isinstance(part, str) else str(part(context.batch) or "")
        for part in declared.columns.values()
    ]
    names = [part.name for part in parts if not isinstance(part, str)]
    statement = select(row.sequence, *(getattr(row, name) for name in names))
    statement = statement.where(unknown_rows(context)).order_by(row.sequence)
    # By the connection, because the session would double the cost of each row.
    for found in context.session.connection().execute(statement, execution_options={"yield_per": 2_000}):
        values = found._mapping
        yield [part if isinstance(part, str) else to_text(part, values[part.name]) for part in parts]


def new_records_of(session: Session, batch: Batch) -> Batch | None:
    """Return the batch of new records that was made of ``batch`` last; ``None`` if there is none any more."""
    number = batch.params.get(MADE)
    return None if number is None else session.get(Batch, number)
