"""Uploaded worksheets: stored with their batch, and their changes applied to it, by a job where there are many."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from batchbook.batches.concurrency import Token, refuse_changed, token_of
from batchbook.batches.editing import BulkEditor
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.engine import Engine
from batchbook.batches.files import WORKSHEET, open_file, store_file
from batchbook.batches.handler_context import HIGHEST_NUMBER
from batchbook.batches.history import record
from batchbook.batches.models import BatchFile
from batchbook.batches.running.bulk_edits import BulkEdit, edit_task
from batchbook.batches.worksheets.batch_layout import layout_of
from batchbook.batches.worksheets.diff import WorksheetDiff, diff_worksheet, refuse_foreign
from batchbook.batches.worksheets.worksheet_file import UploadedWorksheet, last_operation, open_worksheet
from batchbook.errors import Missing
from batchbook.words import counted

#: The kind of the operations that worksheets make.
WORKSHEET_OPERATION = "worksheet"


@dataclass(frozen=True)
class AppliedChanges:
    """The result of applying a worksheet: the numbers of rows and cells, and of changed cells that were ``left``."""

    rows: int
    cells: int
    left: int

    @property
    def summary(self) -> str:
        """The result in a sentence."""
        if not self.cells:
            return "Nothing was changed from the worksheet."
        left = counted(self.left, "other changed cell was", "other changed cells were")
        rest = f" {left} skipped." if self.left else ""
        return (
            f"Changed {counted(self.cells, 'cell')} in {counted(self.rows, 'row')} from the worksheet.{rest}"
        )


def apply_worksheet(
    engine: Engine,
    batch_id: int,
    found: WorksheetDiff,
    overwritten: Collection[str] = (),
    seen: Token | None = None,
) -> AppliedChanges:
    """Apply the changes ``found`` in a worksheet, and of the conflicts those with a mark in ``overwritten``.

    ``seen`` is the token of the diff that the person saw. Raises ``Conflict`` if it is another one by now, or since the
    worksheet was compared, and otherwise as editors do.
    """
    with engine.editing(batch_id) as context:
        for token in (found.token, found.token if seen is None else seen):
            refuse_unseen(context, token)
        wanted = [*found.taken, *(change for change in found.conflicts if change.mark in overwritten)]
        summary = f"Changed {counted(len(wanted), 'cell')} from the worksheet “{found.name}”."
        texts: dict[int, dict[str, str]] = {}
        for change in wanted:
            texts.setdefault(change.sequence, {})[change.field] = change.text
        edited = BulkEditor(engine).edit(batch_id, texts, WORKSHEET_OPERATION, summary)
        left = len(found.taken) + len(found.conflicts) + len(found.unreadable) - len(wanted)
        return AppliedChanges(edited.rows, edited.cells, left)


def refuse_unseen(context: ActionContext, seen: Token) -> None:
    """Raise ``Conflict`` if the operation whose token was ``seen`` is not the last one of the batch any more."""
    refuse_changed(
        seen,
        token_of(last_operation(context)),
        f"Nothing was changed from the worksheet, because {context.batch} has changed since you reviewed the differences."
        " Review them again.",
    )


def store_worksheet(engine: Engine, batch_id: int, name: str, file: BinaryIO) -> BatchFile:
    """Store ``file``, called ``name``, with the batch whose worksheet it is; return its record.

    Raises ``BadInput`` for any other file, and as :meth:`~batchbook.batches.engine.engine.Engine.lock` does.
    """
    with engine.editing(batch_id) as context:
        refuse_foreign(context, open_worksheet(name, file), layout_of(context))
        stored = store_file(context.handler_context, context.batch, name, file, WORKSHEET)
        summary = f"Uploaded the worksheet “{stored.name}”, {stored.size:,} bytes."
        record(context.handler_context, context.batch, WORKSHEET_OPERATION, summary)
        return stored


@contextmanager
def stored_worksheet(context: ActionContext, number: int) -> Iterator[UploadedWorksheet]:
    """Yield the uploaded worksheet with that number among the batch's files; raise ``Missing`` if there is none."""
    record = context.session.get(BatchFile, (context.batch.id, number)) if number <= HIGHEST_NUMBER else None
    if record is None or record.role != WORKSHEET:
        raise Missing(f"{context.batch} has no such worksheet.")
    with open_file(context.session, record) as file:
        yield open_worksheet(record.name, file)


def _apply_stored(edit: BulkEdit) -> str:
    engine, arguments = edit.engine, edit.arguments
    context = engine.context_of(engine.find(edit.batch_id))
    with stored_worksheet(context, arguments["number"]) as sheet:
        found = diff_worksheet(context, sheet)
    return apply_worksheet(
        engine, edit.batch_id, found, arguments["insisted"], Token(arguments["seen"])
    ).summary


TAKE_WORKSHEET = edit_task("take_worksheet", "Apply worksheet", _apply_stored)
