"""Tables of documents that are held in memory: what the readers of JSON, web pages and XML Spreadsheet 2003 share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.errors import (
    MAX_CELL,
    InvalidWorkbook,
    LimitExceeded,
    SheetSize,
    bad_input_for,
    cell_too_long_message,
)
from batchbook.tables.formats import Block, MergedRange, NumberedRow, OpenedFile, blocks_of
from batchbook.tables.formats.cell_values import far_rows_note, hidden_notes
from batchbook.tables.layout.languages import known_encoding
from batchbook.tables.layout.merged_cells import merged_notes
from batchbook.tables.layout.sheets import choose_sheet
from batchbook.tables.layout.text_scan import file_pieces
from batchbook.tables.report import Format, Note, Reading

#: The largest file, in bytes: all of it is held in memory.
MAX_DOCUMENT = 32 * 1024 * 1024

#: The tables of a document by their names.
Sheets = dict[str, "HeldRows"]


class HeldRows:
    """Rows of a table that are held in memory, within the limits of a sheet."""

    def __init__(self) -> None:
        self._rows: list[NumberedRow] = []
        self._size, self._number = SheetSize(), 0
        #: The numbers of rows that are hidden, and of columns, counted from 0.
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        #: The ranges of merged cells.
        self.merged: list[MergedRange] = []

    @property
    def height(self) -> int:
        """The number of the last row."""
        return self._number

    def add(self, cells: Sequence[str], number: int | None = None) -> None:
        """Add the next row, or the one with this ``number``."""
        self._number = max(self._number + 1, number or 0)
        for text in cells:
            if len(text) > MAX_CELL:
                raise LimitExceeded(cell_too_long_message(self._number))
        if self._size.add(self._number, cells):
            self._rows.append((self._number, tuple(cells)))

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows in blocks of at most ``size``."""
        return blocks_of(self._rows, size)

    def notes(self) -> tuple[Note, ...]:
        """Return the notes about hidden columns, merged cells, and rows far below the table."""
        far = far_rows_note(self._size.far_rows)
        return (*hidden_notes(self.hidden_columns), *merged_notes(self.merged), *((far,) if far else ()))


def opener(
    kind: Format, what: str, read: Callable[[str, BinaryIO, str], Sheets]
) -> Callable[..., OpenedFile]:
    """Return a function that opens one table of a file of this ``kind``, called ``what``; ``read`` returns all of its tables."""

    def open_(name: str, file: BinaryIO, requested: Reading, expected: Collection[str]) -> OpenedFile:
        if file.seek(0, 2) > MAX_DOCUMENT:
            raise BadInput(
                f"“{name}” is {what} with more than {MAX_DOCUMENT // 2**20} MB. Save its table as XLSX or CSV, and upload that."
            )
        with bad_input_for(name, what):
            sheets = read(name, file, requested.encoding)
            if not sheets:
                raise InvalidWorkbook("it holds no table")
            titles = [*sheets]
            chosen = choose_sheet(
                name,
                [(title, True) for title in titles],
                lambda place: sheets[titles[place]],
                requested.sheet,
                expected,
            )
        reading = replace(requested, format=kind, delimiter="", sheet=chosen.name)
        return OpenedFile(chosen.rows, reading, chosen.rows.height, sheets=chosen.reports, notes=chosen.notes)

    return open_


_CHARSET = re.compile(rb"""<meta[^<>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.I)


def document_text(file: BinaryIO, requested: str = "") -> str:
    """Return a document as text: as ``requested``, by its byte order mark, by the encoding that a page names, or else as UTF-8.

    Raises :class:`~batchbook.tables.errors.InvalidWorkbook` where it is not in that encoding.
    """
    data = b"".join(file_pieces(file))
    named = _CHARSET.search(data[:4096])
    encoding: str = json.detect_encoding(data[:4])
    wide = encoding.startswith(("utf-16", "utf-32"))
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    if named and not wide and not data.startswith(b"\xef\xbb\xbf"):
        encoding = known_encoding(named[1].decode()) or encoding
    encoding = requested or encoding
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        encoding = encoding.removesuffix("-sig")
        raise InvalidWorkbook(f"it is not in {encoding}, and names no other encoding") from None
