"""Looking at a batch's file, and reading its rows: what a handler does unless its author says otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from batchbook.batches.blocks import Block
from batchbook.batches.files import demand_input_file, input_file, open_file
from batchbook.batches.intake.fields import IntakeField, headings_of
from batchbook.batches.intake.inspecting import UNSAID, inspect
from batchbook.batches.intake.kept import Intake
from batchbook.batches.intake.memory import Place, last_of
from batchbook.batches.intake.reader import IntakeReader
from batchbook.batches.intake.suggesting import Remembered
from batchbook.batches.intake.words import refuse_guessed_text, refuse_unmapped
from batchbook.batches.models import Batch
from batchbook.errors import BadInput
from batchbook.tables.choices import Reading
from batchbook.tables.source import open_source

if TYPE_CHECKING:
    from batchbook.batches.filehooks import FileHooks
    from batchbook.batches.work import Work


def blocks_of(
    handler: FileHooks[Any, Any],
    name: str,
    file: BinaryIO,
    fields: Sequence[IntakeField],
    intake: Intake,
) -> Iterator[Block]:
    """Yield the rows of ``file`` as ``intake`` says, in blocks as large as chunks of ``handler``.

    Raises ``BadInput`` where that does not say all it must, or was said of another table.
    """
    refuse_unmapped(intake, fields)
    refuse_guessed_text(intake, fields)
    source = open_source(name, file, intake.reading, headings_of(fields))
    if not intake.mapping.fits(source.headings):
        raise BadInput(
            f"The columns of “{name}” are not those that were chosen from. Nothing was taken from it."
            " Look at the file and its columns again."
        )
    reader = IntakeReader(
        handler.row_model,
        fields,
        intake.reading,
        intake.mapping,
        line=handler.line_column,
        raw=handler.raw_column,
        carried=handler.carried_columns(intake.mapping),
    )
    yield from reader.blocks(source, handler.chunk_size)


def place_of(handler: FileHooks[Any, Any], batch: Batch) -> Place:
    """Return for what the mapping of the batch's file is remembered."""
    return Place(batch.type, handler.intake_scope(batch), handler.intake_sender(batch))


def takes_in(work: Work) -> bool:
    """Return whether the batch has a file whose columns are mapped to fields."""
    return work.handler.takes_in() and input_file(work.session, work.batch) is not None


def look(
    work: Work, said: Reading = UNSAID, remembered: Remembered | None = None, *, keep: bool = True
) -> Intake:
    """Look at the batch's file, read as ``said``; return what was found, which the batch keeps unless told otherwise.

    Columns are chosen as ``remembered`` says, or as they were last time for who sent the file. Raises as
    :func:`inspect` does, and ``BadInput`` for a batch without a file.
    """
    record = demand_input_file(work.session, work.batch)
    fields = work.handler.intake_fields(work.batch)
    before = remembered or last_of(work.session, place_of(work.handler, work.batch))
    with open_file(work.session, record) as file:
        intake = inspect(record.name, file, fields, said, before)
    if keep:
        intake.keep_in(work.batch)
    return intake


def look_before(work: Work) -> None:
    """Look at the batch's file before its rows are read, if nobody has, and keep what was found.

    What cannot be read is left to the handler, which may not want to read it at all.
    """
    if takes_in(work) and Intake.kept_in(work.batch) is None:
        with suppress(BadInput):
            look(work)


def refuse_unprepared(work: Work, intake: Intake) -> None:
    """Raise ``BadInput`` where ``intake`` does not say all that it takes to read the rows of the batch."""
    fields = work.handler.intake_fields(work.batch)
    refuse_unmapped(intake, fields)
    refuse_guessed_text(intake, fields)
