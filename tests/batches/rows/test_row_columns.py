"""Columns of row tables that are made at run time, as plain data."""

from __future__ import annotations

from typing import Any

import pytest

from batchbook.batches import RowColumn
from batchbook.batches.rows.per_batch import OwnTables
from batchbook.batches.rows.row_columns import refuse_doubles
from batchbook.grid import Kind, columns_of
from batchbook.types.imports.models import Import, ImportRow

PRICE = RowColumn("price", Kind.DECIMAL, "Price", precision=12, scale=2, editable=True, minimum="0.01")


def batch(number: int, *columns: RowColumn) -> Any:
    stored = {"row_columns": [column.to_json() for column in columns]} if columns else {}
    return Import(id=number, params=stored)


@pytest.mark.parametrize(
    "name", ["", "Price", "1st", "price; DROP TABLE batch", 'price"', "naïve", "x" * 61, "_hidden"]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name for a column"):
        RowColumn(name, Kind.TEXT, "Anything may be said to people: “; DROP”")


def test_no_column_twice() -> None:
    with pytest.raises(ValueError, match="more than one column 'price'"):
        refuse_doubles([PRICE], ["sequence", "price"])


def test_a_column_is_what_it_was_said_to_be_also_after_it_was_kept() -> None:
    kept = RowColumn.from_json(PRICE.to_json())
    assert kept == PRICE
    model = OwnTables(ImportRow).of(batch(7, kept))
    (column,) = columns_of(model, ["price"])
    assert (column.kind, column.label, column.scale, str(column.minimum), column.editable) == (
        Kind.DECIMAL, "Price", 2, "0.01", True,
    )  # fmt: skip
    assert model.__table__.name == "row_7"  # type: ignore[attr-defined]
    assert model.__table__ not in Import.metadata.tables.values()
