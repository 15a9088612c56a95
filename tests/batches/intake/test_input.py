from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot
from tests.batches.shelf_count import COUNTS

from batchbook.batches import Action, State
from batchbook.db import Base
from batchbook.errors import BadInput

HEADER = "item,counted,remark"


def test_csv_is_read_whatever_the_order_and_further_columns(harness: BatchHarness) -> None:
    batch_id = harness.open("price;remark;counted;item;\n1,5;x;7;007;\n", shelf="A")
    row = harness.row(batch_id, 1)
    assert (row.item_code, row.counted, row.remark) == ("007", 7, "x")


def test_a_short_line_is_a_row_with_empty_cells(harness: BatchHarness) -> None:
    batch_id = harness.open(f"{HEADER}\n007\n008,8\n009,9,x,, \n", shelf="A")
    assert [(r.item_code, r.counted, r.remark) for r in harness.rows(batch_id)] == [
        ("007", None, None),
        ("008", 8, None),
        ("009", 9, "x"),
    ]


def test_a_long_line_is_a_row_whose_numbers_are_doubted(harness: BatchHarness) -> None:
    batch_id = harness.open(f"{HEADER}\n009,9,x,too,long\n", shelf="A")
    row = harness.row(batch_id, 1)
    assert (row.item_code, row.counted, row.remark) == ("009", None, "x,too,long")
    assert [(i["field"], i["code"], i["raw"]) for i in row.issues] == [("counted", "too-many-cells", "9")]


def test_a_header_alone_is_refused(harness: BatchHarness) -> None:
    for content in (HEADER, f"{HEADER}\n", f"\ufeff{HEADER}\n\n"):
        batch_id = harness.create(content, shelf="A")
        with pytest.raises(BadInput, match=r"“list.csv” has a header row, and no row below it\."):
            harness.run(batch_id, Action.POPULATE)
        assert harness.batch(batch_id).state == State.NEW


BAD: dict[str, tuple[str, bytes, str]] = {
    "empty": ("list.csv", b"", "“list.csv” is empty: it has no bytes."),
    "binary": ("list.csv", bytes(range(256)) * 20, "“list.csv” is not text: it holds NUL bytes"),
    "missing columns": ("list.csv", b"item,colour\n1,2\n", "“list.csv” has no column “counted”, “remark”."),
    "doubled column": (
        "list.csv",
        f"{HEADER},Item\n1,2,3,4\n".encode(),
        "“list.csv” has the column “item” more than once, so it is not clear which one counts",
    ),
    "unclosed quote": (
        "list.csv",
        f'{HEADER}\n007,7,"x\n008,8,y\n'.encode(),
        "“list.csv” has a quotation mark in line 2 that is never closed",
    ),
}


def test_nothing_of_a_file_that_cannot_be_read_is_taken_into_the_batch(
    engine: Engine, harness: BatchHarness, subtests: pytest.Subtests
) -> None:
    for what, (name, data, sentence) in BAD.items():
        with subtests.test(what):
            batch_id = harness.create(data, name=name, shelf="A")
            before = snapshot(engine, Base.metadata, COUNTS)
            with pytest.raises(BadInput) as caught:
                harness.run(batch_id, Action.POPULATE)
            assert sentence in caught.value.message
            assert snapshot(engine, Base.metadata, COUNTS) == before
