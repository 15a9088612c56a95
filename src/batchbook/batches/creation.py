"""Batches coming and going: create, clone, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from sqlalchemy import delete, insert, literal, select

from batchbook.batches.editing import editable_columns, parsed
from batchbook.batches.engine import Engine
from batchbook.batches.files import store_file
from batchbook.batches.lifecycle import Action, State, is_possible
from batchbook.batches.models import Batch, BatchFile, BatchFileChunk
from batchbook.batches.types import BatchType
from batchbook.batches.work import Work, recount, utc_now
from batchbook.errors import BadInput
from batchbook.words import counted

#: What belongs to one batch alone, besides what its type adds, and so is not copied to a clone.
_OWN = frozenset(column.key for column in Batch.__table__.columns) - {"description", "notes", "params"}


class Creator:
    """Creates, clones and deletes batches for the actor of ``engine``."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.session = engine.session

    def create(
        self, key: str, texts: Mapping[str, str], file: BinaryIO | None = None, file_name: str = ""
    ) -> Batch:
        """Create a batch of the type ``key`` from the header's fields as texts, and a file if the type takes one.

        The batch is new: populating it is an action of its own. Raises :class:`~batchbook.errors.BadInput` (its
        subclass :class:`~batchbook.batches.editing.CellProblems` for fields) where anything cannot be used; the
        caller's transaction must then be given up.
        """
        batch_type = self.engine.types[key]
        if file is not None and not batch_type.handler.file_columns:
            raise BadInput(f"A batch of type {batch_type.title} takes no file.")
        batch = batch_type.header(**self._values(batch_type, texts), **self._birth())
        work = self.engine.work_on_new(batch_type, batch)
        work.handler.before_create(batch, has_file=file is not None)
        self.session.add(batch)
        self.session.flush()  # The file and the history need the batch's number.
        if file is not None:
            record = store_file(work.context, batch, file_name, file)
            work.record("create", f"Created from {record.name}, {record.size:,} bytes.")
        else:
            work.record("create", "Created.")
        return batch

    def _values(self, batch_type: BatchType, texts: Mapping[str, str]) -> dict[str, Any]:
        columns = editable_columns(batch_type.header, new=True)
        unknown = sorted(texts.keys() - {column.name for column in columns})
        if unknown:
            names = ", ".join(column.name for column in columns)
            raise BadInput(f"{batch_type.title} has no field “{unknown[0][:60]}”. Its fields: {names}.")
        return parsed(
            [c for c in columns if c.name in texts or c.required], {**{c.name: "" for c in columns}, **texts}
        )

    def _birth(self) -> dict[str, Any]:
        return {
            "state": State.NEW,
            "created_at": utc_now(),
            "created_by": self.engine.actor,
            "row_count": 0,
            "removed_count": 0,
            "status_counts": {},
            "params": {},
            "version": 1,
        }

    def clone(self, batch_id: int) -> Batch:
        """Return a new open batch with the header, rows and files of another, whatever that one's state."""
        source = self.engine.lock(batch_id, Action.CLONE)
        batch_type = source.batch_type
        copied = [a.key for a in batch_type.header.__mapper__.column_attrs if a.key not in _OWN]
        values = {name: getattr(source.batch, name) for name in copied}
        clone = batch_type.header(**(self._birth() | values))
        source.handler.on_clone(source.batch, clone)
        self.session.add(clone)
        self.session.flush()  # The copied rows and files need the clone's number.
        self._copy_children(source, clone)
        work = self.engine.work_on(clone)
        work.record("clone", f"Cloned from {source.batch}.")
        recount(work)
        if not is_possible(Action.POPULATE, source.batch.state):
            self.engine.adopt_rows(work)
        return clone

    def _copy_children(self, source: Work, clone: Batch) -> None:
        for table in (BatchFile.__table__, BatchFileChunk.__table__, source.rows().table):
            names = [column.name for column in table.columns]
            columns = [literal(clone.id) if name == "batch_id" else table.c[name] for name in names]
            rows = select(*columns).where(table.c.batch_id == source.batch.id)
            self.session.execute(insert(table).from_select(names, rows))  # type: ignore[arg-type]

    def delete(self, batch_id: int) -> str:
        """Delete a batch that was not executed, with its rows, files and history; return a sentence saying so."""
        work = self.engine.lock(batch_id, Action.DELETE)
        batch = work.batch
        work.handler.on_delete(batch)
        name, rows = str(batch), batch.row_count
        self.session.execute(delete(work.rows().table).where(work.batch_type.row.batch_id == batch.id))
        self.session.delete(batch)
        self.session.flush()
        return f"{name} was deleted, with its {counted(rows, 'row')}, files and history."
