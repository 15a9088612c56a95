"""SQL finds changed cells in rows and in chunks alike, and unpacks no chunk that cannot have them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from tests.batches.editing.undoing import fill, undo
from tests.batches.harness import BatchHarness
from tests.batches.shelf_count import ShelfCountRow

from batchbook.batches import cell_chunks
from batchbook.batches.cell_chunks import CellChunk
from batchbook.batches.changed_cells import ChangedCell, among_first, cells_at, in_row, in_rows
from batchbook.batches.changed_rows import (
    all_differing_cells,
    changed_by_others,
    differing_cells,
    edited_sequences,
    first_changes,
    is_latest_and_differs,
    original_text,
)
from batchbook.batches.policies.field_rules import EVERYTHING
from batchbook.db.transactions import transaction_scope

ROWS = 260
FILE = "item,counted,remark\n" + "".join(
    f"{n:05},{'lots' if n % 50 == 0 else n},{'old' if n % 2 else ''}\n" for n in range(ROWS)
)


def changed(harness: BatchHarness) -> int:
    """Return the number of a batch whose rows people changed by single edits and by many at once, and removed."""
    ann, bob = harness.by("ann"), harness.by("bob")
    batch_id = harness.open(FILE, shelf="A")
    ann.edit(batch_id, 7, remark="by hand")
    fill(
        ann,
        batch_id,
        {n: {"counted": str(n), "remark": f"R{n}"} for n in range(1, ROWS + 1)},
    )
    fill(bob, batch_id, {n: {"remark": "" if n % 3 else "again"} for n in range(ROWS, 10, -1)})
    bob.remove_where(batch_id, ShelfCountRow.sequence > 20)
    fill(ann, batch_id, {n: {"counted": "999"} for n in (3, 5, 7)})
    assert undo(ann, batch_id).undone == 3
    return batch_id


def answers(harness: BatchHarness, batch_id: int) -> dict[str, Any]:
    """Return what is asked of the history of a batch."""
    cell = ChangedCell
    of_batch = cell.batch_id == batch_id
    place = (cell.operation, cell.position)
    with transaction_scope(harness.database, read_only=True) as session:

        def found(statement: Any) -> list[tuple[Any, ...]]:
            return sorted((tuple(row) for row in session.execute(statement)), key=repr)

        first = first_changes(batch_id)
        return {
            "cells": [one[:6] for one in harness.cells(batch_id)],
            "issues": found(select(*place, cell.issues).where(of_batch, cell.issues.is_not(None))),
            "row": found(select(*place, cell.new, original_text(cell)).where(of_batch, in_row(cell, 150))),
            "window": [*differing_cells(session, batch_id, range(95, 120))],
            "beginning": found(select(*place, cell.new).where(of_batch, among_first(cell, 20))),
            "differing": found(all_differing_cells(batch_id)),
            "latest": found(select(*place).where(of_batch, is_latest_and_differs(batch_id))),
            "edited": found(edited_sequences(batch_id, EVERYTHING)),
            "others": found(changed_by_others(batch_id, "ann", 0)),
            "first": found(select(first.c.sequence, first.c.field, first.c.old)),
        }


def test_packed_cells_give_the_same_answers_as_rows(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_chunks, "CHUNK_CELLS", 100)
    packed = answers(harness, changed(harness))
    monkeypatch.setattr(cell_chunks, "FEWEST_PACKED", 10**6)
    as_rows = answers(harness, changed(harness))
    for name, answer in as_rows.items():
        assert answer, name
        assert packed[name] == answer, name


def test_a_cell_is_found_without_unpacking_other_chunks(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_chunks, "CHUNK_CELLS", 100)
    batch_id, cell = harness.open(FILE, shelf="A"), ChangedCell
    fill(harness, batch_id, {n: {"remark": f"R{n}"} for n in range(1, ROWS + 1)})
    with transaction_scope(harness.database) as session:
        # Whoever unpacks one of these meets an error.
        others = (CellChunk.batch_id == batch_id, CellChunk.first_sequence != 101)
        assert session.execute(update(CellChunk).where(*others).values(data="nothing")).rowcount == 2
        own = select(cell.new).where(cell.batch_id == batch_id)
        assert session.scalars(own.where(in_row(cell, 150))).all() == ["R150"]
        few = [120, 150]
        assert session.scalars(own.where(in_rows(cell, cell.sequence.in_(few), few))).all() == [
            "R120",
            "R150",
        ]
        row = ShelfCountRow
        at = cells_at(row, row.batch_id, row.sequence, "remark")
        text = select(at.new).order_by(at.operation.desc()).limit(1).scalar_subquery()
        rows = select(row.sequence, text).where(row.batch_id == batch_id, row.sequence.in_(few))
        assert session.execute(rows.order_by(row.sequence)).all() == [(120, "R120"), (150, "R150")]
