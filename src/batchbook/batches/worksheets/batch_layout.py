"""Layouts and rows of a batch's worksheets: the type's own layout, that of its file, or that of the row grid."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select

from batchbook.batches.changed_cells import ChangedCell, in_rows
from batchbook.batches.editing import cell_text, editable_by_name, editable_columns
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.file_intake import FileRecords, intake_fields
from batchbook.batches.intake.cell_reader import CellReader
from batchbook.batches.intake.file_inspection import Intake
from batchbook.batches.intake.file_source import stored_intake
from batchbook.batches.models import BatchRow
from batchbook.batches.policies.field_rules import EVERYTHING, FieldAccess
from batchbook.batches.rows.scope import RowProxy
from batchbook.batches.worksheets.layout import Layout, SheetColumn
from batchbook.batches.worksheets.worksheet_file import sheet_text
from batchbook.grid import Column, Grid, Kind, columns_of, render, to_text
from batchbook.grid.columns import NUMERIC_KINDS

_WIDTHS = {Kind.TEXT: 28, Kind.DATETIME: 22, Kind.INTEGER: 12, Kind.DECIMAL: 12, Kind.DATE: 12}
#: The columns that every row has and no worksheet shows as a column of its own.
_NEVER_COLUMNS = frozenset(
    {"batch_id", "sequence", "status", "status_text", "issues", "removed", "version", "modified_at"}
)
#: The heading of a column that has none in the file.
_UNNAMED_HEADING = "Column {}"
_PLAIN_NUMBER = re.compile(r"-?[0-9]+\.[0-9]+")


class RowLayout:
    """The layout of every type that has no other: ``columns`` of the row grid, then the other editable ones.

    It has the columns that somebody with ``access`` may see, and those are editable that this person may edit.
    """

    def __init__(
        self, model: type[BatchRow], columns: Sequence[Column], access: FieldAccess = EVERYTHING
    ) -> None:
        editable = editable_by_name(model, access)
        columns = access.visible(columns)
        named = {column.name for column in columns}
        self.grid_columns = (*columns, *(column for name, column in editable.items() if name not in named))
        self.columns = tuple(
            SheetColumn(column.label, column.name if column.name in editable else "", width_of(column))
            for column in self.grid_columns
        )

    def texts(self, row: RowProxy, fields: Mapping[str, str]) -> Sequence[str]:
        """Return the texts that a form would show of editable columns, and what the grid shows of the others."""
        return [
            fields[column.name]
            if column.name in fields
            else render(column, getattr(row, column.name), grouped=False)
            for column in self.grid_columns
        ]

    def field_text(self, field: str, text: str) -> str:  # noqa: ARG002 - Other layouts look at the field.
        """Return ``text``: a cell has what would be typed."""
        return text


class FileLayout:
    """The layout of a batch that was made from a file; ``line`` is the row's column for the number of its row there.

    Its columns are those of the file, in their order, with the texts of the file; a corrected one is read as the file
    was. The fields that the file does not fill follow.
    """

    #: All columns that texts need are in the row's table.
    grid_columns = ()

    def __init__(self, context: ActionContext, intake: Intake, line: str) -> None:
        self._line = line
        placed = intake.mapping.placed(intake_fields(context))
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
        editable = editable_columns(context.row, context.access)
        others = [SheetColumn(column.label, column.name) for column in editable if column.name not in used]
        widths = {column.name: width_of(column) for column in editable}
        self.columns = tuple(
            replace(column, width=widths.get(column.field, 18)) for column in (*self._places, *others)
        )
        self._records = FileRecords(context, intake)

    def texts(self, row: RowProxy, fields: Mapping[str, str]) -> Sequence[str]:
        """Return the texts of the file where they have the values of the fields, else those of the fields.

        Rows must come in the order of the file.
        """
        record = self._records.at(getattr(row, self._line))
        texts = [*record, *[""] * (len(self.columns) - len(record))]
        for place, (column, text) in enumerate(zip(self.columns, texts, strict=True)):
            now = fields[column.field] if column.field else text
            if column.field and self.field_text(column.field, text) != now:
                texts[place] = self._as_in_file(column.field, now)
        return texts

    def field_text(self, field: str, text: str) -> str:
        """Return the text of the value that ``text`` has, read as the file was; ``text`` itself where it has none."""
        reader = self._readers.get(field)
        cell = reader.read_one(text) if reader else None
        if reader is None or cell is None or cell.issue is not None:
            return text
        return to_text(reader.column, cell.value)

    def _as_in_file(self, field: str, text: str) -> str:
        """Return the text of a field as the file writes it: 9.50 among decimal commas would be read as another number."""
        if field in self._commas and _PLAIN_NUMBER.fullmatch(text):
            return text.replace(".", ",")
        return text


def layout_of(context: ActionContext) -> Layout:
    """Return the layout of a batch: its type's own, that of the file it was made from, or that of its row grid.

    The first two know nothing of columns that a person may not see or edit, who therefore gets the last one.
    """
    if context.access != EVERYTHING:
        return _row_layout(context)
    own: Layout | None = context.handler.worksheet.layout_for(context.handler, context.batch)
    return own or _file_layout(context) or _row_layout(context)


def _file_layout(context: ActionContext) -> FileLayout | None:
    """Return the layout of a batch that was made from a file, if its rows know the number of their row in it.

    Where a field of the file cannot be corrected, a sheet of the file's own texts would invite corrections that are ignored.
    """
    source, intake = context.handler.file_source, stored_intake(context.batch)
    line = source.line_column if source else None
    if intake is None or line is None or line not in context.rows().table.c:
        return None
    correctable = {column.name for column in editable_columns(context.row, context.access)}
    if any(
        wanted.column.name not in correctable for _, wanted in intake.mapping.placed(intake_fields(context))
    ):
        return None
    return FileLayout(context, intake, line)


def _row_layout(context: ActionContext) -> RowLayout:
    """Return the layout of the columns that the row grid shows."""
    model: Any = context.row
    table = getattr(context.batch_type.view, "row_table", None)
    visible = table.columns_of(model) if table is not None else ()
    own = [column.key for column in model.__mapper__.columns if column.key not in _NEVER_COLUMNS]
    return RowLayout(model, columns_of(model, ("sequence", *(visible or own))), context.access)


def width_of(column: Column) -> int:
    """Return the width, in characters, of a sheet's column for the values of ``column``."""
    return max(_WIDTHS.get(column.kind, 14), min(len(column.label) + 4, 40))


