"""Seals of imports, whose rows are in a table of their own."""

from __future__ import annotations

from sqlalchemy import text
from tests.batches.seal.alterations import altered, assert_each_alteration_is_named, found, with_all_rights

from batchbook.batches import Action
from batchbook.batches.review.comments import add_comment
from batchbook.db.transactions import transaction_scope

from .conftest import ImportHarness


def test_each_altered_column_of_an_import_is_named(harness: ImportHarness) -> None:
    number = harness.create("item_code,description,price\n000000001,Item 1,1.50\n000000002,,2.50\n")
    harness.edit(number, 1, new_price="1.75")
    with transaction_scope(harness.database) as session:
        add_comment(harness.act(session), number, "As agreed.", 1, "new_price")
    harness.run(number, Action.COMPLETE)
    harness.run(number, Action.APPROVE, by="admin")
    harness.run(number, Action.EXECUTE)
    with with_all_rights(harness.database) as session:
        names = {one for (one,) in session.execute(text("SELECT DISTINCT table_name FROM seal_chunk"))}
        assert f"row_{number}" in names
        assert assert_each_alteration_is_named(session, number) > 60
        with altered(session, f"ALTER TABLE row_{number} RENAME TO other"):
            (difference,) = found(session)
            assert (difference.table, difference.what) == (f"row_{number}", "the whole table is missing")
