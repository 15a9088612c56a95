"""The marks on cells: of those that differ from the file, and those that were commented on."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches.pages.rows.cell_notes import CellMarks
from batchbook.batches.review.comments import add_comment
from batchbook.db.transactions import transaction_scope
from batchbook.grid import CANONICAL


def test_a_cell_tells_what_the_file_had_and_its_latest_comment(harness: BatchHarness, engine: Engine) -> None:
    number = harness.open("item,counted,remark\n1,1,\n2,2,\n", shelf="A")
    harness.edit(number, 2, remark="seen")
    harness.edit(number, 2, counted="5")
    harness.edit(number, 1, counted="7")
    harness.edit(number, 1, counted="1")
    with harness.engine() as acting:
        for text in ("One.", "Two."):
            add_comment(acting, number, text, 2, "remark")
    rows = [SimpleNamespace(sequence=sequence) for sequence in (1, 2)]
    with transaction_scope(engine, read_only=True) as session:
        batch = harness.on(session).find(number)
        marks = CellMarks(harness.on(session).context_of(batch), "file", CANONICAL)
        notes = marks.of(rows)  # type: ignore[arg-type] - Rows by their numbers.
    assert {
        (row, field): [one.sentence for one in found]
        for row, of_row in notes.items()
        for field, found in of_row.items()
    } == {
        (2, "remark"): ["Entered here: “seen”.", "staff commented: Two. 1 earlier comment."],
        (2, "counted"): ["In the file: “2”. Here: “5”."],
    }
