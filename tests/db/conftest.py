"""A table of every kind of column, beside the migrated ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Boolean, Column, Date, Engine, Integer, LargeBinary, MetaData, Table, Text

from batchbook.db import ExactDecimal, JSONValue, UTCDateTime

THINGS = Table(
    "thing",
    MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("text", Text),
    Column("price", ExactDecimal(12, 2)),
    Column("rate", ExactDecimal(9, 4)),
    Column("moment", UTCDateTime()),
    Column("day", Date),
    Column("flag", Boolean),
    Column("data", JSONValue),
    Column("order", Integer),  # A reserved word, so that a forgotten quotation mark shows.
    Column("bytes", LargeBinary),
)
NAMES = tuple(column.name for column in THINGS.columns)


@pytest.fixture
def things(engine: Engine) -> Iterator[Table]:
    THINGS.create(engine)
    return THINGS
