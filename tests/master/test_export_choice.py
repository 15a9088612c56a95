"""Columns and rows are chosen for an export by the address."""

from __future__ import annotations

import pytest
from webob.multidict import MultiDict

from batchbook.errors import BadInput
from batchbook.grid import Column, Filter, GridState, Kind, Verb
from batchbook.master.export_choice import ALL, NUMBERED, ExportChoice

STATE = GridState(filters=(Filter("a", Verb.EMPTY),), search="x", page=3)


def test_columns_are_chosen_in_the_order_of_the_form() -> None:
    columns = [Column(name, name, None, Kind.TEXT) for name in "abc"]  # type: ignore[arg-type]
    choice = ExportChoice.read(MultiDict([("columns", "c"), ("columns", "a"), ("rows", "all")]))
    assert [one.name for one in choice.of(columns)] == ["c", "a"]
    assert choice.query == [("columns", "c"), ("columns", "a")]
    assert ExportChoice().of(columns) == columns
    with pytest.raises(BadInput, match="no column “d”"):
        ExportChoice(("d",)).of(columns)


def test_rows_are_those_of_the_filters_all_or_those_with_the_numbers() -> None:
    assert ExportChoice().state_of(STATE, "n") == STATE
    assert ExportChoice(rows=ALL).state_of(STATE, "") == GridState()
    assert ExportChoice(rows=NUMBERED, numbers="3-5").state_of(STATE, "n").filters == (
        Filter("n", Verb.BETWEEN, ("3", "5")),
    )
    found = ExportChoice(rows=NUMBERED, numbers="9; 1 \u2013 2,7,7\n").state_of(STATE, "n")
    assert (found.search, found.page) == ("", 1)
    assert found.filters == (
        Filter("n", Verb.BETWEEN, ("1", "2"), group=1),
        Filter("n", Verb.ANY_OF, ("9", "7"), group=2),
    )


@pytest.mark.parametrize("numbers", ["", "a", "5-3", "1-", ",".join(map(str, range(1001))), "1-2," * 30])
def test_numbers_that_cannot_be_used_are_refused(numbers: str) -> None:
    with pytest.raises(BadInput):
        ExportChoice(rows=NUMBERED, numbers=numbers).state_of(STATE, "n")
    with pytest.raises(BadInput, match="have no numbers"):
        ExportChoice(rows=NUMBERED, numbers="1").state_of(STATE, "")
