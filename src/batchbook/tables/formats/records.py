"""Reader of JSON and JSON lines, and what all readers of documents without rows of cells share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.errors import (
    MAX_CELL,
    MAX_CELLS,
    MAX_COLUMNS,
    InvalidWorkbook,
    LimitExceeded,
    SheetSize,
    bad_input_for,
    cell_too_long_message,
    sheet_too_large_message,
)
from batchbook.tables.formats import Block, MergedRange, NumberedRow, OpenedFile, blocks_of
from batchbook.tables.formats.cell_values import far_rows_note
from batchbook.tables.layout.languages import known_encoding
from batchbook.tables.layout.merged_cells import merged_notes
from batchbook.tables.layout.sheets import choose_sheet
from batchbook.tables.layout.text_scan import file_pieces
from batchbook.tables.report import Format, Note, Reading

#: The largest file, in bytes: all of it is held in memory.
MAX_DOCUMENT = 32 * 1024 * 1024
_MOST_RECORDS = 500_000

#: The tables of a document by their names.
Sheets = dict[str, "HeldRows"]


class HeldRows:
    """Rows of a table that are held in memory, within the limits of a sheet."""

    hidden_rows: Collection[int] = ()

    def __init__(self) -> None:
        self._rows: list[NumberedRow] = []
        self._size, self._number = SheetSize(), 0
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
        """Return the notes about merged cells and rows far below the table."""
        far = far_rows_note(self._size.far_rows)
        return (*merged_notes(self.merged), *((far,) if far else ()))


def opener(kind: Format, what: str, read: Callable[[str, BinaryIO], Sheets]) -> Callable[..., OpenedFile]:
    """Return a function that opens one table of a file of this ``kind``, called ``what``; ``read`` returns all of its tables."""

    def open_(name: str, file: BinaryIO, requested: Reading, expected: Collection[str]) -> OpenedFile:
        if file.seek(0, 2) > MAX_DOCUMENT:
            raise BadInput(
                f"“{name}” is {what} with more than {MAX_DOCUMENT // 2**20} MB. Save its table as XLSX or CSV, and upload that."
            )
        with bad_input_for(name, what):
            sheets = read(name, file)
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
        reading = replace(requested, format=kind, encoding="", delimiter="", sheet=chosen.name)
        return OpenedFile(chosen.rows, reading, chosen.rows.height, sheets=chosen.reports, notes=chosen.notes)

    return open_


_CHARSET = re.compile(rb"""<meta[^<>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.I)


def document_text(file: BinaryIO) -> str:
    """Return a document as text: by its byte order mark, by the encoding that a page names, or else as UTF-8."""
    data = b"".join(file_pieces(file))
    named = _CHARSET.search(data[:4096])
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encoding = "utf-16" if wide else "utf-8-sig"
    if named and not wide and not data.startswith(b"\xef\xbb\xbf"):
        encoding = known_encoding(named[1].decode()) or encoding
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise InvalidWorkbook(
            f"it is not in {encoding.removesuffix('-sig')}, and names no other encoding"
        ) from None


# --- JSON ---


def _read_json(_name: str, file: BinaryIO) -> Sheets:
    rows = HeldRows()
    text = document_text(file)
    if text.count("{") + text.count("[") > _MOST_RECORDS or text.count(",") > MAX_CELLS // 2:
        raise LimitExceeded(
            f"has more than {_MOST_RECORDS:,} records, or more than {MAX_CELLS // 2:,} values"
        )
    records = [*_json_records(text)]
    keys = [*dict.fromkeys(key for record in records for key in record)]
    if len(keys) > MAX_COLUMNS:
        raise LimitExceeded(sheet_too_large_message(len(records), len(keys)))
    rows.add(keys)
    for record in records:
        rows.add([_json_text(record.get(key)) for key in keys])
    return {"JSON": rows}


def _json_records(text: str) -> Iterator[dict[str, Any]]:
    """Yield the records: of an array, of the only array in an object, or of one object in each line."""
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
    except json.JSONDecodeError:
        found = [
            json.loads(line, parse_float=str, parse_int=str) for line in text.splitlines() if line.strip()
        ]
    except RecursionError:
        raise InvalidWorkbook("it is nested too deeply") from None
    if isinstance(found, dict):
        arrays = [value for value in found.values() if isinstance(value, list) and value]
        found = arrays[0] if len(arrays) == 1 else [found]
    if not isinstance(found, list) or not found:
        raise InvalidWorkbook("it holds no list of records")
    heads = found[0] if isinstance(found[0], list) else None
    for number, record in enumerate(found, 1):
        if heads is not None and isinstance(record, list):
            if number > 1:
                yield dict(zip(map(_json_text, heads), record, strict=False))
        elif isinstance(record, dict):
            yield _flat(record)
        else:
            raise InvalidWorkbook(f"item {number:,} is no record")


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with the keys of the records within it, behind a point."""
    found: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value:
            found |= {f"{key}.{inner}": part for inner, part in _flat(value).items()}
        else:
            found[key] = value
    return found


def _json_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


open_json = opener("json", "JSON", _read_json)
