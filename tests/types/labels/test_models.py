"""What header and rows of labels take, and what they refuse at the cell."""

from __future__ import annotations

import pytest
from tests.batches.harness import BatchHarness
from tests.types.labels.label_batches import opened

from batchbook.batches import Severity
from batchbook.batches.editing import CellProblems
from batchbook.types.labels.models import MOST_COPIES, PRINTABLE, USUAL, LabelStatus


def test_a_row_with_a_product_can_be_printed_whatever_else_is_the_matter() -> None:
    assert {*LabelStatus} - {*PRINTABLE} == {LabelStatus.NOT_FOUND}
    assert {*USUAL} < {*PRINTABLE}
    assert {one.severity for one in LabelStatus if one not in USUAL} == {Severity.WARNING}
    assert len({one.sign for one in LabelStatus}) == len(LabelStatus)


@pytest.mark.parametrize(
    "texts",
    [
        {"paper": "parchment"},
        {"label_size": "huge"},
        {"changed_since": "soon"},
        {"price_changed_since": "2026-02-30"},
    ],
)
def test_fields_of_the_header_are_checked(harness: BatchHarness, texts: dict[str, str]) -> None:
    with pytest.raises(CellProblems) as caught:
        harness.create(**texts)
    assert set(caught.value.problems) == set(texts)


@pytest.mark.parametrize("copies", ["0", "-1", "1.5", str(MOST_COPIES + 1), "", "many"])
def test_copies_are_a_whole_number_from_1_on(harness: BatchHarness, copies: str) -> None:
    number = opened(harness, department="GROCERY")
    with pytest.raises(CellProblems) as caught:
        harness.edit(number, 1, copies=copies)
    assert set(caught.value.problems) == {"copies"}
    harness.edit(number, 1, copies=str(MOST_COPIES))
    assert harness.row(number, 1).copies == MOST_COPIES


def test_a_row_without_a_size_has_that_of_its_batch(harness: BatchHarness) -> None:
    number = opened(harness, department="GROCERY")
    assert harness.row(number, 1).label_size is None
    harness.edit(number, 1, label_size="small")
    harness.edit(number, 1, label_size="")
    assert harness.row(number, 1).label_size is None


def test_paper_and_size_can_be_changed_later_and_the_query_cannot(harness: BatchHarness) -> None:
    number = opened(harness, department="GROCERY")
    assert harness.edit_header(number, paper="roll", label_size="large") == ["Print on", "Label size"]
    with pytest.raises(Exception, match="department"):
        harness.edit_header(number, department="PRODUCE")
