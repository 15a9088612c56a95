"""Many changed cells are packed into chunks, which say the same as rows would."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session
from tests.batches.editing.undoing import fill, table, undo
from tests.batches.harness import BatchHarness

from batchbook.batches import cell_chunks
from batchbook.batches.cell_chunks import CellChunk, StoredCell, cells_between, packed_cells, unpacked
from batchbook.batches.freeze import MESSAGE
from batchbook.batches.history import Cell, add_cells, record
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import CellChange
from batchbook.batches.rows.issues import issue
from batchbook.db.transactions import transaction_scope

#: Texts that JSON, COPY or SQL write otherwise than they are.
TEXTS = (None, "", "0012", "1.50", "null", 'a "b" \\ c', "tab\tand\nline", "Käse, 100 %", "\u2028 😀")


def stored(session: Session, batch_id: int) -> tuple[int, int]:
    """Return how many cells of the batch are rows, and how many chunks there are."""
    rows = session.scalar(select(func.count()).where(CellChange.batch_id == batch_id)) or 0
    return rows, session.scalar(select(func.count()).where(CellChunk.batch_id == batch_id)) or 0


def test_few_cells_are_rows_and_many_are_packed(harness: BatchHarness) -> None:
    batch_id = harness.create(shelf="A")
    odd = issue("counted", "invalid", "This is no number.", raw="lots")
    cells = [
        Cell(n, "remark", TEXTS[n % 9], TEXTS[(n + 4) % 9], [odd] if n % 50 == 0 else None)
        for n in range(1, 2_501)
    ]
    with harness.engine() as engine:
        session, context = engine.session, engine.context_of(engine.find(batch_id))
        operation = record(context.handler_context, context.batch, "fill", "Filled.", cells[:199])
        assert stored(session, batch_id) == (199, 0)
        add_cells(session, operation, cells[199:])
        assert stored(session, batch_id) == (199, 3)
        number, connection = operation.number, session.connection()
        found = cells_between(connection, batch_id, number, 0, 2_499)
        assert [Cell(*cell[3:]) for cell in found] == cells
        assert [cell.position for cell in found] == [*range(2_500)]
        assert cells_between(connection, batch_id, number, 150, 1_300) == found[150:1_301]
        assert [*packed_cells(connection, batch_id)] == found[199:]
        assert [*packed_cells(connection, batch_id, (number, 2_300))] == found[2_301:]
        chunks = select(CellChunk.first_sequence, CellChunk.last_sequence).order_by(CellChunk.position)
        assert session.execute(chunks).all() == [(200, 1_199), (1_200, 2_199), (2_200, 2_500)]
    assert [cell[2:] for cell in harness.cells(batch_id)] == [cell[:4] for cell in cells]


@pytest.mark.parametrize(
    "change",
    [
        {"cells": 3}, {"first_sequence": 0}, {"last_sequence": 9}, {"data": "[[1,"}, {"data": "7"},
        {"data": '[["x","remark","a","b"],[2,"remark","a","b"]]'}, {"data": '[[1,"remark"],[2,"remark"]]'},
    ],
)  # fmt: skip
def test_a_chunk_that_contradicts_itself_has_no_cells(change: dict[str, object]) -> None:
    data = json.dumps([[1, "remark", "a", "b"], [2, "remark", None, "c", [{"field": "remark"}]]])
    chunk = {
        "batch_id": 5,
        "operation": 2,
        "position": 10,
        "cells": 2,
        "first_sequence": 1,
        "last_sequence": 2,
        "data": data,
    }
    assert unpacked([*chunk.values()]) == [
        StoredCell(5, 2, 10, 1, "remark", "a", "b", None),
        StoredCell(5, 2, 11, 2, "remark", None, "c", [{"field": "remark"}]),
    ]
    assert unpacked([*(chunk | change).values()]) == []


def test_packed_cells_are_undone_and_frozen_with_their_batch(
    engine: Engine, harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_chunks, "CHUNK_CELLS", 100)
    lines = "".join(f"{number:05},{number},\n" for number in range(240))
    batch_id = harness.open(f"item,counted,remark\n{lines}", shelf="A")
    before = table(harness, batch_id)
    fill(harness, batch_id, {number: {"counted": "900", "remark": "y"} for number in range(1, 241)})
    fill(harness, batch_id, {number: {"counted": "8"} for number in range(20, 30)})
    assert undo(harness, batch_id).undone == 10
    assert undo(harness, batch_id).undone == 480
    assert table(harness, batch_id) == before
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    with transaction_scope(engine, read_only=True) as session:
        assert stored(session, batch_id) == (20, 10)
    own = CellChunk.batch_id == batch_id
    for attack in (update(CellChunk).where(own).values(data="[]"), delete(CellChunk).where(own)):
        with pytest.raises(Exception, match=MESSAGE), transaction_scope(engine) as session:
            session.execute(attack)
