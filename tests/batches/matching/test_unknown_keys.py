"""The unknown codes of a batch, in the order of their rows, page by page."""

from __future__ import annotations

import pytest
from tests.batches.harness import BatchHarness

from batchbook.batches.matching.unknown_keys import count_unmatched, unmatched_keys


@pytest.mark.parametrize("backend", ["sqlite"])
def test_codes_are_listed_by_pages(harness: BatchHarness) -> None:
    lines = "".join(f"X{number},Thing {number},,1.00\n" for number in range(7))
    batch_id = harness.open(f"item_code,description,size,price\n{lines}000000011,RYE,,1.00\n")
    harness.remove(batch_id, 3)
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        assert count_unmatched(context) == 6
        pages = [unmatched_keys(context, 4, offset, proposing=True) for offset in (0, 4)]
        assert [[one.key for one in page] for page in pages] == [["X0", "X1", "X3", "X4"], ["X5", "X6"]]
        (one,) = unmatched_keys(context, 4, key="X5", proposing=True)
        assert (one.description, one.rows, one.first) == ("Thing 5", 1, 6)
