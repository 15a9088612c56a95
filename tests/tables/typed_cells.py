"""Cells parsed as a type, by the reading of their column."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Numeric, literal

from batchbook.grid import Column, Kind
from batchbook.grid.cells import parse
from batchbook.tables.normalise import conventions_of, normaliser
from batchbook.tables.report import ColumnReading

POINT, COMMA = ColumnReading(decimal_sign="."), ColumnReading(decimal_sign=",")


DAY_FIRST, MONTH_FIRST, UNKNOWN = (ColumnReading(date_order=order) for order in ("dmy", "mdy", ""))


def column(kind: Kind) -> Column:
    return Column("cell", "Cell", literal(None, Numeric(asdecimal=True)), kind)


def understood(kind: Kind, text: str, reading: ColumnReading) -> Any:
    """Return the value that a cell's text has once it is tidy."""
    return parse(column(kind), normaliser(kind, reading)(text), conventions_of(reading))
