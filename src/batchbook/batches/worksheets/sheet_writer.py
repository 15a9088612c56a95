"""The writer of worksheets: row by row, every cell as text, so that no program takes 007 for a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

import xlsxwriter
from sqlalchemy import Row
from xlsxwriter.utility import xl_range

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.policies.field_rules import NOTE, FieldAccess
from batchbook.batches.rows.issues import Issue
from batchbook.batches.rows.scope import RowProxy
from batchbook.batches.worksheets.batch_layout import SheetRows
from batchbook.batches.worksheets.layout import Layout, SheetColumn
from batchbook.batches.worksheets.worksheet_file import (
    HEADINGS,
    HIDDEN,
    KEY,
    PROBLEMS,
    ROWS,
    STATUS,
    RowChecksums,
    SheetMetadata,
    sheet_text,
)
from batchbook.db.stored_values import raw_text
from batchbook.errors import BadInput
from batchbook.grid import choices_of
from batchbook.grid.export import text_sheet

#: The most that a worksheet may hold: no more could be read when it is uploaded.
MAX_ROWS, MAX_CELLS = 999_999, 5_000_000

#: The number of cells with their message as a comment: a spreadsheet program holds all comments in memory.
MOST_COMMENTS = 1_000

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_ALLOWED = {"autofilter": True, "sort": True, "format_columns": True, "format_rows": True}
_EXTRA_COLUMNS = (SheetColumn(STATUS, width=18), SheetColumn(PROBLEMS, width=70))

# The number of the format “Text”, “@”, in spreadsheet programs.
_AS_TEXT = 49
_TEXT = {"num_format": _AS_TEXT, "valign": "top"}
_FORMATS: Mapping[str, Mapping[str, Any]] = {
    "edit": {"locked": False, "bg_color": "#FFFBE0", "border": 1, "border_color": "#E3D9A6"},
    "show": {"font_color": "#595959", "bg_color": "#F2F2F2"},
    "error": {"locked": False, "bg_color": "#FBD5D5", "border": 1, "border_color": "#C0392B"},
    "warning": {"locked": False, "bg_color": "#FDE9C4", "border": 1, "border_color": "#B9770E"},
    "problems": {"text_wrap": True, "font_color": "#7B241C"},
}


def refuse_too_large(context: ActionContext, layout: Layout, rows: int) -> None:
    """Raise ``BadInput`` for more rows than a worksheet may have."""
    width = len(layout.columns) + len(_EXTRA_COLUMNS) + 1
    if rows > MAX_ROWS or rows * width > MAX_CELLS:
        most = min(MAX_ROWS, MAX_CELLS // width)
        raise BadInput(
            f"{context.batch} has {rows:,} rows for the worksheet, and with its columns it can have {most:,} at"
            " most. Download only those with problems, or filter the rows that you want to correct."
        )


def write_worksheet(context: ActionContext, layout: Layout, rows: Iterable[Row[Any]], file: BinaryIO) -> None:
    """Write ``rows`` of a :func:`sheet_grid` into ``file`` as a worksheet, one by one: they are never all in memory."""
    metadata = SheetMetadata.of(context, layout.columns)
    with xlsxwriter.Workbook(file, _OPTIONS) as book:
        _RowSheet(book, context, layout).write(rows)
        _write_metadata(book, metadata)


def _write_metadata(book: Any, metadata: SheetMetadata) -> None:
    sheet = text_sheet(book, HIDDEN)
    sheet.very_hidden()
    for line, cells in enumerate((HEADINGS, *metadata.lines())):
        for place, text in enumerate(cells):
            sheet.write_string(line, place, text)


class _RowSheet:
    """The sheet that people see."""

    def __init__(self, book: Any, context: ActionContext, layout: Layout) -> None:
        self._sheet = text_sheet(book, ROWS)
        self._rows = SheetRows(context, layout)
        self._columns = layout.columns
        self._checks = RowChecksums(layout.columns)
        self._statuses = {choice.value: choice.label for choice in choices_of(context.handler.statuses or ())}
        self._formats = {name: book.add_format({**_TEXT, **look}) for name, look in _FORMATS.items()}
        self._heading = book.add_format({"bold": True, "bottom": 1, "num_format": _AS_TEXT})
        self._labels = {name: column.label for name, column in self._rows.editable.items()}
        self._comments = 0
        self._access = context.access

    def write(self, rows: Iterable[Row[Any]]) -> None:
        """Write the headings and ``rows``."""
        self._begin()
        line = 0
        for line, row in enumerate(rows, start=1):
            self._write_row(line, self._rows.proxy(row))
        last = len(self._columns) + len(_EXTRA_COLUMNS)
        self._sheet.autofilter(0, 1, line, last)
        # Every number is a text on purpose.
        self._sheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, line, last)})

    def _begin(self) -> None:
        sheet = self._sheet
        sheet.freeze_panes(1, 0)
        sheet.protect("", _ALLOWED)
        sheet.set_column(0, 0, None, None, {"hidden": True})
        sheet.write_string(0, 0, KEY)
        for place, column in enumerate((*self._columns, *_EXTRA_COLUMNS), start=1):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, column.heading, self._heading)

    def _write_row(self, line: int, row: RowProxy) -> None:
        texts = self._rows.texts(row, self._rows.fields(row))
        self._sheet.write_string(line, 0, str(self._checks.key(row.sequence, texts)))
        issues = _by_field(self._access.issues(row.issues))
        for place, (column, text) in enumerate(zip(self._columns, texts, strict=True), start=1):
            issue = issues.get(column.field) if column.field else None
            self._write_cell(line, place, text, _format_of(column, issue))
            if issue is not None and self._comments < MOST_COMMENTS:
                self._comments += 1
                self._sheet.write_comment(line, place, sheet_text(_sentence(issue)))
        status = self._statuses.get(row.status, raw_text(row.status or ""))
        self._write_cell(line, len(self._columns) + 1, status, "show")
        self._write_cell(
            line, len(self._columns) + 2, problems_of(row, self._labels, self._access), "problems"
        )

    def _write_cell(self, line: int, place: int, text: str, look: str) -> None:
        if text:
            self._sheet.write_string(line, place, text, self._formats[look])
        else:
            self._sheet.write_blank(line, place, None, self._formats[look])


def problems_of(row: RowProxy, labels: Mapping[str, str], access: FieldAccess) -> str:
    """Return the problems of a row that somebody with ``access`` may see, a line for each; ``labels`` are those of its fields."""
    lines = [
        f"{labels[i['field']]}: {_sentence(i)}" if i["field"] in labels else _sentence(i)
        for i in access.issues(row.issues)
    ]
    note = row.status_text if access.sees(NOTE) else None
    return sheet_text("\n".join([raw_text(note), *lines] if note else lines))


def _sentence(issue: Issue) -> str:
    offered = ", ".join(f"“{suggestion}”" for suggestion in issue.get("suggestions") or ())
    return f"{issue['message']} Suggested: {offered}." if offered else issue["message"]


def _by_field(issues: Sequence[Issue]) -> dict[str, Issue]:
    """Return the first issue of each field, errors before others."""
    found: dict[str, Issue] = {}
    for issue in sorted(issues, key=lambda issue: issue["severity"] != "error"):
        found.setdefault(issue["field"], issue)
    return found


def _format_of(column: SheetColumn, issue: Issue | None) -> str:
    if not column.field:
        return "show"
    if issue is None:
        return "edit"
    return "error" if issue["severity"] == "error" else "warning"
