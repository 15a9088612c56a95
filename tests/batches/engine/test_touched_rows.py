"""Rows that edits of many rows touch."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, stock

from batchbook.batches.editing import BulkEditor
from batchbook.batches.engine import touched_rows


@pytest.mark.parametrize("together", [50_000, 3])
def test_rows_far_apart_and_their_peers_of_before_and_after_are_refreshed_and_counted(
    engine: Engine, harness: BatchHarness, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(touched_rows, "_AT_ONCE", together)
    stock(engine, *((f"{number:03}", number) for number in range(60)))
    lines = [f"{number:03},{number}," for number in range(50)]
    # Each of the last ten rows has the code of a row among the first ones.
    lines += [f"{2 * number:03},{2 * number}," for number in range(10)]
    batch_id = harness.open("item,counted,remark\n" + "\n".join(lines) + "\n", shelf="A")
    assert harness.statuses(batch_id).count("twice") == 20
    texts = {51 + number: {"item_code": f"{2 * number + 1:03}"} for number in range(10)}
    texts |= {number: {"counted": "0"} for number in range(21, 50, 2)}
    with harness.engine() as at_work:
        BulkEditor(at_work).edit(batch_id, texts, "edit", "Changed some.")
    statuses = harness.statuses(batch_id)
    assert statuses[:20] == ["matches", "twice"] * 10
    assert statuses[50:] == ["twice"] * 10
    assert statuses[20:50:2] == ["differs"] * 15
    harness.assert_counted(batch_id)
