"""Reasons for edits above a limit: on every way of editing, for the shelf count, prices and imports."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from tests.batches.harness import BatchHarness
from tests.batches.policies.controlled import FILE, declaring

from batchbook.batches.cell_chunks import FEWEST_PACKED
from batchbook.batches.editing import BulkEditor, RowEditor, Undoer  # type: ignore[attr-defined]
from batchbook.batches.editing.bulk import CellEdits
from batchbook.batches.editing.cell_blocks import BlockKind, store_block
from batchbook.batches.editing.change_rules import ColumnChange, Rule
from batchbook.batches.editing.column_changer import ColumnChanger
from batchbook.batches.engine.engine import Engine
from batchbook.batches.models import Operation
from batchbook.batches.policies.edit_reasons import ReasonNeeded, value_columns
from batchbook.db.transactions import transaction_scope

LIMITS: dict[str, Any] = {"edit_percent": Decimal(20)}

Edit = Callable[[Engine, int], Any]


def one_cell(engine: Engine, batch_id: int) -> Any:
    return RowEditor(engine).edit(batch_id, 1, {"counted": "20"})


def many_cells(engine: Engine, batch_id: int) -> Any:
    return BulkEditor(engine).edit(batch_id, {1: {"counted": "20"}}, "worksheet", "Changed.")


def a_block(engine: Engine, batch_id: int) -> Any:
    return store_block(
        engine, batch_id, CellEdits({1: {"counted": "20"}, 2: {"counted": "301"}}), BlockKind.PASTE
    )


def a_column(engine: Engine, batch_id: int) -> Any:
    row: Any = engine.context_of(engine.find(batch_id)).row
    return ColumnChanger(engine).store(
        batch_id, row.sequence == 1, ColumnChange(Rule.SET, ("counted",), "20")
    )


@pytest.mark.parametrize("edit", [one_cell, many_cells, a_block, a_column])
def test_no_way_of_editing_gets_round_the_reason(counts: BatchHarness, edit: Edit) -> None:
    counts = declaring(counts, **LIMITS)
    batch_id = counts.open(FILE, shelf="A")
    before = counts.rows(batch_id), counts.operations(batch_id)
    with (
        counts.engine() as engine,
        pytest.raises(ReasonNeeded, match=r"Counted in row 1 changes from 12 to 20, by more than 20 %"),
    ):
        edit(engine, batch_id)
    assert (counts.rows(batch_id), counts.operations(batch_id)) == before
    with counts.engine() as engine:
        engine.reason = "Counted again"
        edit(engine, batch_id)
    assert counts.row(batch_id, 1).counted == 20
    assert reasons(counts, batch_id)[-1] == "Counted again"


def test_undo_is_an_edit_and_needs_a_reason_as_well(counts: BatchHarness) -> None:
    batch_id = counts.open(FILE, shelf="A")
    counts.edit(batch_id, 1, counted="20")
    counts = declaring(counts, **LIMITS)
    with counts.engine() as engine, pytest.raises(ReasonNeeded, match="from 20 to 12"):
        Undoer(engine).undo(batch_id)
    assert counts.row(batch_id, 1).counted == 20
    with counts.engine() as engine:
        engine.reason = "It was right"
        Undoer(engine).undo(batch_id)
    assert counts.row(batch_id, 1).counted == 12


def test_small_steps_count_like_the_large_one(counts: BatchHarness) -> None:
    counts = declaring(counts, edit_amount=Decimal(5))
    batch_id = counts.open(FILE, shelf="A")
    counts.edit(batch_id, 1, counted="17")
    with pytest.raises(
        ReasonNeeded, match="Counted in row 1 was 12 in the source and would become 18, by more than 5"
    ):
        counts.edit(batch_id, 1, counted="18")
    counts.edit(batch_id, 1, counted="13")  # A step back.
    with pytest.raises(ReasonNeeded, match="from 13 to nothing"):
        counts.edit(batch_id, 1, counted="")


def test_one_cell_among_many_is_found(counts: BatchHarness) -> None:
    counts = declaring(counts, edit_amount=Decimal(5))
    many = FEWEST_PACKED + 1  # So many are stored in chunks.
    batch_id = counts.open("item,counted,remark\n" + "".join(f"I{n},100,\n" for n in range(many)), shelf="A")

    def edit(last: str, others: str) -> None:
        texts = {n: {"counted": others} for n in range(1, many)} | {many: {"counted": last}}
        with counts.engine() as engine:
            BulkEditor(engine).edit(batch_id, texts, "worksheet", "Changed.")

    with pytest.raises(ReasonNeeded, match=f"row {many} changes from 100 to 106"):
        edit("106", "104")
    edit("104", "104")
    with pytest.raises(ReasonNeeded, match=f"row {many} was 100 in the source and would become 106"):
        edit("106", "105")
    edit("105", "105")
    assert {row.counted for row in counts.rows(batch_id)} == {105}


def test_other_columns_and_added_rows_need_none(counts: BatchHarness) -> None:
    counts = declaring(counts, edit_percent=Decimal(0), edit_amount=Decimal(0))
    batch_id = counts.open(FILE, shelf="A")
    counts.edit(batch_id, 1, remark="500")
    sequence = counts.add(batch_id, item_code="B", counted="77")
    with pytest.raises(ReasonNeeded):
        counts.edit(batch_id, sequence, counted="78")
    with counts.engine() as engine:
        assert list(value_columns(engine.context_of(engine.find(batch_id)))) == ["counted"]


def test_a_reason_must_be_one_of_the_list(counts: BatchHarness) -> None:
    counts = declaring(
        counts, **LIMITS, edit_reasons=("Typing error", "Counted again"), other_edit_reasons=False
    )
    batch_id = counts.open(FILE, shelf="A")
    for reason in (None, "for fun"):
        with counts.engine() as engine:
            engine.reason = reason
            with pytest.raises(ReasonNeeded, match="“Typing error” or “Counted again”") as caught:
                one_cell(engine, batch_id)
    assert (caught.value.reasons, caught.value.other_reasons) == (("Typing error", "Counted again"), False)
    with counts.engine() as engine:
        engine.reason = "Typing error"
        one_cell(engine, batch_id)


def reasons(counts: BatchHarness, batch_id: int) -> list[str | None]:
    statement = select(Operation.reason).where(Operation.batch_id == batch_id).order_by(Operation.number)
    with transaction_scope(counts.database, read_only=True) as session:
        return list(session.scalars(statement))
