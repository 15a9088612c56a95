"""The shipped templates can be printed, nothing on them overlaps, and their barcodes can be scanned."""

from __future__ import annotations

from itertools import combinations

import pytest
from tests.types.labels.printed import OFFICE, THERMAL, barcodes, pdf_of

from batchbook.types.labels.shipped_templates import SHIPPED
from batchbook.types.labels.templates import LabelSize, LabelTemplate, Paper, Text, problems_of

LABELS = [
    {"upc": "012000161155", "item_code": "000032265", "description": "CANDY BARS (SINGLES)"},
    {"upc": "4006381333931", "item_code": "000032456", "description": "Grüner Tee"},
    {"upc": "96385074", "item_code": "000032457", "description": "Гречка отборная"},
    {"upc": "", "item_code": "000035334", "description": "No barcode"},
    {"upc": "4006381333930", "item_code": "AB-1/x>^~", "description": "A wrong one"},
    {"upc": "", "item_code": "ABC-123/45678901234", "description": "A long code"},
]  # fmt: skip
SCANNED = {
    "0012000161155", "4006381333931", "96385074", "000035334", "AB-1/x>^~", "ABC-123/45678901234",
}  # fmt: skip
NAMES = [f"{one.paper}-{one.size}" for one in SHIPPED]


def test_there_is_one_for_each_paper_and_size() -> None:
    assert {(one.paper, one.size) for one in SHIPPED} == {
        (paper, size) for paper in Paper for size in LabelSize
    }
    assert len(SHIPPED) == len(Paper) * len(LabelSize)


@pytest.mark.parametrize("template", SHIPPED, ids=NAMES)
def test_each_can_be_printed_and_nothing_overlaps(template: LabelTemplate) -> None:
    assert [*problems_of(template)] == []
    for one, other in combinations(template.elements, 2):
        apart = (
            one.x + one.width <= other.x + 0.01
            or other.x + other.width <= one.x + 0.01
            or one.y + one.height <= other.y + 0.01
            or other.y + other.height <= one.y + 0.01
        )
        assert apart, (one, other)


@pytest.mark.parametrize("template", SHIPPED, ids=NAMES)
def test_each_shows_what_a_shelf_label_needs(template: LabelTemplate) -> None:
    fields = {one.field for one in template.elements if isinstance(one, Text)}
    kinds = {type(one).__name__ for one in template.elements}
    assert {"description", "size"} <= fields
    assert {"Price", "Barcode"} <= kinds


@pytest.mark.parametrize("template", SHIPPED, ids=NAMES)
def test_every_code_can_be_scanned_from_an_office_printer(template: LabelTemplate) -> None:
    assert {text for _, text in barcodes(pdf_of(template, *LABELS), OFFICE)} == SCANNED


@pytest.mark.parametrize("template", [one for one in SHIPPED if one.paper == Paper.ROLL], ids=NAMES[-3:])
def test_every_code_can_be_scanned_from_a_label_printer(template: LabelTemplate) -> None:
    assert {text for _, text in barcodes(pdf_of(template, *LABELS), THERMAL)} == SCANNED


def test_sheets_fit_the_paper_of_their_names() -> None:
    sizes = {one.paper: one.sheet for one in SHIPPED if one.sheet}
    assert (sizes[Paper.A4].width, sizes[Paper.A4].height) == (210, 297)
    assert (sizes[Paper.LETTER].width, sizes[Paper.LETTER].height) == pytest.approx((8.5 * 25.4, 11 * 25.4))
    counts = {(one.paper, one.size): one.per_page for one in SHIPPED}
    assert counts[Paper.A4, LabelSize.STANDARD] == 24
    assert counts[Paper.LETTER, LabelSize.STANDARD] == 30
    assert counts[Paper.ROLL, LabelSize.STANDARD] == 1
