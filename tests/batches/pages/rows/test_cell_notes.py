"""The marks on cells: of those that were commented on, by one query for all rows of a window."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches.pages.rows.cell_notes import cell_notes
from batchbook.batches.review.comments import add_comment
from batchbook.db.transactions import transaction_scope


def test_a_cell_tells_its_latest_comment(harness: BatchHarness, engine: Engine) -> None:
    number = harness.open("item,counted,remark\n1,1,\n2,2,\n", shelf="A")
    with harness.engine() as acting:
        for text in ("One.", "Two."):
            add_comment(acting, number, text, 2, "remark")
    rows = [SimpleNamespace(sequence=sequence) for sequence in (1, 2)]
    with transaction_scope(engine, read_only=True) as session:
        notes = cell_notes(session, harness.on(session).find(number), rows)  # type: ignore[arg-type] - Rows by their numbers.
    assert {
        (row, field): [one.sentence for one in marks]
        for row, of_row in notes.items()
        for field, marks in of_row.items()
    } == {(2, "remark"): ["staff commented: Two. 1 earlier comment."]}
