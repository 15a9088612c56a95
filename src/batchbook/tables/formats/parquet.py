"""Reader of Parquet, in batches of rows, by a library that is installed as an extra."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from importlib.util import find_spec
from typing import Any, BinaryIO

from batchbook.errors import BadInput
from batchbook.statuses import Severity
from batchbook.tables.errors import (
    MAX_CELL,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    InvalidWorkbook,
    LimitExceeded,
    SheetSize,
    bad_input_for,
    cell_too_long_message,
    rows_at_once,
    sheet_too_large_message,
)
from batchbook.tables.formats import Block, MergedRange, NumberedRow, OpenedFile, blocks_of
from batchbook.tables.formats.archive import MAX_UNPACKED
from batchbook.tables.formats.cell_values import cell_text
from batchbook.tables.report import Note, Reading
from batchbook.words import quoted_list

#: The first bytes of such a file.
PARQUET_MAGIC = b"PAR1"

_WHAT, _LIBRARY = "a Parquet file", "pyarrow"
_MOST_THRIFT = 16 * 1024 * 1024  # The most bytes, and parts, of what a file tells about itself.

_Texts = Callable[[Any], Sequence[str]]


def open_parquet(name: str, file: BinaryIO, requested: Reading, expected: Collection[str]) -> OpenedFile:
    """Return the table in ``file``, called ``name``, opened for reading; its headings are the names of its columns.

    Raises ``BadInput`` for a table that is damaged or too large or has values that no text stands for, and where the library is
    not installed.
    """
    del expected
    if find_spec(_LIBRARY) is None:
        raise BadInput(
            f"“{name}” is {_WHAT}, and reading those is not installed here. Save the table as XLSX or CSV, and upload that; or"
            " have batchbook[parquet] installed."
        )
    with bad_input_for(name, _WHAT):
        rows = ParquetRows(name, file)
    return OpenedFile(
        rows,
        replace(requested, format="parquet", encoding="", delimiter=""),
        rows.height,
        notes=(*rows.structure_notes(),),
    )


class ParquetRows:
    """The rows of a table: the names of its columns, and below them its rows."""

    hidden_rows: Collection[int] = ()
    merged: tuple[MergedRange, ...] = ()

    def __init__(self, name: str, file: BinaryIO) -> None:
        self._name, self._file = name, file
        table = self._opened()
        self._schema = table.schema_arrow
        _check_size(table.metadata, len(self._schema))
        #: The number of the last row.
        self.height = int(table.metadata.num_rows) + 1
        self._nested = [field.name for field in self._schema if _is_nested(field.type)]
        self._readers = [
            None if _is_nested(field.type) else _texts_of(field.name, field.type) for field in self._schema
        ]

    def structure_notes(self) -> Iterator[Note]:
        """Yield the note about columns whose cells hold several values."""
        if self._nested:
            message = (
                f"Cells of {quoted_list(self._nested)} hold several values each, as lists do, and are left empty. Save them as"
                " texts if they are needed."
            )
            yield Note("nested-values", message, Severity.WARNING)

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows in blocks of at most ``size``."""
        with bad_input_for(self._name, _WHAT):
            try:
                yield from blocks_of(self._rows(size), size)
            except OverflowError:
                raise InvalidWorkbook("it holds a day or time that no calendar has") from None

    def notes(self) -> tuple[Note, ...]:
        """Return no notes: all of them are about the structure."""
        return ()

    def _rows(self, size: int) -> Iterator[NumberedRow]:
        schema, nested = self._schema, self._nested
        yield 1, tuple(schema.names)
        flat = [field for field in schema if not _is_nested(field.type)]
        number, total = 1, SheetSize()
        # Texts that come again are held once, so that a small file cannot fill the memory with them.
        again = [field.name for field in flat if _is_text(field.type)]
        wanted = [field.name for field in flat] if nested else None
        for batch in self._opened(again).iter_batches(
            rows_at_once(size, len(schema)), columns=wanted, use_threads=False
        ):
            if batch.num_columns != len(flat):
                raise InvalidWorkbook("two of its columns have one name")
            values = iter(batch.columns)
            columns = [
                _short(read(next(values)), number) if read else [""] * batch.num_rows
                for read in self._readers
            ]
            for cells in zip(*columns, strict=True):
                number += 1
                if total.add(number, cells):
                    yield number, cells

    def _opened(self, again: Sequence[str] = ()) -> Any:
        import pyarrow
        from pyarrow.parquet import ParquetFile

        self._file.seek(0)
        return ParquetFile(
            pyarrow.PythonFile(_Unclosed(self._file), mode="r"),
            read_dictionary=[*again],
            pre_buffer=False,
            buffer_size=64 * 1024,
            thrift_string_size_limit=_MOST_THRIFT,
            thrift_container_size_limit=_MOST_THRIFT,
        )


