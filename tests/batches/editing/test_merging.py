"""Values are replaced in all rows that have them, as one operation, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, true
from tests.batches.harness import BatchHarness, stock

from batchbook.batches.editing import BulkEditResult, CellProblems, Selection
from batchbook.batches.editing import merging as module
from batchbook.batches.editing.merging import Replacements, ValueMerger
from batchbook.errors import BadInput, Conflict

FILE = "item,counted,remark\n007,1,torn\n008,2,Torn\n009,3,torn \n010,4,wet\n011,5,torn\n"


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8))
    return harness.open(FILE, shelf="A")


def merge(harness: BatchHarness, batch_id: int, **by_value: str) -> BulkEditResult:
    with harness.engine() as engine:
        return ValueMerger(engine).merge(batch_id, true(), Replacements("remark", by_value))


def test_values_become_others_as_one_operation(harness: BatchHarness, batch_id: int) -> None:
    assert merge(harness, batch_id, torn="Torn", wet="Damp") == BulkEditResult(3 + 1, 4)
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        rows = {row.sequence: (row.remark, row.version) for row in context.rows()}
    assert [rows[n][0] for n in range(1, 6)] == ["Torn", "Torn", "Torn", "Damp", "Torn"]
    with pytest.raises(Conflict, match="No row has one of these values any more"):
        merge(harness, batch_id, torn="Torn")


def test_the_rows_must_be_those_that_were_seen(harness: BatchHarness, batch_id: int) -> None:
    replacements = Replacements("remark", {"torn": "Torn"})
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        seen = ValueMerger(engine).demand_seen(context, true(), replacements, None)
        assert seen == Selection.of(context, context.row.remark == "torn")
    with harness.engine() as engine, pytest.raises(Conflict, match="not the rows that you were shown"):
        ValueMerger(engine).merge(batch_id, context.row.sequence > 1, replacements, seen.token)


def test_wrong_values_are_refused(
    harness: BatchHarness, batch_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for by_value, error in (({}, BadInput), ({"torn": "x" * 20_000}, CellProblems)):
        with pytest.raises(error):
            merge(harness, batch_id, **by_value)
    monkeypatch.setattr(module, "MOST_VALUES", 1)
    with pytest.raises(BadInput, match="2 values, and 1 can be replaced at once"):
        merge(harness, batch_id, torn="a", wet="b")
