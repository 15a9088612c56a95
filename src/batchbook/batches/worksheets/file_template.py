"""Empty workbooks to fill in: a heading for each field that rows take from a file, and cells in the right formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import xlsxwriter

from batchbook.batches.editing import editable_columns
from batchbook.batches.engine.context import ActionContext
from batchbook.batches.engine.file_intake import intake_fields
from batchbook.batches.intake.field_mapping import IntakeField
from batchbook.batches.worksheets.batch_layout import width_of
from batchbook.grid import Column, Kind, to_text
from batchbook.grid.export import number_format, text_sheet

#: The last row of a sheet, counted from 0.
_LAST_ROW = 1_048_575
#: The most characters of the title and of the message at a cell, and of a list of values in a workbook.
_TITLE, _MESSAGE, _LIST = 32, 255, 255
#: Kinds whose cells are texts, so that no program takes 007 for a number.
_TEXTS = frozenset({Kind.TEXT, Kind.CHOICE, Kind.USER, Kind.BOOLEAN})
_HINTS = {
    Kind.INTEGER: "A whole number.",
    Kind.DECIMAL: "A number.",
    Kind.DATE: "A date.",
    Kind.DATETIME: "A date and a time, in UTC.",
    Kind.BOOLEAN: "yes or no.",
}


def template_fields(context: ActionContext) -> Sequence[IntakeField]:
    """Return the fields of a template: those that rows of the batch take from a file, else those that people edit."""
    fields = [one for one in intake_fields(context) if context.access.sees(one.column.name)]
    return fields or [
        IntakeField(c.name, c, required=c.required) for c in editable_columns(context.row, context.access)
    ]


def write_template(fields: Sequence[IntakeField], file: BinaryIO) -> None:
    """Write an empty workbook for ``fields`` into ``file``: rows filled in below its headings are read as they are."""
    with xlsxwriter.Workbook(file) as book:
        sheet = text_sheet(book, "Rows")
        sheet.freeze_panes(1, 0)
        for place, wanted in enumerate(fields):
            _write_column(book, sheet, place, wanted)


def _write_column(book: Any, sheet: Any, place: int, wanted: IntakeField) -> None:
    column, heading = wanted.column, wanted.heading
    look = {"num_format": "@" if column.kind in _TEXTS else number_format(column)}
    sheet.set_column(place, place, max(width_of(column), len(heading) + 2), book.add_format(look))
    sheet.write_string(0, place, heading, book.add_format({"bold": True, "bottom": 1, "num_format": "@"}))
    rule: dict[str, Any] = {"input_title": column.label[:_TITLE], "input_message": hint_of(wanted)[:_MESSAGE]}
    texts = [to_text(column, choice.value) for choice in column.choices]
    if texts and len(",".join(texts)) <= _LIST and not any("," in text for text in texts):
        rule |= {"validate": "list", "source": texts, "error_type": "warning"}
    else:
        rule |= {"validate": "any"}
    sheet.data_validation(1, place, _LAST_ROW, place, rule)


def hint_of(wanted: IntakeField) -> str:
    """Return sentences on the values of a field: whether it is needed, its kind, and its limits."""
    column = wanted.column
    parts = ["Required." if wanted.required else "Optional.", column.description, _HINTS.get(column.kind, "")]
    if column.kind is Kind.DECIMAL and column.scale is not None:
        parts.append(f"At most {column.scale} decimal places.")
    if column.kind is Kind.TEXT and column.max_length:
        parts.append(f"At most {column.max_length:,} characters.")
    parts += _range_of(column)
    return " ".join(part for part in parts if part)


def _range_of(column: Column) -> list[str]:
    least = [] if column.minimum is None else [f"Not below {to_text(column, column.minimum)}."]
    return least if column.maximum is None else [*least, f"Not above {to_text(column, column.maximum)}."]
