"""Exports: the rows of a grid as CSV or XLSX, streamed, and safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from string import ascii_letters, digits
from typing import Any, BinaryIO, cast

import xlsxwriter
from sqlalchemy import Row
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from batchbook.grid.cells import is_readable, renderer_for
from batchbook.grid.columns import Column, Kind

# A spreadsheet program may run a text that begins so as a formula; the full-width forms count, too. See OWASP,
# "CSV Injection".
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_MARKED = re.compile(r'= *"')
_TEXT_KINDS = frozenset({Kind.TEXT, Kind.USER, Kind.CHOICE})

#: The characters with which most texts begin, and which no program takes for anything else.
_PLAIN = frozenset(ascii_letters + digits)

_CHUNK_BYTES = 64 * 1024
_ROWS_TOGETHER = 32
_SPOOLED_BYTES = 4 * 1024 * 1024

_SHEET_ROWS = 1_048_575  # What a sheet holds beneath its heading.
_CELL_CHARACTERS = 32_767
_EXACT_DIGITS = 15  # Excel keeps no more of a number.
_FIRST_YEAR = 1900
_CUT = "… (cut here: a cell of XLSX holds no more)"
_WIDTHS = {Kind.TEXT: 28, Kind.DATETIME: 19, Kind.INTEGER: 12, Kind.DECIMAL: 12, Kind.DATE: 12}


def csv_chunks(columns: Sequence[Column], rows: Iterable[Row[Any]]) -> Iterator[bytes]:
    """Yield the rows as CSV in UTF-8 with its mark, a heading of labels first, in chunks of at most 64 KiB.

    A text that a spreadsheet program would run as a formula gets an apostrophe before it, and so does one that begins with
    an apostrophe or a blank: read again, each is the same text, but for blanks at its end. Numbers never do.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(_safe(column.label) for column in columns)
    found, names = iter(rows), [column.name for column in columns]
    texts_of = [_csv_texts(column) for column in columns]
    # Column by column, because a call for each cell would take longer than all the rest.
    while together := [*islice(found, _ROWS_TOGETHER)]:
        by_name = dict(zip(together[0]._fields, zip(*together, strict=True), strict=True))
        writer.writerows(
            zip(*(texts(by_name[name]) for name, texts in zip(names, texts_of, strict=True)), strict=True)
        )
        if buffer.tell() >= _CHUNK_BYTES:
            yield from _taken(buffer)
    yield from _taken(buffer)


def rows_of(columns: Sequence[Column], values: Iterable[Sequence[Any]]) -> Iterator[Row[Any]]:
    """Yield what no query found as its rows would be: ``values`` has a sequence in the order of ``columns`` for each."""
    found: IteratorResult[Any] = IteratorResult(
        SimpleResultMetaData([column.name for column in columns]), iter(values)
    )
    return iter(found)


def xlsx_file(columns: Sequence[Column], rows: Iterable[Row[Any]]) -> BinaryIO:
    """Return the rows as an XLSX file, open at its start; the caller closes it.

    Texts stay texts, whatever they look like; those whose beginning readers of tables would leave out, an apostrophe or a
    blank, get an apostrophe before it. Numbers are numbers while Excel can hold them exactly. Rows beyond
    what a sheet holds go on a further sheet. Memory is bounded: rows go to disk as they come.
    """
    spooled = tempfile.SpooledTemporaryFile(max_size=_SPOOLED_BYTES)  # noqa: SIM115 - The caller closes it.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(spooled, {**options, "strings_to_numbers": False}) as book:
        _Sheets(book, columns).write(rows)
    spooled.seek(0)
    return cast("BinaryIO", spooled)


def text_sheet(book: Any, name: str | None = None) -> Any:
    """Add a sheet to a workbook of ``xlsxwriter`` that writes every text as a text, whatever it looks like."""
    sheet = book.add_worksheet(name)

    def write(text: str, attributes: Any = ()) -> None:
        sheet._xml_inline_string(text, False, attributes)

    # A text between <r> and </r> would be written as XML that is made already, whoever sent it.
    sheet._xml_rich_inline_string = write
    return sheet