#: The earlier text of a cell, by sequence of the row and field.
EarlierTexts = dict[int, dict[str, str]]


def earlier_texts(context: ActionContext, operation: int, sequences: Sequence[int]) -> EarlierTexts:
    """Return the texts of those cells in the rows ``sequences`` that were changed after ``operation``, as they were then."""
    change = ChangedCell
    statement = (
        select(change.sequence, change.field, change.old)
        .where(
            change.batch_id == context.batch.id,
            in_rows(change, change.sequence.in_(sequences), sequences),
            change.operation > operation,
        )
        .order_by(change.operation, change.position)
    )
    found: EarlierTexts = {}
    for sequence, field, old in context.session.execute(statement):
        # The first change since then has the earlier text.
        found.setdefault(sequence, {}).setdefault(field, old or "")
    return found


def sheet_grid(context: ActionContext, layout: Layout, *conditions: ColumnElement[bool]) -> Grid:
    """Return the rows of the batch that satisfy ``conditions``, in their order, with the columns that ``layout`` needs."""
    return Grid(
        layout.grid_columns,
        sheet_select(context, *conditions),
        (context.row.sequence,),
        carried=carried_by(context),
    )


def sheet_select(context: ActionContext, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the SELECT of the batch's rows that satisfy ``conditions``."""
    return select(context.row).where(context.row.batch_id == context.batch.id, *conditions)


def carried_by(context: ActionContext) -> list[Any]:
    """Return the columns of the row's table, which every row of a worksheet's grid has."""
    row: Any = context.row
    return [getattr(row, column.key) for column in row.__mapper__.columns if column.key != "sequence"]


def with_problems(context: ActionContext) -> ColumnElement[bool]:
    """Return the condition for rows with an issue: those that the batch's page counts and its grid finds."""
    return context.row.issues.is_not(None)


class SheetRows:
    """Turns rows of a grid into the texts of their cells."""

    def __init__(self, context: ActionContext, layout: Layout) -> None:
        self.layout = layout
        self.editable: Mapping[str, Column] = editable_by_name(context.row, context.access)

    def proxy(self, row: Row[Any]) -> RowProxy:
        """Return a row in the form that layouts expect."""
        return RowProxy(row._mapping)

    def fields(self, row: RowProxy) -> dict[str, str]:
        """Return the texts of the row's editable fields, as they are now."""
        return {name: cell_text(column, row) for name, column in self.editable.items()}

    def texts(self, row: RowProxy, fields: Mapping[str, str]) -> list[str]:
        """Return the texts of the row's cells with these ``fields``, as a workbook holds them."""
        return [sheet_text(text) for text in self.layout.texts(row, fields)]
