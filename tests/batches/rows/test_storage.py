"""New rows are written in order, numbered and complete, and those of one table belong each to its batch."""

from __future__ import annotations

from typing import Any

import pytest
from tests.batches.harness import BatchHarness
from tests.batches.shelf_count import CountStatus, ShelfCountRow

from batchbook.batches.rows.row_values import Block
from batchbook.batches.rows.storage import RowWriter, SharedTable


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
