"""The meaning of empty cells, and the sender of a file."""

from __future__ import annotations

from batchbook.db.transactions import transaction_scope
from batchbook.types.imports.models import Import

from .conftest import ImportHarness


def test_an_empty_cell_leaves_what_is_there_or_empties_it(harness: ImportHarness) -> None:
    table = "item_code,size,price\n000000001,,1.00\n"
    assert harness.statuses(harness.create(table)) == ["unchanged"]
    number = harness.create(table, empty_cells="clear")
    assert [(row.status, row.changed_fields) for row in harness.rows(number)] == [("update", "Size")]
    harness.execute(number)
    assert harness.product("000000001").size is None


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
