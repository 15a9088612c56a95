"""What the header and the rows of a price change take, and what they refuse at the cell."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, inspect
from tests.batches.harness import BatchHarness

from batchbook.batches.editing import CellProblems
from batchbook.errors import BadInput
from batchbook.types.price_change.models import PriceChangeRow, PriceStatus

FILE = "item_code,description,size,price\n000000001,,,1.50\n"


@pytest.mark.parametrize(
    "texts",
    [
        {"percent": "1000"},
        {"percent": "-99.01"},
        {"percent": "1.234"},
        {"percent": "lots"},
        {"rounding": "up"},
        {"warn_above": "-1"},
    ],
)
def test_fields_are_checked(harness: BatchHarness, texts: dict[str, str]) -> None:
    with pytest.raises(CellProblems) as caught:
        harness.create(**({"percent": "5"} | texts))
    assert set(caught.value.problems) == set(texts)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("price", ["0", "-1", "1.234", "99999999999"])
def test_a_new_price_is_at_least_a_cent_and_has_no_part_of_one(harness: BatchHarness, price: str) -> None:
    batch_id = harness.open(FILE)
    with pytest.raises(CellProblems) as caught:
        harness.edit(batch_id, 1, new_price=price)
    assert set(caught.value.problems) == {"new_price"}
    harness.edit(batch_id, 1, new_price="0.01")
    assert str(harness.row(batch_id, 1).new_price) == "0.01"


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    "texts", [{"vendor_code": "V2"}, {"department": "GROCERY"}, {"percent": "9"}, {"rounding": "nine"}]
)
def test_what_decided_the_rows_stays_as_it_was(harness: BatchHarness, texts: dict[str, str]) -> None:
    batch_id = harness.open(FILE)
    with pytest.raises(BadInput):
        harness.edit_header(batch_id, **texts)
    harness.edit_header(batch_id, warn_above="7.5")
    assert str(harness.batch(batch_id).warn_above) == "7.50"


def test_rows_are_found_by_their_item_code(engine: Engine) -> None:
    indexes = inspect(engine).get_indexes(PriceChangeRow.__tablename__)
    assert ["batch_id", "item_code"] in [index["column_names"] for index in indexes]


def test_no_two_statuses_look_alike() -> None:
    assert len({status.label for status in PriceStatus}) == len({status.sign for status in PriceStatus}) == 11
