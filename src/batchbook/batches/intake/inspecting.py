"""Inspecting a file: how it is read, guessed or as was said before, and which of its columns fill which fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from batchbook.batches.intake.fields import IntakeField, headings_of
from batchbook.batches.intake.kept import Intake
from batchbook.batches.intake.names import normal
from batchbook.batches.intake.suggesting import Remembered, suggest
from batchbook.errors import BadInput
from batchbook.tables.choices import ColumnReading, Reading
from batchbook.tables.encoding import still_fits
from batchbook.tables.inspecting import inspect_table

#: Everything is guessed.
UNSAID = Reading()


def inspect(
    name: str,
    file: BinaryIO,
    fields: Sequence[IntakeField],
    said: Reading = UNSAID,
    remembered: Remembered | None = None,
) -> Intake:
    """Return what is found in ``file``, called ``name``, read as ``said``, and which of its columns fill ``fields``.

    Where nothing is said, what was said of the file that is ``remembered`` counts, as far as it leads anywhere. Raises
    ``BadInput`` for what cannot be read, and for a table without a row.
    """
    if said == UNSAID and remembered is not None and remembered.sure and remembered.reading != UNSAID:
        found = _as_before(name, file, fields, remembered)
        if found is not None:
            return found
    return _inspect(name, file, fields, said, remembered)


def _inspect(
    name: str, file: BinaryIO, fields: Sequence[IntakeField], said: Reading, remembered: Remembered | None
) -> Intake:
    report = inspect_table(name, file, said, headings_of(fields))
    return Intake(said, report, suggest(fields, report, remembered))


def _as_before(
    name: str, file: BinaryIO, fields: Sequence[IntakeField], remembered: Remembered
) -> Intake | None:
    """Return what is found if the file is read as one was before; ``None`` if it cannot be, or does not fit."""
    # Which rows were left out says nothing of another file.
    structure = replace(remembered.reading, columns=(), left_out=None)
    if structure.encoding and not still_fits(file, structure.encoding):
        structure = replace(structure, encoding="", odd_lines="")
    try:
        found = _inspect(name, file, fields, structure, remembered)
        columns = _columns(found, remembered)
        if any(column != ColumnReading() for column in columns):
            found = _inspect(name, file, fields, replace(structure, columns=columns), remembered)
    except BadInput:
        return None
    return None if found.suggestion.missing(fields) else found


def _columns(found: Intake, remembered: Remembered) -> tuple[ColumnReading, ...]:
    """Return what was said of the columns with the headings that the file has now."""
    known = {
        normal(heading): remembered.reading.column(place)
        for place, heading in enumerate(remembered.mapping.headings)
    }
    return tuple(known.get(normal(heading), ColumnReading()) for heading in found.report.headings)
