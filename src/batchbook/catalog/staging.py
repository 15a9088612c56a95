"""Staging of a catalogue file: its columns, its records checked one by one, and the table that holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, cast

from sqlalchemy import Column, Connection, Integer, MetaData, String, func, select
from sqlalchemy import Table as SqlTable

from batchbook.catalog.models import PRICE, Department, Product, Vendor
from batchbook.db.bulk_writing import bulk_insert
from batchbook.errors import BadInput
from batchbook.grid.cells import CellError, parser_for
from batchbook.grid.columns import columns_of
from batchbook.tables import Table, read_table
from batchbook.words import quoted_list

#: What a catalogue file's columns are called.
COLUMNS = (
    "item_code", "description", "department", "category", "brand", "size", "vendor_code", "price", "on_hand",
)  # fmt: skip

#: The records of one file, with their lines. It exists while a file is loaded.
staging = SqlTable(
    "catalog_staging",
    MetaData(),
    Column("line", Integer, nullable=False),
    *(Column(name, String) for name in COLUMNS if name not in ("price", "on_hand")),
    Column("price", PRICE, nullable=False),
    Column("on_hand", Integer, nullable=False),
    prefixes=["TEMPORARY"],
)

_Parsers = Sequence[tuple[str, int, Callable[[str], Any]]]

_PARSERS: dict[str, Callable[[str], Any]] = {
    **{
        column.name: parser_for(column)
        for column in columns_of(Product, set(COLUMNS) & set(cast(SqlTable, Product.__table__).c.keys()))
    },
    **{
        name: parser_for(replace(columns_of(model, [attribute])[0], required=False))
        for name, model, attribute in (("department", Department, "name"), ("vendor_code", Vendor, "code"))
    },
}


def stage(connection: Connection, name: str, file: BinaryIO) -> None:
    """Write the records of ``file``, called ``name``, into :data:`staging`.

    Raises :class:`~batchbook.errors.BadInput` with a sentence that names the line and the column if the file is not
    what it should be.
    """
    table = read_table(name, file, COLUMNS)
    _refuse_other_columns(name, table)
    bulk_insert(connection, staging, ("line", *COLUMNS), _records(table))
    _refuse_doubles(connection)


def _refuse_other_columns(name: str, table: Table) -> None:
    # A heading that is meant to be one of these, but is not, would otherwise be passed over in silence.
    others = [column for column in table.header if column not in COLUMNS]
    if others:
        raise BadInput(
            f"“{name}” should not have the column {quoted_list(others[:20])}, so nothing was loaded. Expected are the columns"
            f" {', '.join(COLUMNS)}."
        )


def _records(table: Table) -> Iterator[Sequence[Any]]:
    """Yield the line number and the values of each record, in the order of :data:`COLUMNS`."""
    parsers = [(name, table.header.index(name), _PARSERS[name]) for name in COLUMNS]
    width = len(table.header)
    for line, record in table.records:
        if len(record) != width:
            raise _refusal(line, f" has {len(record)} columns instead of {width}.")
        yield line, *_values(record, parsers, line)


def _values(record: Sequence[str], parsers: _Parsers, line: int) -> Iterator[Any]:
    for name, place, parse in parsers:
        try:
            yield parse(record[place])
        except CellError as error:
            raise _refusal(line, f", column {name}: {error.message}") from None


def _refuse_doubles(connection: Connection) -> None:
    code, line = staging.c.item_code, func.max(staging.c.line)
    doubled = connection.execute(
        select(code, line).group_by(code).having(func.count() > 1).order_by(line)
    ).first()
    if doubled is not None:
        raise _refusal(doubled[1], f", column item_code: {doubled[0]} stands in the file more than once.")


def _refusal(line: int, what: str) -> BadInput:
    return BadInput(f"Row {line}{what} Nothing was loaded; correct the file and load it again.")
