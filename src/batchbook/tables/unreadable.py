"""Report on a table that cannot be read by the options that were guessed or chosen, so that a person can choose others."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.errors import Unreadable
from batchbook.tables.formats.file_type import TEXT_FORMATS, unpacked
from batchbook.tables.formats.workbooks import sheet_names
from batchbook.tables.layout.encoding import detect_encoding
from batchbook.tables.report import UNREADABLE, Note, Reading, Report, SheetReport
from batchbook.tables.source import open_source

#: The lines that are shown, the characters of each, and the bytes among which they are searched.
FIRST_LINES, _LONGEST, _SEARCHED = 10, 300, 64 * 1024

_Rows = tuple[tuple[int, tuple[str, ...]], ...]


def unreadable_report(name: str, file: BinaryIO, error: Unreadable) -> Report:
    """Return the report on ``file``, called ``name``, which cannot be read because of ``error``."""
    size = file.seek(0, os.SEEK_END)
    _, content, notes = unpacked(name, file)
    try:
        reading, sheets, first_rows = _known(name, content, error.reading)
    finally:
        if content is not file:
            content.close()
    problem = Note(UNREADABLE, error.message, Severity.ERROR)
    return Report(name, size, reading, sheets, 0, 0, (), (problem, *notes), first_rows)


def _known(name: str, file: BinaryIO, tried: Reading) -> tuple[Reading, tuple[SheetReport, ...], _Rows]:
    """Return the reading that was tried, with what would be guessed for the rest; the sheets; and the first rows."""
    kind = tried.format or "csv"
    tried = replace(
        tried,
        header_row=1 if tried.header_row is None else tried.header_row,
        header_rows=tried.header_rows or 1,
    )
    if kind in TEXT_FORMATS:
        encoding, delimiter = _encoding(name, file, tried), tried.delimiter or ","
        text = replace(tried, encoding=encoding, delimiter=delimiter, quoting=tried.quoting or "doubled")
        return text, (), _first_lines(file, encoding)
    names = sheet_names(kind, file)
    tried = replace(tried, sheet=tried.sheet or next(iter(names), ""))
    return tried, tuple(map(SheetReport, names)), _first_records(name, file, tried)


def _encoding(name: str, file: BinaryIO, tried: Reading) -> str:
    if tried.encoding:
        return tried.encoding
    file.seek(0)
    with suppress(BadInput):
        return detect_encoding(name, io.BytesIO(file.read(_SEARCHED))).encoding
    return "utf-8"


def _first_lines(file: BinaryIO, encoding: str) -> _Rows:
    file.seek(0)
    lines = file.read(_SEARCHED).decode(encoding, "replace").splitlines()[:FIRST_LINES]
    return tuple((number, (line[:_LONGEST],)) for number, line in enumerate(lines, 1))


def _first_records(name: str, file: BinaryIO, tried: Reading) -> _Rows:
    with suppress(BadInput):
        source = open_source(name, file, replace(tried, header_row=0, header_rows=None, left_out=None))
        for chunk in source.chunks(FIRST_LINES):
            return tuple(zip(chunk.numbers, map(tuple, chunk.records), strict=True))
    return ()