class _Unclosed:
    """A file that stays open when the library is done with it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell

    def close(self) -> None:
        """Do nothing."""

    def readable(self) -> bool:
        """Return whether it can be read, which the library asks."""
        return True


def _check_size(metadata: Any, columns: int) -> None:
    rows = int(metadata.num_rows)
    if rows + 1 > MAX_ROWS or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise LimitExceeded(sheet_too_large_message(rows + 1, columns))
    if not columns:
        raise InvalidWorkbook("it has no columns")
    stated = sum(metadata.row_group(at).total_byte_size for at in range(metadata.num_row_groups))
    if stated > MAX_UNPACKED:
        raise LimitExceeded(f"unpacks to more than {MAX_UNPACKED // 2**20:,} MB")


def _short(texts: Sequence[str], above: int) -> Sequence[str]:
    if texts and max(map(len, texts)) > MAX_CELL:
        first = next(place for place, text in enumerate(texts, above + 1) if len(text) > MAX_CELL)
        raise LimitExceeded(cell_too_long_message(first))
    return texts


def _is_nested(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_nested(kind))


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return any(
        test(kind)
        for test in (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    )


def _texts_of(name: str, kind: Any) -> _Texts:
    """Return the function that makes texts of the values of a column of this ``kind``.

    Raises :class:`~batchbook.tables.errors.InvalidWorkbook` for a kind without one.
    """
    from pyarrow import types

    if _is_text(kind) or types.is_dictionary(kind):
        return _repeated
    if types.is_float16(kind) or types.is_float32(kind):
        return _short_floats
    if types.is_timestamp(kind) or types.is_duration(kind):
        return _moments
    if types.is_time(kind):
        return lambda column: _each(_to_microseconds(column, "time64"))
    known = (
        types.is_null, types.is_boolean, types.is_integer, types.is_float64, types.is_decimal, types.is_date,
    )  # fmt: skip
    if any(test(kind) for test in known):
        return _each
    raise InvalidWorkbook(f"its column “{name}” is of the type {kind}, which is not read")


def _each(column: Any) -> Sequence[str]:
    return [_text(value) for value in column.to_pylist()]


def _repeated(column: Any) -> Sequence[str]:
    """Return the texts of a column that holds each once, and the place of each cell's."""
    if not hasattr(column, "dictionary"):
        return _each(column)
    import pyarrow

    places = column.indices.to_pylist()
    used = sorted({place for place in places if place is not None})
    texts = dict(zip(used, _each(column.dictionary.take(pyarrow.array(used, pyarrow.int64()))), strict=True))
    return [texts.get(place, "") for place in places]


def _short_floats(column: Any) -> Sequence[str]:
    """Return numbers with the digits that their narrow type has: 1.1, and not 1.10000002384."""
    import pyarrow

    wide = column.cast(pyarrow.float32()).cast(pyarrow.string())
    return ["" if text is None else _text(float(text)) for text in wide.to_pylist()]


def _moments(column: Any) -> Sequence[str]:
    kind = column.type
    return _each(_to_microseconds(column, "duration" if str(kind).startswith("duration") else "timestamp"))


def _to_microseconds(column: Any, kind: str) -> Any:
    """Return days and times as exact as Python has them; raise ``ValueError`` where a part of a microsecond would be lost."""
    import pyarrow

    if column.type.unit != "ns":
        return column
    zone = {"tz": column.type.tz} if kind == "timestamp" else {}
    return column.cast(getattr(pyarrow, kind)("us", **zone))


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float) and not abs(value) < float("inf"):
        return ""
    if isinstance(value, datetime) and value.time() == time() and value.tzinfo is None:
        return value.date().isoformat()
    return cell_text(value)
