"""Workbooks and other documents whose tables are read as a whole: how each format is opened, and the names of its sheets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.errors import bad_input_for
from batchbook.tables.formats.dbf import open_dbf
from batchbook.tables.formats.json_tables import open_json
from batchbook.tables.formats.markup import open_html, open_xml
from batchbook.tables.formats.ods import ods_sheet_names, open_ods
from batchbook.tables.formats.parquet import open_parquet
from batchbook.tables.formats.sheet_cache import Opener
from batchbook.tables.formats.xls import open_xls, xls_globals
from batchbook.tables.formats.xlsb import XlsbWorkbook, open_xlsb
from batchbook.tables.formats.xlsx import XlsxWorkbook, open_xlsx
from batchbook.tables.report import Format

#: By format, the function that opens one sheet of a file.
WORKBOOKS: dict[Format, Opener] = {
    "xlsx": open_xlsx,
    "xlsb": open_xlsb,
    "xls": open_xls,
    "ods": open_ods,
    "json": open_json,
    "html": open_html,
    "xml": open_xml,
    "dbf": open_dbf,
    "parquet": open_parquet,
}

_Names = Callable[[BinaryIO], Sequence[str]]


def _xlsx_names(file: BinaryIO) -> list[str]:
    return [sheet.name for sheet in XlsxWorkbook(file).sheets]


def _xlsb_names(file: BinaryIO) -> list[str]:
    return [name for name, _, _ in XlsbWorkbook(file).sheets]


def _xls_names(file: BinaryIO) -> list[str]:
    return [sheet.name for sheet in xls_globals(file).sheets]


_SHEET_NAMES: Mapping[Format, _Names] = {
    "xlsx": _xlsx_names,
    "xlsb": _xlsb_names,
    "xls": _xls_names,
    "ods": ods_sheet_names,
}


def sheet_names(kind: Format, file: BinaryIO) -> Sequence[str]:
    """Return the names of the sheets of a workbook of this ``kind``; none for a damaged one, and for other files."""
    names = _SHEET_NAMES.get(kind)
    if names is None:
        return ()
    try:
        with bad_input_for("", ""):
            return names(file)
    except BadInput:
        return ()
