"""The intake of a batch's file: its inspection, its records, and the corrections that are learned from the batch."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, select

from batchbook import tables
from batchbook.batches.changed_rows import original_texts
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.files import input_file, open_file
from batchbook.batches.history import record
from batchbook.batches.intake.field_mapping import IntakeField, headings_of, merge_texts
from batchbook.batches.intake.file_inspection import Intake, describe_source, storable_json
from batchbook.batches.intake.file_source import FileSource, store_intake, stored_intake
from batchbook.batches.intake.saved_mappings import last_mapping, save_mapping
from batchbook.batches.policies.field_access import refuse_file_of_others
from batchbook.errors import BadInput
from batchbook.grid import to_text


def file_source_of(context: ActionContext) -> FileSource:
    """Return the file source of the batch's type, or one without fields if the type declares none."""
    return context.handler.file_source or FileSource()


def demand_file(context: ActionContext) -> None:
    """Raise ``Refused`` if the batch's file would show the person columns that they may not see."""
    refuse_file_of_others(context.access, context.actor, input_file(context.session, context.batch))


def maps_columns(context: ActionContext) -> bool:
    """Return whether the type of the batch maps the columns of its files to fields."""
    return context.handler.file_source is not None and context.handler.file_source.maps_columns


def has_mapped_file(context: ActionContext) -> bool:
    """Return whether the batch has a file whose columns are mapped to fields."""
    return maps_columns(context) and input_file(context.session, context.batch) is not None


def intake_fields(context: ActionContext) -> Sequence[IntakeField]:
    """Return the fields that rows of the batch take from its file."""
    return file_source_of(context).fields_for(context.handler, context.batch)


def ensure_inspected(context: ActionContext) -> None:
    """Inspect the batch's file before its rows are read, unless that was done, and store the result.

    A file that cannot be read is left to the handler, which may not need it at all.
    """
    if has_mapped_file(context) and stored_intake(context.batch) is None:
        with suppress(BadInput):
            file_source_of(context).inspect(context.handler, context.batch)


#: The kind of the operation for choices about a batch's file.
INTAKE = "intake"


def store_choices(context: ActionContext, before: Intake | None, intake: Intake) -> None:
    """Store ``intake``, which a person chose instead of ``before``, with the batch, and record the choices.

    Nothing is recorded where nothing else was chosen than before.
    """
    store_intake(context.batch, intake)
    chosen = (intake.chosen, intake.mapping, intake.name)
    if before is not None and chosen == (before.chosen, before.mapping, before.name):
        return
    name = intake.report.name
    source = describe_source(intake, intake_fields(context))
    record(
        context.handler_context,
        context.batch,
        INTAKE,
        f"Chose how “{name}” is read" + (f": rows{source}." if source else "."),
        evidence=storable_json({"reading": intake.chosen.to_json(), "mapping": intake.mapping.to_json()}),
    )


#: The maximum number of corrections that are learned from a batch.
_MOST_CORRECTIONS = 5_000


def learn_corrections(context: ActionContext) -> None:
    """Save, for the sender of the batch's file, the texts with which people replaced others in learned fields.

    A text that was replaced by different texts is ambiguous, so it is not saved.
    """
    source = file_source_of(context)
    intake, scope = stored_intake(context.batch), source.mapping_scope(context.batch)
    if intake is None or source.learned_fields is None or not scope.sender:
        return
    names = source.learned_fields(context.handler, context.batch)
    fields = [field for field in intake_fields(context) if field.name in names]
    learned = {field.name: texts for field in fields if (texts := _corrections(context, source, field))}
    if not learned:
        return
    known = last_mapping(context.session, scope)
    mapping = known.mapping if known else intake.mapping
    wiser = replace(mapping, values=merge_texts(mapping.values, learned))
    save_mapping(context.session, scope, wiser, intake.chosen, by=context.actor, at=context.now)


def _corrections(context: ActionContext, source: FileSource, field: IntakeField) -> dict[str, str]:
    """Return the texts that were replaced in ``field``, each with its replacement, if that is the same in all cells.

    A text that is a valid value was no mistake in general, so its correction in one row does not apply to others.
    """
    found: dict[str, set[str]] = {}
    for before, value in context.session.execute(_replaced(context, field.column.name)):
        found.setdefault(before, set()).add(to_text(field.column, value))
    sure = {before: meanings.pop() for before, meanings in found.items() if len(meanings) == 1}
    known: Collection[str] = ()
    if source.known_texts is not None:
        known = source.known_texts(context.handler, context.batch, field.name, list(sure))
    return {before: now for before, now in sure.items() if now != before and before not in known}


def _replaced(context: ActionContext, column: str) -> Select[tuple[str, Any]]:
    """Return the SELECT of the original texts of changed cells, with their current values."""
    row, original = context.row, original_texts(context.batch.id, column).subquery()
    now = getattr(row, column)
    return (
        select(original.c.old, now)
        .join(row, row.sequence == original.c.sequence)
        .where(row.batch_id == context.batch.id, original.c.old.is_not(None), now.is_not(None), ~row.removed)
        .distinct()
        .order_by(original.c.old)
        .limit(_MOST_CORRECTIONS)
    )


class FileRecords:
    """The records of the batch's file by the number of their row, read in ascending order."""

    def __init__(self, context: ActionContext, intake: Intake) -> None:
        self._context, self._intake = context, intake
        self._next: Iterator[tuple[int, Sequence[str]]] | None = None
        self._number, self._record = 0, ()  # type: tuple[int, Sequence[str]]

    def at(self, number: int | None) -> Sequence[str]:
        """Return the record in the row ``number``; an empty one after the last row, for an earlier row, or for ``None``."""
        if not isinstance(number, int):  # None, or a stored value that is no number.
            return ()
        self._next = self._next or self._all()
        while self._number < number:
            self._number, self._record = next(self._next, (number + 1, ()))
        return self._record if self._number == number else ()

    def _all(self) -> Iterator[tuple[int, Sequence[str]]]:
        record = input_file(self._context.session, self._context.batch)
        if record is None:
            return
        fields = intake_fields(self._context)
        with open_file(self._context.session, record) as file:
            source = tables.open_source(record.name, file, self._intake.reading, headings_of(fields))
            for chunk in source.chunks():
                yield from zip(chunk.numbers, chunk.records, strict=True)
