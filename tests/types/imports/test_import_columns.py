"""The columns of an import's file and of its rows."""

from __future__ import annotations

import pytest

from .conftest import ImportHarness, workbook


def test_other_columns_are_carried_as_they_stand(harness: ImportHarness) -> None:
    number = harness.create_mapped(
        "item_code,description,price,Remark; DROP TABLE\n000000001,Item 1,1.00, as it is \n", carried=[3]
    )
    (row,) = harness.rows(number)
    assert row.extra_0 == " as it is "


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_heading_with_characters_that_no_database_stores_can_be_used(harness: ImportHarness) -> None:
    sheet = workbook(
        [["item_code", "description", "price", "no_x0000_te"], ["000000001", "Item 1", "5", "a_x0000_b"]]
    )
    (row,) = harness.rows(harness.create_mapped(sheet, carried=[3], name="list.xlsx"))
    assert (row.new_item_code, row.extra_0) == ("000000001", "a�b")


def test_the_key_comes_first_then_each_field_before_and_after(harness: ImportHarness) -> None:
    number = harness.create_mapped("item_code,size,price,Remark\n000000001,,1.00,look\n", carried=[3])
    (row,) = harness.rows(number)
    own = [name for name in row._fields if name.startswith(("new_", "old_", "executed_", "extra_", "key_"))]
    assert own == ["new_item_code", "key_form", "old_size", "new_size", "old_price", "new_price", "extra_0"]
