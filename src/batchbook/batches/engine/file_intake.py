"""Intake of the file of one batch: inspection before its rows are read, its records, and mappings learned from corrections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.files import demand_input_file, input_file, open_file
from batchbook.batches.intake.field_mapping import IntakeField, headings_of, merge_texts
from batchbook.batches.intake.file_inspection import (
    NOTHING_CHOSEN,
    Intake,
    inspect,
    refuse_guessed_text,
    refuse_unmapped,
)
from batchbook.batches.intake.saved_mappings import MappingScope, last_mapping, save_mapping
from batchbook.batches.intake.suggestions import RememberedMapping
from batchbook.batches.models import Batch, CellChange
from batchbook.errors import BadInput
from batchbook.grid import to_text
from batchbook.tables.report import Reading
from batchbook.tables.source import open_source

if TYPE_CHECKING:
    from batchbook.batches.engine.context import ActionContext
    from batchbook.batches.intake.file_source import FileHooks


def mapping_scope(handler: FileHooks[Any, Any], batch: Batch) -> MappingScope:
    """Return for what the mapping of the batch's file is remembered."""
    return MappingScope(batch.type, handler.intake_scope(batch), handler.intake_sender(batch))


def takes_in(work: ActionContext) -> bool:
    """Return whether the batch has a file whose columns are mapped to fields."""
    return work.handler.takes_in() and input_file(work.session, work.batch) is not None


def inspect_batch_file(
    work: ActionContext,
    said: Reading = NOTHING_CHOSEN,
    remembered: RememberedMapping | None = None,
    *,
    keep: bool = True,
) -> Intake:
    """Look at the batch's file, read as ``said``; return what was found, which the batch keeps unless told otherwise.

    Columns are chosen as ``remembered`` says, or as they were last time for who sent the file. Raises as
    :func:`inspect` does, and ``BadInput`` for a batch without a file.
    """
    record = demand_input_file(work.session, work.batch)
    fields = work.handler.intake_fields(work.batch)
    before = remembered or last_mapping(work.session, mapping_scope(work.handler, work.batch))
    with open_file(work.session, record) as file:
        intake = inspect(record.name, file, fields, said, before)
    if keep:
        intake.store_in(work.batch)
    return intake


def ensure_inspected(work: ActionContext) -> None:
    """Look at the batch's file before its rows are read, if nobody has, and keep what was found.

    What cannot be read is left to the handler, which may not want to read it at all.
    """
    if takes_in(work) and Intake.stored_in(work.batch) is None:
        with suppress(BadInput):
            inspect_batch_file(work)


def refuse_unprepared(work: ActionContext, intake: Intake) -> None:
    """Raise ``BadInput`` where ``intake`` does not say all that it takes to read the rows of the batch."""
    fields = work.handler.intake_fields(work.batch)
    refuse_unmapped(intake, fields)
    refuse_guessed_text(intake, fields)


#: How many corrections of a batch are learned from.
_MOST_CORRECTIONS = 5_000


def learn_corrections(work: ActionContext) -> None:
    """Remember, for who sent the batch's file, by which texts people replaced those in the fields that are learned.

    A text that was replaced by different ones means none of them for sure, so it is not remembered.
    """
    intake, names = Intake.stored_in(work.batch), work.handler.learned_fields(work.batch)
    place = mapping_scope(work.handler, work.batch)
    if intake is None or not names or not place.sender:
        return
    learned = {
        field.name: texts
        for field in work.handler.intake_fields(work.batch)
        if field.name in names and (texts := _corrections(work, field))
    }
    if not learned:
        return
    known = last_mapping(work.session, place)
    mapping = known.mapping if known else intake.mapping
    wiser = replace(mapping, values=merge_texts(mapping.values, learned))
    save_mapping(work.session, place, wiser, intake.said, by=work.actor, at=work.now)


def _corrections(work: ActionContext, field: IntakeField) -> dict[str, str]:
    """Return the texts that were replaced in ``field``, each with the one text that stands in all of its cells now.

    One that means something as it stands was no mistake: that one row was corrected says nothing of others.
    """
    found: dict[str, set[str]] = {}
    for before, value in work.session.execute(_replaced(work, field.column.name)):
        found.setdefault(before, set()).add(to_text(field.column, value))
    sure = {before: meanings.pop() for before, meanings in found.items() if len(meanings) == 1}
    known = work.handler.known_texts(work.batch, field.name, list(sure))
    return {before: now for before, now in sure.items() if now != before and before not in known}


def _replaced(work: ActionContext, column: str) -> Select[tuple[str, Any]]:
    """Return the SELECT of what cells held before anybody changed them, with what they hold now."""
    row, change, earlier = work.row, CellChange, aliased(CellChange)
    now = getattr(row, column)
    is_earlier = or_(
        earlier.operation < change.operation,
        and_(earlier.operation == change.operation, earlier.position < change.position),
    )
    same_cell = [
        getattr(earlier, name) == getattr(change, name) for name in ("batch_id", "sequence", "field")
    ]
    return (
        select(change.old, now)
        .join(row, and_(row.batch_id == change.batch_id, row.sequence == change.sequence))
        .where(change.batch_id == work.batch.id, change.field == column, change.old.is_not(None))
        .where(now.is_not(None), ~row.removed, ~exists().where(*same_cell, is_earlier))
        .distinct()
        .order_by(change.old)
        .limit(_MOST_CORRECTIONS)
    )


class FileRecords:
    """The records of the batch's file by the number of their row, to be asked for in ascending order."""

    def __init__(self, work: ActionContext, intake: Intake) -> None:
        self._work, self._intake = work, intake
        self._next: Iterator[tuple[int, Sequence[str]]] | None = None
        self._number, self._record = 0, ()  # type: tuple[int, Sequence[str]]

    def at(self, number: int | None) -> Sequence[str]:
        """Return the record in the row ``number``; nothing for one that lies behind, or for a row of no file."""
        if not isinstance(number, int):  # The row names no line, or something stands there that is no number.
            return ()
        self._next = self._next or self._all()
        while self._number < number:
            self._number, self._record = next(self._next, (number + 1, ()))
        return self._record if self._number == number else ()

    def _all(self) -> Iterator[tuple[int, Sequence[str]]]:
        record = input_file(self._work.session, self._work.batch)
        if record is None:
            return
        fields = self._work.handler.intake_fields(self._work.batch)
        with open_file(self._work.session, record) as file:
            source = open_source(record.name, file, self._intake.reading, headings_of(fields))
            for chunk in source.chunks():
                yield from zip(chunk.numbers, chunk.records, strict=True)
