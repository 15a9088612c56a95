"""New rows are written in order, numbered and complete, and those of one table belong each to its batch."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum as PythonEnum
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Engine,
    Enum,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    func,
    insert,
    select,
)
from tests.batches.harness import BatchHarness
from tests.batches.shelf_count import CountStatus, ShelfCountRow

from batchbook.batches.rows.issues import IssueList
from batchbook.batches.rows.row_values import Block
from batchbook.batches.rows.storage import RowWriter, SharedTable, row_key, update_from
from batchbook.db import ExactDecimal, JSONValue, UTCDateTime
from batchbook.db.transactions import transaction_scope


def test_rows_are_numbered_in_order_whether_they_come_one_by_one_or_in_blocks(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    reported: list[int] = []
    with harness.engine() as engine:
        batch = engine.find(batch_id)
        writer = RowWriter(engine.session, batch, ShelfCountRow, CountStatus)
        block = Block.of_columns({"item_code": ["3", "4"], "counted": [30, None]})
        writer.write([{"item_code": "1"}, {"counted": 20}, block, {"remark": "last"}], 2, reported.append)
    assert reported == [2, 4, 5]
    rows = [(row.sequence, row.item_code, row.counted, row.remark) for row in harness.rows(batch_id)]
    assert rows == [
        (1, "1", None, None),
        (2, "", 20, None),
        (3, "3", 30, None),
        (4, "4", None, None),
        (5, "", None, "last"),
    ]
    assert {(row.version, row.removed, row.looked_up) for row in harness.rows(batch_id)} == {(1, False, 0)}


def test_a_column_that_the_table_does_not_have_is_named(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    with harness.engine() as engine:
        writer = RowWriter(engine.session, engine.find(batch_id), ShelfCountRow)
        for rows in ([{"colour": "red"}], [Block(["colour"], [["red"]])]):
            with pytest.raises(ValueError, match="columns that its table does not have: colour"):
                writer.write(rows, 100)
        assert writer.written == 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (None, "populate must yield rows, mappings of columns to values, and returned a NoneType"),
        ({"item_code": "007"}, "and returned a dict"),
        ([("007", 1)], "populate must yield mappings of columns to values, and yielded a tuple"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_is_no_row_is_named(harness: BatchHarness, rows: Any, said: str) -> None:
    batch_id = harness.create(shelf="A")
    with harness.engine() as engine, pytest.raises(TypeError, match=said):
        RowWriter(engine.session, engine.find(batch_id), ShelfCountRow).write(rows, 100)


def test_rows_of_a_shared_table_are_copied_and_discarded_for_one_batch(harness: BatchHarness) -> None:
    source_id, clone_id = harness.create(shelf="A"), harness.create(shelf="B")
    table = SharedTable(ShelfCountRow)
    with harness.engine() as engine:
        source, clone = engine.find(source_id), engine.find(clone_id)
        writer = RowWriter(engine.session, source, table.of(source))
        writer.write([{"item_code": "7"}, {"item_code": "8"}], 100)
        table.copy(engine.session, source, clone, ShelfCountRow.item_code == "8")
    assert [row.item_code for row in harness.rows(clone_id)] == ["8"]
    with harness.engine() as engine:
        table.make_room(engine.session, engine.find(source_id), ())
    assert harness.rows(source_id) == []
    assert [row.item_code for row in harness.rows(clone_id)] == ["8"]


class Colour(PythonEnum):
    RED = "r"
    BLUE = "b"


#: Values that the columns of each type may have, some of which differ by little; with them, all may be empty.
VALUES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "text": (Text(), ("", "a", "A", "a\t", "1", "01", "e\u0301", "\u00e9")),
    "name": (String(10), ("", "a")),
    "price": (ExactDecimal(12, 2), tuple(map(Decimal, ("0.00", "0.01", "-0.01", "9999999999.99")))),
    "rate": (Numeric(9, 4), (Decimal("1.0000"), Decimal("1.0001"))),
    "units": (Integer(), (0, 1)),
    "many": (BigInteger(), (0, 2**62, 2**62 + 1)),
    "share": (Float(), (0.0, 1.5)),
    "flag": (Boolean(), (True, False)),
    "day": (Date(), (date(2020, 1, 1), date(2020, 1, 2))),
    "moment": (
        UTCDateTime(),
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, microsecond=1, tzinfo=UTC)),
    ),
    "colour": (Enum(Colour), tuple(Colour)),
    "data": (JSONValue, ({"a": 1}, [1], "text")),
    "issues": (
        IssueList(),
        ([{"field": "a", "code": "b", "severity": "error", "message": "c", "raw": None}],),
    ),
    "bytes": (LargeBinary(), (b"", b"a\0b", b"a")),
}


@pytest.fixture
def typed(engine: Engine) -> tuple[Table, Table]:
    """A table of rows, and one of their new values, with a column of each type."""
    metadata = MetaData()

    def columns() -> list[Column[Any]]:
        return [Column(name, kind) for name, (kind, _) in VALUES.items()]

    key = [Column(name, Integer, primary_key=True) for name in ("batch_id", "sequence")]
    rows = Table(
        "typed_row",
        metadata,
        *key,
        Column("status", String(40)),
        Column("writes", Integer, onupdate=1),
        *columns(),
    )
    values = Table("new_value", metadata, Column("id", Integer, primary_key=True), *columns())
    metadata.create_all(engine)
    return rows, values


@pytest.mark.parametrize("is_sql", [True, False], ids=["in SQL", "of Python"])
@pytest.mark.parametrize("name", VALUES)
def test_each_row_gets_its_value_whatever_it_had(
    engine: Engine, typed: tuple[Table, Table], name: str, *, is_sql: bool
) -> None:
    table, source = typed
    pairs = list(product([None, *VALUES[name][1]], repeat=2))
    row = SimpleNamespace(**table.c)
    with transaction_scope(engine) as session:
        rows: Any = SimpleNamespace(session=session, model=row, table=table)
        for number, (old, new) in enumerate(pairs):
            values = {"batch_id": 1, "sequence": number, "status": "ready"}
            session.execute(insert(table).values(**values | {name: old}))
            session.execute(insert(source).values(id=number, **{name: new}))
            if not is_sql:
                found = select(*row_key(row)).where(row.sequence == number).subquery("found")
                update_from(rows, found, {name: new})
        if is_sql:
            news = select(*row_key(row), source.c[name]).join(source, source.c.id == row.sequence)
            found = news.subquery("found")
            update_from(rows, found, {name: found.c[name]})
        stored = session.scalars(select(table.c[name]).order_by(table.c.sequence)).all()
    assert [(type(value), value) for value in stored] == [(type(new), new) for _, new in pairs]


def test_only_rows_that_differ_are_written_and_those_without_status(
    engine: Engine, typed: tuple[Table, Table]
) -> None:
    table, _ = typed
    row = SimpleNamespace(**table.c)
    had = [("ready", "5"), ("ready", None), ("ready", "05"), (None, "5")]
    with transaction_scope(engine) as session:
        for number, (status, text) in enumerate(had):
            session.execute(insert(table).values(batch_id=1, sequence=number, status=status, text=text))
        rows: Any = SimpleNamespace(session=session, model=row, table=table)
        found = select(*row_key(row), func.length("12345").label("new")).subquery("found")
        update_from(rows, found, {"text": found.c.new})
        stored = session.execute(select(table.c.text, table.c.writes).order_by(table.c.sequence)).all()
    assert stored == [("5", None), ("5", 1), ("5", 1), ("5", 1)]
