"""The rules by which columns are changed."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches.editing.change_rules import ColumnChange, Rule
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.errors import BadInput
from batchbook.types.price_change.models import PriceChangeRow


def changed(change: ColumnChange, model: Any = ShelfCountRow, **values: Any) -> dict[str, str]:
    row = SimpleNamespace(**({"issues": None, "item_code": "", "counted": None, "remark": None} | values))
    with change.applied_to(model, EVERYTHING) as texts_of:
        return texts_of(row)


@pytest.mark.parametrize(
    ("rule", "value", "remark", "result"),
    [
        (Rule.SET, "new", "old", "new"),
        (Rule.SET, "", "old", ""),
        (Rule.UPPER, "", "Straße", "STRASSE"),
        (Rule.LOWER, "", "ABC", "abc"),
        (Rule.TRIM, "", "a  b \t c", "a b c"),
        (Rule.COPY, "item_code", "old", "007"),
    ],
)
def test_rules_for_texts(rule: Rule, value: str, remark: str, result: str) -> None:
    assert changed(ColumnChange(rule, ["remark"], value), remark=remark, item_code="007") == {
        "remark": result
    }


@pytest.mark.parametrize(
    ("more", "text", "result"),
    [
        ({}, "a.b A.B", "x x"),
        ({"match_case": True}, "a.b A.B", "x A.B"),
        ({"whole": True}, "A.B", "x"),
        ({"whole": True}, "a.b!", None),
        ({"regex": True}, "acb a.b", "x x"),
        ({"regex": True, "match_case": True, "whole": True}, "acb", "x"),
    ],
)
def test_texts_are_found_and_replaced(more: dict[str, bool], text: str, result: str | None) -> None:
    found = changed(ColumnChange(Rule.REPLACE, ["remark"], "a.b", "x", **more), remark=text)
    assert found == ({} if result is None else {"remark": result})


def test_numbers_are_calculated_exactly_and_what_is_empty_stays_so() -> None:
    for rule, value, result in ((Rule.ADD, "-2", "5"), (Rule.PERCENT, "50", "11")):
        change = ColumnChange(rule, ["counted"], value)
        assert changed(change, counted=7) == {"counted": result}
        assert changed(change) == {}
    price = ColumnChange(Rule.ROUND, ["new_price"], "end_99")
    assert changed(price, PriceChangeRow, new_price=Decimal("4.10")) == {"new_price": "3.99"}


def test_rows_are_numbered_in_their_order() -> None:
    change = ColumnChange(Rule.SERIES, ["counted"], "10", "-5")
    rows = [SimpleNamespace(issues=None, counted=number) for number in (1, 5, None)]
    with change.applied_to(ShelfCountRow, EVERYTHING) as texts_of:
        assert [texts_of(row) for row in rows] == [{"counted": "10"}, {}, {"counted": "0"}]


@pytest.mark.parametrize(
    "change",
    [
        ColumnChange(Rule.ADD, ["counted"], "NaN"),
        ColumnChange(Rule.ADD, ["counted"], "1e999999"),
        ColumnChange(Rule.ADD, ["remark"], "1"),
        ColumnChange(Rule.SET, ["on_hand"], "1"),
        ColumnChange(Rule.SET, [], "1"),
        ColumnChange(Rule.COPY, ["remark"], "issues"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(change: ColumnChange) -> None:
    with pytest.raises(BadInput, match=r"othing was changed"):
        changed(change)


def test_a_change_is_plain_data_and_back() -> None:
    change = ColumnChange(Rule.REPLACE, ("remark",), "a", "b", match_case=True)
    assert ColumnChange.from_json(change.to_json()) == ColumnChange(
        Rule.REPLACE, ["remark"], "a", "b", match_case=True
    )
