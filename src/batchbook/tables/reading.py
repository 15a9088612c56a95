"""Reading an uploaded table, CSV or XLSX, as rows of text.

What cannot be read is refused with a sentence that says what was found and what is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.csvfile import read_csv
from batchbook.tables.table import Table, check_header, listed
from batchbook.tables.xlsx import read_xlsx

#: The ends of the names of files that can be read.
SUFFIXES = (".csv", ".xlsx")

_START = 4096
_ZIP_MAGIC = b"PK\x03\x04"


def read_table(name: str, file: BinaryIO, required: Sequence[str]) -> Table:
    """Open ``file``, called ``name``, as a table with the columns ``required``.

    Raises :class:`batchbook.errors.BadInput` if it is empty, not what its name says, not text, or if columns are
    missing or doubled; so may reading its records. Header names are compared without regard to case and surrounding
    blanks.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(
            f"“{name}” is not a kind of file that can be read here: expected {' or '.join(SUFFIXES)}."
        )
    _check_start(name, suffix, _start_of(file), required)
    table = read_xlsx(name, file) if suffix == ".xlsx" else read_csv(name, file, required)
    check_header(name, table.header, required)
    return table


def _start_of(file: BinaryIO) -> bytes:
    file.seek(0)
    start = file.read(_START)
    file.seek(0)
    return start


def _check_start(name: str, suffix: str, start: bytes, required: Sequence[str]) -> None:
    """Raise ``BadInput`` where the first bytes are not those of what the name says."""
    if not start:
        raise BadInput(f"“{name}” is empty: it has no bytes. Expected a header row with {listed(required)}.")
    zipped = start.startswith(_ZIP_MAGIC)
    if suffix == ".xlsx" and not zipped:
        raise BadInput(
            f"“{name}” is called .xlsx but is not an Excel workbook: upload it under its real name."
        )
    if suffix == ".csv" and zipped:
        raise BadInput(
            f"“{name}” is called .csv but is a workbook or archive: upload it under its real name, .xlsx."
        )
    if suffix == ".csv" and b"\x00" in start:
        raise BadInput(f"“{name}” is called .csv but is not text: it holds NUL bytes. Expected CSV in UTF-8.")