class _Sheets:
    """The sheets of one workbook, written row by row."""

    def __init__(self, book: Any, columns: Sequence[Column]) -> None:
        self._book = book
        self._columns = columns
        self._heading = book.add_format({"bold": True, "bottom": 1})
        self._formats = [book.add_format({"num_format": number_format(column)}) for column in columns]

    def write(self, rows: Iterable[Row[Any]]) -> None:
        """Write a heading and all rows, beginning another sheet whenever one is full."""
        sheet, line = self._begin(), 0
        for row in rows:
            if line == _SHEET_ROWS:
                sheet, line = self._begin(), 0
            line += 1
            values = row._mapping
            for place, column in enumerate(self._columns):
                _write_cell(sheet, line, place, column, values[column.name], self._formats[place])

    def _begin(self) -> Any:
        sheet = text_sheet(self._book)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            sheet.set_column(place, place, max(_WIDTHS.get(column.kind, 14), len(column.label) + 2))
            sheet.write_string(0, place, column.label, self._heading)
        return sheet


def _write_cell(sheet: Any, line: int, place: int, column: Column, value: Any, cell_format: Any) -> None:
    if value is None:
        return
    write = _NATIVE.get(column.kind) if is_readable(column, value) else None
    if write is None or not write(sheet, line, place, value, cell_format):
        text = renderer_for(column, grouped=False)(value)
        if len(text) > _CELL_CHARACTERS:
            text = text[: _CELL_CHARACTERS - len(_CUT)] + _CUT
        sheet.write_string(line, place, _kept(text) if column.kind in _TEXT_KINDS else text)


def _write_number(sheet: Any, line: int, place: int, value: Any, cell_format: Any) -> bool:
    if len(Decimal(value).normalize().as_tuple().digits) > _EXACT_DIGITS:
        return False
    sheet.write_number(line, place, value, cell_format)
    return True


def _write_boolean(sheet: Any, line: int, place: int, value: Any, _cell_format: Any) -> bool:
    sheet.write_boolean(line, place, value)
    return True


def _write_time(sheet: Any, line: int, place: int, value: Any, cell_format: Any) -> bool:
    if value.year < _FIRST_YEAR:
        return False
    # Excel knows no zones: moments are written in UTC, as everywhere in files.
    plain = value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
    sheet.write_datetime(line, place, plain, cell_format)
    return True


_NATIVE: dict[Kind, Callable[[Any, int, int, Any, Any], bool]] = {
    Kind.INTEGER: _write_number,
    Kind.DECIMAL: _write_number,
    Kind.BOOLEAN: _write_boolean,
    Kind.DATE: _write_time,
    Kind.DATETIME: _write_time,
}


def number_format(column: Column) -> str:
    """Return the format of cells with values of ``column`` in a workbook."""
    if column.kind is Kind.DECIMAL and column.scale:
        shown = column.scale if column.least_scale is None else column.least_scale
        return "#,##0." + "0" * shown + "#" * (column.scale - shown)
    return {Kind.DATE: "yyyy-mm-dd", Kind.DATETIME: "yyyy-mm-dd hh:mm:ss"}.get(column.kind, "General")


def _csv_texts(column: Column) -> Callable[[Sequence[Any]], list[str]]:
    """Return the function that writes many values of ``column``."""
    render = renderer_for(column, grouped=False)
    if column.kind not in _TEXT_KINDS:
        return lambda values: [render(value) for value in values]
    if column.kind is Kind.CHOICE:
        return lambda values: _choice_texts(render, values)
    return lambda values: [
        value if type(value) is str and value[:1] in _PLAIN else _safe(render(value)) for value in values
    ]


def _choice_texts(render: Callable[[Any], str], values: Sequence[Any]) -> list[str]:
    """Return the texts of ``values``, which are mostly the same few texts."""
    known = {value: _safe(render(value)) for value in {value for value in values if type(value) is str}}
    return [known[value] if type(value) is str else _safe(render(value)) for value in values]


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_DANGEROUS) and text.strip() else _kept(text)


def _kept(text: str) -> str:
    """Return ``text`` with an apostrophe before a beginning that readers of tables leave out.

    That is another apostrophe, a blank, and the formula by which programs mark texts, as in ="000801228". Blanks alone are
    an empty cell to everybody.
    """
    marked = text.startswith("'") or text[:1].isspace() or _MARKED.match(text)
    return f"'{text}" if marked and text.strip() else text


def _taken(buffer: io.StringIO) -> Iterator[bytes]:
    """Empty ``buffer``, and yield what it had in chunks."""
    data = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    for start in range(0, len(data), _CHUNK_BYTES):
        yield data[start : start + _CHUNK_BYTES]
