"""Readers of tables in markup, which many programs call XLS: HTML pages and XML Spreadsheet 2003."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import unescape
from typing import BinaryIO

from batchbook.tables.errors import MAX_COLUMNS, LimitExceeded, sheet_too_large_message
from batchbook.tables.formats import MergedRange
from batchbook.tables.formats.archive import parsed_xml
from batchbook.tables.formats.cell_values import duration_text, number_text, percent_text
from batchbook.tables.formats.records import HeldRows, Sheets, document_text, opener
from batchbook.tables.formats.sheet_xml import is_percent, leading_zeros_shown
from batchbook.tables.layout.text_scan import file_pieces

_SPREADSHEET = {"urn:schemas-microsoft-com:office:spreadsheet": ""}
_MOST_TABLES = 1_000
# The day that times without one have, and the formats of durations.
_NO_DAY, _DURATION = "1899-12-31", re.compile(r"\[(?:h+|m+|s+)\]", re.I)

# Bounded, so that a page of tags without an end costs no more than one of text.
_TAG = re.compile(
    r"""<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})\b((?:[^<>"']|"[^"<]{0,1000}"|'[^'<]{0,1000}'){0,2000}|[^<>]{0,2000})>"""
)
_HIDDEN = re.compile(
    r"""display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?:^|\s)hidden(?=\s|=|/|$)""", re.I
)
_SPAN = re.compile(r"""\b(col|row)span\s*=\s*["']?\s*([0-9]{1,5})""", re.I)
_IGNORED = ("script", "style", "template")


class _OpenTable:
    """A table of a page that is being read, in which cells may reach over several columns and rows."""

    def __init__(self, rows: HeldRows) -> None:
        self._rows, self._cells = rows, list[str]()
        # The number of further rows in which a cell from above covers a column.
        self._covered: dict[int, int] = {}
        #: Whether the row is hidden.
        self.hidden = False

    def hide_cell(self) -> None:
        """Note that the next cell is hidden, as all cells of a hidden column are."""
        self._rows.hidden_columns.add(len(self._cells))

    def add(self, text: str, columns: int, rows: int) -> None:
        """Add a cell behind those that are covered from above."""
        cells = self._cells
        while self._covered.get(len(cells)):
            cells.append("")
        left, right = len(cells), min(len(cells) + columns, MAX_COLUMNS + 1)
        cells.extend([text, *[""] * (right - left - 1)])
        if len(cells) > MAX_COLUMNS:
            raise LimitExceeded(sheet_too_large_message(self._rows.height + 1, len(cells)))
        if columns > 1 or rows > 1:
            top = self._rows.height + 1
            self._rows.merged.append(MergedRange(top, top + rows - 1, left, right - 1))
            self._covered |= {column: rows for column in range(left, right) if rows > 1}

    def end_row(self) -> None:
        """End the row, if it has a cell."""
        if self._cells:
            self._rows.add(self._cells)
            if self.hidden:
                self._rows.hidden_rows.add(self._rows.height)
            self._cells, self.hidden = [], False
            self._covered = {column: rows - 1 for column, rows in self._covered.items() if rows > 1}


class _HtmlTables:
    """A collector of the tables of a page; of tables within others, each is one of its own."""

    def __init__(self) -> None:
        self.sheets: Sheets = {}
        self._open: list[_OpenTable] = []
        self._cell: list[str] | None = None
        self._spans: dict[str, int] = {}
        self._ignored = ""

    def feed(self, page: str) -> None:
        """Take a page."""
        text = _without_comments(page)
        at = 0
        for tag in _TAG.finditer(text):
            if self._cell is not None and not self._ignored:
                self._cell.append(text[at : tag.start()])
            at = tag.end()
            name = tag[2].lower()
            if self._ignored or name in _IGNORED:
                self._ignored = "" if tag[1] else self._ignored or name
            elif tag[1]:
                self._end(name)
            else:
                self._start(name, tag[3])
        self._end_row()

    def _start(self, tag: str, attributes: str) -> None:
        if tag == "table":
            if len(self.sheets) >= _MOST_TABLES:
                raise LimitExceeded(f"has more than {_MOST_TABLES:,} tables")
            rows = self.sheets[f"Table {len(self.sheets) + 1}"] = HeldRows()
            self._open.append(_OpenTable(rows))
            self._cell = None
        elif tag == "tr":
            self._end_row()
            if self._open:
                self._open[-1].hidden = _HIDDEN.search(attributes) is not None
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            self._spans = {unit.lower(): int(count) for unit, count in _SPAN.findall(attributes)}
            self._cell = []
            if _HIDDEN.search(attributes):
                self._open[-1].hide_cell()
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def _end(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table"):
            self._end_row()
            if tag == "table" and self._open:
                self._open.pop()

    def _end_cell(self) -> None:
        if self._cell is not None and self._open:
            text = " ".join(unescape("".join(self._cell)).split())
            self._open[-1].add(text, max(1, self._spans.get("col", 1)), max(1, self._spans.get("row", 1)))
        self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._open:
            self._open[-1].end_row()


def _without_comments(page: str) -> str:
    parts, at = list[str](), 0
    while (start := page.find("<!--", at)) >= 0:
        parts.append(page[at:start])
        end = page.find("-->", start)
        at = len(page) if end < 0 else end + 3
    return "".join([*parts, page[at:]])


def _read_html(_name: str, file: BinaryIO, encoding: str) -> Sheets:
    page = _HtmlTables()
    page.feed(document_text(file, encoding))
    return page.sheets


class _XmlTables:
    """A follower of the elements of a workbook in XML."""

    def __init__(self) -> None:
        self.sheets: Sheets = {}
        self._formats: dict[str, str] = {}
        self._columns = 0
        self._style, self._style_of_cell, self._kind = "", "", ""
        self._row: list[str] | None = None
        self._behind = 0
        self._number: int | None = None
        self._text: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Worksheet":
            self.sheets[attributes.get("Name", "") or f"Sheet {len(self.sheets) + 1}"] = HeldRows()
            self._columns = 0
        elif tag == "Column" and self.sheets:
            self._see_column(next(reversed(self.sheets.values())), attributes)
        elif tag == "Style":
            self._style = attributes.get("ID", "")
        elif tag == "NumberFormat":
            self._formats[self._style] = attributes.get("Format", "")
        elif tag == "Row":
            self._row, self._number, self._behind = [], _index(attributes), 0
            if attributes.get("Hidden") == "1" and self.sheets:
                rows = next(reversed(self.sheets.values()))
                rows.hidden_rows.add(self._number or rows.height + 1)
        elif tag == "Cell" and self._row is not None:
            self._begin_cell(self._row, attributes)
        elif tag == "Data" and self._row:
            self._text, self._kind = [], attributes.get("Type", "")

    def _see_column(self, rows: HeldRows, attributes: Mapping[str, str]) -> None:
        first = (_index(attributes) or self._columns + 1) - 1
        last = min(first + (_index(attributes, "Span") or 0), MAX_COLUMNS)
        if attributes.get("Hidden") == "1":
            rows.hidden_columns.update(range(first, last + 1))
        self._columns = last + 1

    def _begin_cell(self, row: list[str], attributes: Mapping[str, str]) -> None:
        # Cells that this one reaches over are not written.
        index = _index(attributes) or len(row) + self._behind + 1
        self._behind = across = _index(attributes, "MergeAcross") or 0
        down = _index(attributes, "MergeDown") or 0
        if self.sheets and (across or down):
            rows = next(reversed(self.sheets.values()))
            top = self._number or rows.height + 1
            rows.merged.append(MergedRange(top, top + down, index - 1, index - 1 + across))
        if index > MAX_COLUMNS:
            raise LimitExceeded(sheet_too_large_message(1, index))
        row.extend([""] * (index - len(row)))
        self._style_of_cell = attributes.get("StyleID", "")

    def end(self, tag: str) -> None:
        if tag == "Data" and self._text is not None and self._row:
            self._row[-1] = self._value("".join(self._text))
            self._text = None
        elif tag == "Row" and self._row is not None and self.sheets:
            next(reversed(self.sheets.values())).add(self._row, self._number)
            self._row = None

    def text(self, part: str) -> None:
        if self._text is not None:
            self._text.append(part)

    def _value(self, text: str) -> str:
        form = self._formats.get(self._style_of_cell, "")
        if self._kind == "Number":
            number = float(text)
            if form == "Percent" or is_percent(form):
                return percent_text(number)
            plain = number_text(number)
            return plain.rjust(leading_zeros_shown(form), "0") if plain.isdigit() else plain
        if self._kind == "DateTime":
            if _DURATION.match(form) or text.startswith(_NO_DAY):
                return _duration(text)
            return text.removesuffix(".000").removesuffix("T00:00:00")
        return {"1": "true", "0": "false"}.get(text, text) if self._kind == "Boolean" else text


def _duration(text: str) -> str:
    """Return a time that counts from the last day of 1899, as Excel writes durations."""
    try:
        return duration_text(datetime.fromisoformat(text) - datetime.fromisoformat(_NO_DAY))
    except ValueError:
        return text


def _index(attributes: Mapping[str, str], name: str = "Index") -> int | None:
    text = attributes.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 8 else None


def _read_xml(_name: str, file: BinaryIO, _encoding: str) -> Sheets:
    found = _XmlTables()
    pieces: Iterable[bytes] = file_pieces(file)
    for _ in parsed_xml(pieces, _SPREADSHEET, found.start, found.end, found.text):
        pass
    return found.sheets


open_html = opener("html", "a table of a web page (HTML)", _read_html)
open_xml = opener("xml", "XML Spreadsheet 2003", _read_xml)
