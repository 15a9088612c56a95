"""The columns of an import's rows, and the meaning of empty cells."""

from __future__ import annotations

import pytest

from batchbook.db.transactions import transaction_scope
from batchbook.types.imports.models import Import

from .conftest import ImportHarness, workbook


def test_an_empty_cell_leaves_what_is_there_or_empties_it(harness: ImportHarness) -> None:
    table = "item_code,size,price\n000000001,,1.00\n"
    assert harness.statuses(harness.create(table)) == ["unchanged"]
    number = harness.create(table, empty_cells="clear")
    assert [(row.status, row.changed_fields) for row in harness.rows(number)] == [("update", "Size")]
    harness.execute(number)
    assert harness.product("000000001").size is None


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


def test_a_vendor_who_sends_a_file_is_named_once(harness: ImportHarness) -> None:
    table, scope = "item_code,description,price\n000000001,Item 1,1.00\n", {"scope_field": "vendor"}

    def header(**texts: str) -> tuple[str | None, str | None]:
        number = harness.create(table, **texts)
        with transaction_scope(harness.database, read_only=True) as session:
            batch = session.get_one(Import, number)
            return batch.sender, batch.scope_value

    assert header(sender="müller & sons") == ("V1", None)
    assert header(sender="v1", mode="replace", **scope) == ("V1", "V1")
    assert header(scope_value="V1", mode="replace", **scope) == ("V1", "V1")
    assert header(sender="V2", scope_value="V1", mode="replace", **scope) == ("V2", "V1")
    assert header(sender="Twin") == ("Twin", None)
    assert header(sender="A wholesaler") == ("A wholesaler", None)
    assert header(scope_field="department", scope_value="GROCERY", mode="replace") == (None, "GROCERY")
