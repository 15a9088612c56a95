"""Reading an uploaded table, CSV or XLSX, as rows of text.

What cannot be read is refused with a sentence that says what was found and what is expected. Numbers of a workbook
become the text a person would have typed; text keeps its leading zeros.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any, BinaryIO

from batchbook.batches.workbook import first_sheet
from batchbook.errors import BadInput

#: The ends of the names of files that can be read.
SUFFIXES = (".csv", ".xlsx")

_DELIMITERS = (",", ";", "\t", "|")
_ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True)
class Table:
    """A table as it was found: the names in its header row, and an iterator over the rows below, as text.

    Each record comes with the number of its line or sheet row, counted from 1 with the header.
    """

    header: tuple[str, ...]
    records: Iterator[tuple[int, Sequence[str]]]


def read_table(name: str, file: BinaryIO, required: Sequence[str]) -> Table:
    """Open ``file``, called ``name``, as a table with the columns ``required``.

    Raises :class:`batchbook.errors.BadInput` if it is empty, not what its name says, not text, or if columns are
    missing or doubled. Header names are compared without regard to case and surrounding blanks.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(
            f"“{name}” is not a kind of file that can be read here: expected {' or '.join(SUFFIXES)}."
        )
    file.seek(0)
    start = file.read(4096)
    file.seek(0)
    if not start:
        raise BadInput(f"“{name}” is empty: it has no bytes. Expected a header row with {_listed(required)}.")
    table = _read_xlsx(name, file, start) if suffix == ".xlsx" else _read_csv(name, file, start, required)
    _check_header(name, table.header, required)
    return table


def _read_csv(name: str, file: BinaryIO, start: bytes, required: Sequence[str]) -> Table:
    if start.startswith(_ZIP_MAGIC):
        raise BadInput(
            f"“{name}” is called .csv but is a workbook or archive: upload it under its real name, .xlsx."
        )
    if b"\x00" in start:
        raise BadInput(f"“{name}” is called .csv but is not text: it holds NUL bytes. Expected CSV in UTF-8.")
    lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        first = lines.readline(65_536)
    except UnicodeDecodeError as error:
        raise _not_utf8(name, error) from None
    delimiter = max(_DELIMITERS, key=lambda mark: _hits(first, mark, required))
    lines.seek(0)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    records = _csv_records(name, reader)
    _, header = next(records, (0, []))
    return Table(_names(header), records)


def _hits(line: str, delimiter: str, required: Sequence[str]) -> int:
    # The delimiter is the one under which the header makes most sense; guessing from data is wrong too often.
    names = _names(next(csv.reader([line], delimiter=delimiter), []))
    return len(set(names) & set(required)) * 100 + min(len(names), 50)


def _csv_records(name: str, reader: Any) -> Iterator[tuple[int, Sequence[str]]]:
    try:
        for record in reader:
            if any(map(str.strip, record)):
                yield reader.line_num, record
    except UnicodeDecodeError as error:
        raise _not_utf8(name, error) from None
    except csv.Error as error:
        raise BadInput(
            f"“{name}” stops being readable as CSV at line {reader.line_num}: {error}. Nothing was taken from it."
        ) from None


def _not_utf8(name: str, error: UnicodeDecodeError) -> BadInput:
    found = error.object[error.start]
    return BadInput(
        f"“{name}” is not text in UTF-8: it holds the byte 0x{found:02X} where a character was expected."
        " Save it as “CSV UTF-8” and upload it again."
    )


def _read_xlsx(name: str, file: BinaryIO, start: bytes) -> Table:
    if not start.startswith(_ZIP_MAGIC):
        raise BadInput(
            f"“{name}” is called .xlsx but is not an Excel workbook: upload it under its real name."
        )
    sheet = first_sheet(name, file)
    records = _sheet_records(sheet.iter_rows())
    _, header = next(records, (0, []))
    return Table(_names(header), records)


def _sheet_records(rows: Iterator[list[Any]]) -> Iterator[tuple[int, Sequence[str]]]:
    # The rows come from the sheet's first, also where that is blank.
    for number, row in enumerate(rows, start=1):
        texts = [_text(value) for value in row]
        if any(texts):
            yield number, texts


def _text(value: Any) -> str:
    """Return a workbook's value as a person would have typed it."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        # A workbook stores every number as a float; 7.0 was typed as 7, and an EAN must not get an exponent.
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, int | timedelta) else ""


def _names(header: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in header)


def _check_header(name: str, header: Sequence[str], required: Sequence[str]) -> None:
    if not any(header):
        raise BadInput(f"“{name}” has no rows at all. Expected a header row with {_listed(required)}.")
    doubled = sorted({column for column in header if column and header.count(column) > 1})
    if doubled:
        raise BadInput(
            f"“{name}” has the column {_listed(doubled)} more than once, so it is not clear which one counts:"
            " remove or rename one."
        )
    missing = [column for column in required if column not in header]
    if missing:
        raise BadInput(
            f"“{name}” has no column {_listed(missing)}. Found: {_listed([c for c in header if c][:20])}."
            f" Expected: {_listed(required)}."
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"“{name[:60]}”" for name in names)
