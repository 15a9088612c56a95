"""The layout of a batch's worksheets: its handler's own, that of the file it was made from, or that of the row grid."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from batchbook.batches.editing import editable_columns
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.file_intake import FileRecords
from batchbook.batches.intake.cell_reader import CellReader
from batchbook.batches.intake.file_inspection import Intake
from batchbook.batches.rows.scope import RowProxy
from batchbook.batches.worksheets.layout import Layout, SheetColumn, row_layout, width_of
from batchbook.grid import to_text
from batchbook.grid.kinds import NUMERIC_KINDS

#: What the headings of columns without one are called.
_UNNAMED_HEADING = "Column {}"
_PLAIN_NUMBER = re.compile(r"-?[0-9]+\.[0-9]+")


class FileLayout:
    """The layout of a batch whose rows know their row of the file; ``line`` is the column that does."""

    #: Every column that a text is made of is one of the row's table.
    shown = ()

    def __init__(self, work: ActionContext, intake: Intake, line: str) -> None:
        self._line = line
        placed = intake.mapping.placed(work.handler.intake_fields(work.batch))
        self._readers = {
            wanted.column.name: CellReader(wanted, intake.reading.column(place), intake.mapping)
            for place, wanted in placed
        }
        #: The fields whose numbers have a decimal comma in the file.
        self._commas = {
            wanted.column.name
            for place, wanted in placed
            if wanted.column.kind in NUMERIC_KINDS and intake.reading.column(place).decimal_sign == ","
        }
        names = {place: wanted.column.name for place, wanted in reversed(placed)}
        self._places = [
            SheetColumn(heading.strip() or _UNNAMED_HEADING.format(place + 1), names.get(place, ""))
            for place, heading in enumerate(intake.report.headings)
        ]
        used = {column.field for column in self._places}
        editable = editable_columns(work.row)
        others = [SheetColumn(column.label, column.name) for column in editable if column.name not in used]
        widths = {column.name: width_of(column) for column in editable}
        self.columns = tuple(
            replace(column, width=widths.get(column.field, 18)) for column in (*self._places, *others)
        )
        self._records = FileRecords(work, intake)

    def texts(self, row: RowProxy, fields: Mapping[str, str]) -> Sequence[str]:
        """Return the texts of the file where they mean what the fields say, else those of the fields.

        Rows are to be asked for in the order of the file.
        """
        record = self._records.at(getattr(row, self._line))
        stand = [*record, *[""] * (len(self.columns) - len(record))]
        return [
            self._text(column.field, fields[column.field], text) if column.field else text
            for column, text in zip(self.columns, stand, strict=True)
        ]

    def understood(self, field: str, text: str) -> str:
        """Return what ``text`` means, read as the file was; itself where it means nothing."""
        reader = self._readers.get(field)
        cell = reader.read_one(text) if reader else None
        if reader is None or cell is None or cell.issue is not None:
            return text
        return to_text(reader.column, cell.value)

    def _text(self, field: str, now: str, stands: str) -> str:
        return stands if self.understood(field, stands) == now else self._as_in_file(field, now)

    def _as_in_file(self, field: str, now: str) -> str:
        """Return what a field says now as the file would: 9.50 among decimal commas would be taken for another number."""
        if field in self._commas and _PLAIN_NUMBER.fullmatch(now):
            return now.replace(".", ",")
        return now


def file_layout(work: ActionContext) -> FileLayout | None:
    """Return the layout of a batch that was made from a file, if its rows know where they stand there."""
    handler: Any = work.handler
    intake = Intake.stored_in(work.batch)
    if intake is None or handler.line_column is None or handler.line_column not in work.rows().table.c:
        return None
    return FileLayout(work, intake, handler.line_column)


def layout_of(work: ActionContext) -> Layout:
    """Return the layout of a batch: its handler's own, that of the file it was made from, or that of its row grid."""
    own: Layout | None = work.handler.worksheet_layout(work.batch)
    return own or file_layout(work) or row_layout(work)
