"""Item codes that the catalogue lacks are matched with products, by a declaration of the type."""

from __future__ import annotations

from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.matching.matcher import Matcher
from batchbook.types.price_change.matching import MATCHING
from batchbook.types.price_change.models import PriceChange, PriceChangeRow

LIST = "item_code,description,size,price\nX-1,Item,,1.50\n000000004,Item 4,,9.00\n"


def test_the_declaration_fits_the_models() -> None:
    MATCHING.check(PriceChange, PriceChangeRow)


def test_a_note_tells_the_code_of_the_list_beside_other_remarks(
    harness: BatchHarness, users: dict[str, str]
) -> None:
    batch_id = harness.open(LIST, vendor_code="V1")
    with harness.engine() as engine:
        Matcher(engine).match(batch_id, "X-1", "000000001")
    assert harness.row(batch_id, 1).status_text == (
        "Changes by more than 20.00 %. Matched by hand: “X-1” in the list."
    )
    again = harness.open(LIST, vendor_code="V1")
    assert harness.row(again, 1).status_text == (
        "Changes by more than 20.00 %. Taken from an earlier match: “X-1” in the list."
    )
    # Whoever types another code matches by hand; the code of the list itself is no match.
    harness.edit(again, 1, item_code="000000002")
    assert harness.row(again, 1).status_text.endswith("Matched by hand: “X-1” in the list.")
    harness.edit(again, 1, item_code="X-1")
    assert (harness.row(again, 1).status, harness.row(again, 1).status_text) == ("not_in_catalogue", None)


def test_matched_rows_are_executed(harness: BatchHarness) -> None:
    batch_id = harness.open(LIST, vendor_code="V1")
    with harness.engine() as engine:
        Matcher(engine).match(batch_id, "X-1", "000000001")
    harness.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    outcome = harness.batch(batch_id).execution_outcome
    assert outcome is not None
    assert outcome["figures"]["applied"] == 1
