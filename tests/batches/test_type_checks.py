"""The columns of a batch type are checked at start-up: each mistake is one line with class and cure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import DateTime, ForeignKey, MetaData, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

from batchbook.batches import Batch, BatchRow, column, editable
from batchbook.batches.type_checks import check_columns
from batchbook.db import ExactDecimal
from batchbook.db.base import NAMING_CONVENTION

_numbers = count(1)


def models(annotation: Any, declared: Callable[[], Any]) -> tuple[type[Batch], type[BatchRow]]:
    """Return header and rows, whose column ``cell`` is declared like that."""
    number, own = next(_numbers), MetaData(naming_convention=NAMING_CONVENTION)
    key = mapped_column(ForeignKey(Batch.__table__.c.id, ondelete="CASCADE"), primary_key=True)
    header = type(
        f"Sample{number}",
        (Batch,),
        {
            "__tablename__": f"sample_{number}",
            "__module__": __name__,
            "__annotations__": {"id": Mapped[int]},
            "__mapper_args__": {"polymorphic_identity": f"sample_{number}"},
            "metadata": own,
            "id": key,
        },
    )
    rows = type(
        f"SampleRow{number}",
        (BatchRow,),
        {
            "__tablename__": f"sample_row_{number}",
            "__module__": __name__,
            "__annotations__": {"cell": Mapped[annotation]},
            "__batch__": header,
            "metadata": own,
            "cell": declared(),
        },
    )
    return header, rows


WRONG: tuple[tuple[Any, Callable[[], Any], str], ...] = (
    (Decimal, lambda: column(Numeric(10, 3)), r"is a Numeric, .*: give it the type ExactDecimal\(10, 3\)"),
    (Decimal, lambda: column(), r"give it the type ExactDecimal\(12, 2\)"),
    (datetime, lambda: column(DateTime), "is a DateTime, .*: give it the type UTCDateTime"),
    (str, lambda: editable(String(9), choices="abc"), "has the choices 'abc', a text"),
    (str, lambda: editable(String(9), minimum=3), "has a minimum, which only numbers and dates can have"),
    (int, lambda: editable(minimum="1"), "The minimum of the column SampleRow[0-9]+.cell must be a whole number"),
    (int, lambda: editable(default="one"), "The default of the column SampleRow[0-9]+.cell must be a whole number"),
    (str, lambda: editable(String(3), default="four"), "The default .* must be a text of at most 3 characters"),
    (int, lambda: editable(minimum=1, default=0), "has the default 0, which people could not enter: .* the least is 1"),
    (str, lambda: editable(String(9), choices=("a", "b"), default="c"), "has the default 'c', which people could not"),
)  # fmt: skip


@pytest.mark.parametrize(("annotation", "declared", "said"), WRONG)
def test_a_column_that_could_not_work_is_named(annotation: Any, declared: Any, said: str) -> None:
    header, rows = models(annotation, declared)
    with pytest.raises(ConfigurationError, match=said) as refused:
        check_columns("sample", header, rows)
    assert f"{rows.__name__}.cell" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("annotation", "declared"),
    [
        (Decimal, lambda: editable(ExactDecimal(8, 2), minimum=Decimal("0.01"), default=Decimal(1))),
        (int, lambda: editable(minimum=0, maximum=9, default=3)),
        (str, lambda: editable(String(9), default="")),
        (str, lambda: editable(String(9), choices=("a", "b"), default="a")),
        (bool, lambda: editable(default=False)),
    ],
)
def test_a_column_that_can_work_is_taken(annotation: Any, declared: Any) -> None:
    check_columns("sample", *models(annotation, declared))


def test_a_model_takes_no_table_and_no_column_of_another() -> None:
    with pytest.raises(
        ConfigurationError, match="the __tablename__ 'price_change', which is another model's"
    ):
        type("Label", (Batch,), {"__tablename__": "price_change", "__module__": __name__})
    # The owner, the number and whether it is final are no columns, but would be replaced by one all the same.
    for name in ("state", "failure", "owner", "number", "is_final"):
        annotated = {"__annotations__": {name: Mapped[str]}}
        for declared in ({name: column(String(9))}, annotated):
            with pytest.raises(ConfigurationError, match=f"column {name}, which every Batch has already"):
                type("Label", (Batch,), {"__tablename__": "label", "__module__": __name__, **declared})
    header, _rows = models(str, lambda: column(String(9)))
    with pytest.raises(ConfigurationError, match="has no table: give it a __tablename__, such as"):
        type("LabelRow", (BatchRow,), {"__batch__": header, "__module__": __name__})
