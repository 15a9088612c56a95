"""Row tables that are made at run time: made with the batch, like any other, gone with it."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from sqlalchemy import inspect

from batchbook.batches import RowColumn, RowTable
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.batches.rows.per_batch import OwnTables
from batchbook.grid import Kind
from batchbook.types.imports.models import Import, ImportRow, ImportStatus

PRICE = RowColumn("price", Kind.DECIMAL, "Price", precision=12, scale=2, editable=True, minimum="0.01")


def batch(number: int, *columns: RowColumn) -> Any:
    stored = {"row_columns": [column.to_json() for column in columns]} if columns else {}
    return Import(id=number, params=stored)


def test_a_batch_without_rows_has_the_columns_that_all_have() -> None:
    model = OwnTables(ImportRow).of(batch(7))
    assert {"batch_id", "sequence", "status", "line"} <= set(inspect(model).columns.keys())


def test_the_same_columns_are_the_same_model_and_others_another() -> None:
    tables = OwnTables(ImportRow)
    assert tables.of(batch(7, PRICE)) is tables.of(batch(7, PRICE))
    other = RowColumn("size", Kind.TEXT, "Size", length=9)
    assert tables.of(batch(7, PRICE)) is not tables.of(batch(7, other))


def test_models_that_are_not_used_any_more_are_let_go() -> None:
    tables = OwnTables(ImportRow)
    models = [weakref.ref(tables.of(batch(number, PRICE))) for number in range(1, 81)]
    gc.collect()
    assert sum(model() is not None for model in models) <= 64


def test_those_whose_grids_were_shown_are_let_go_as_well() -> None:
    wide = [RowColumn(f"field_{number}", Kind.TEXT, "Field", length=9) for number in range(50)]
    tables, models = OwnTables(ImportRow), []
    for number in range(1, 121):
        model = tables.of(batch(number, *wide))
        RowTable().all_columns(model, ImportStatus, EVERYTHING)
        models.append(weakref.ref(model))
    del model
    gc.collect()
    assert sum(model() is not None for model in models) <= 80
