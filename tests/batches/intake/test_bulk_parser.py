"""Many cells are read at once as they are one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from batchbook.batches.intake.bulk_parser import bulk_parser
from batchbook.grid import CellError, Conventions, Kind, parser_for

from .fields import field

COLUMNS = [
    field("code", Kind.TEXT, max_length=9, blank="").column,
    field("needed", Kind.TEXT, max_length=9).column,
    field(
        "price", Kind.DECIMAL, scale=2, minimum=Decimal("0.01"), limits=(Decimal(-999), Decimal(999))
    ).column,
    field("count", Kind.INTEGER, minimum=0, limits=(-(2**31), 2**31 - 1)).column,
    field("day", Kind.DATE).column,
]
TEXT = st.one_of(
    st.from_regex(r"\A ?[-+]?[0-9]{0,4}[.,]?[0-9]{0,3} ?\Z"), st.text(max_size=12), st.just("2026-11-30")
)


def outcome(read: Any) -> Any:
    try:
        return [(type(value), value) for value in read()]
    except CellError as error:
        return error.code


@given(st.sampled_from(COLUMNS), st.sampled_from(".,"), st.lists(TEXT, min_size=1, max_size=5))
@example(COLUMNS[3], ".", ["1\n2", "3"])
@example(COLUMNS[2], ",", ["1,25", "0,00"])
@example(COLUMNS[2], ",", ["1,25", "0,01"])
@example(COLUMNS[2], ".", ["1000.00"])
@example(COLUMNS[3], ".", ["99999999999"])
def test_many_cells_are_read_as_one_by_one(column: Any, sign: str, texts: list[str]) -> None:
    conventions = Conventions(sign, "," if sign == "." else ".")
    parse = parser_for(column, conventions)
    quick = bulk_parser(column, conventions)
    assert outcome(lambda: quick(texts)) == outcome(lambda: [parse(text) for text in texts])
    assert outcome(lambda: quick(texts)) == outcome(lambda: [parse(text) for text in texts])  # Remembered.
