"""Label templates of the settings: what cannot be printed is told at start-up, in a sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError

from batchbook.types.labels.shipped_templates import SHIPPED
from batchbook.types.labels.templates import (
    Barcode,
    BarcodeKind,
    Box,
    LabelSize,
    LabelTemplate,
    Paper,
    Price,
    Sheet,
    Text,
    problems_of,
    templates_from,
)

TEXT = Text(field="description", x=2, y=2, width=40, height=5, font=9)
ROLL = LabelTemplate(
    paper=Paper.ROLL, size=LabelSize.SMALL, title="Ours", width=50, height=20, elements=(TEXT,)
)
SHEET = Sheet(width=100, height=60, columns=2, rows=3, left=0, top=0, right=50, down=20)
ON_SHEETS = replace(ROLL, paper=Paper.LETTER, sheet=SHEET)
NOT_THERE = "acme.nowhere:TEMPLATES"
NO_TEMPLATES: Any = {"a": 1}
BROKEN = (replace(ROLL, elements=(replace(TEXT, field="colour"),)),)
WRONG_LENGTH = (replace(ROLL, width="50"),)  # type: ignore[arg-type]


def barcode(**more: Any) -> Barcode:
    return Barcode(**{"x": 2, "y": 8, "width": 40, "height": 10, **more})


@pytest.mark.parametrize("template", [ROLL, ON_SHEETS])
def test_a_good_one_has_no_problems(template: LabelTemplate) -> None:
    elements = (
        TEXT,
        Price(x=2, y=2, width=20, height=5, font=20),
        barcode(content="{upc}"),
        Box(x=0, y=0, width=1, height=1),
    )
    assert [*problems_of(replace(template, elements=elements))] == []


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a text", "it is no LabelTemplate."),
        (replace(ROLL, paper="parchment"), "there is no paper “parchment” with labels of the size “small”."),
        (replace(ROLL, sheet=SHEET), "a roll has no sheet, and every other paper has one."),
        (replace(ON_SHEETS, sheet=None), "a roll has no sheet, and every other paper has one."),
        (replace(ROLL, elements=()), "a label has a width, a height and something on it."),
        (replace(ROLL, width=0, elements=()), "a label has a width, a height and something on it."),
        (replace(ON_SHEETS, sheet=replace(SHEET, rows=0)), "a sheet has at least one column and one row."),
        (replace(ON_SHEETS, sheet=replace(SHEET, right=49)), "its labels overlap on the sheet."),
        (replace(ON_SHEETS, sheet=replace(SHEET, top=1)), "its labels lie beyond the edge of the sheet."),
        (replace(ON_SHEETS, sheet=replace(SHEET, left=-1)), "its labels lie beyond the edge of the sheet."),
    ],
)  # fmt: skip
def test_papers_that_cannot_be(template: Any, said: str) -> None:
    assert said in [*problems_of(template)]


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ("a text", "element 1, a str, is no Box, Text, Price or Barcode."),
        (replace(TEXT, width=0), "element 1, a Text, has no width or no height."),
        (replace(TEXT, x=11), "element 1, a Text, lies beyond the edge of the label."),
        (replace(TEXT, y=-1), "element 1, a Text, lies beyond the edge of the label."),
        (replace(TEXT, align="middle"), "element 1, a Text, must be aligned left, center or right."),
        (replace(TEXT, font=3), "element 1, a Text, has a font of 3 points; 4 are the least that can be read."),
        (replace(TEXT, field="colour"), "element 1, a Text, has the field 'colour'; fields are description, size, unit,"),
        (replace(TEXT, text="New"), "element 1, a Text, must have either a field or a text."),
        (replace(TEXT, lines=0), "element 1, a Text, must have at least one line."),
        (barcode(kind="runes"), "element 1, a Barcode, has the kind 'runes'; kinds are auto, retail, code128, qr."),
        (barcode(module=0.1), "element 1, a Barcode, has bars of 0.1 mm; scanners need at least 0.19 mm."),
        (barcode(step=0.125, module=0.2), "element 1, a Barcode, has bars of 0.2 mm; scanners need at least 0.25 mm."),
        (barcode(height=4), "element 1, a Barcode, is 4 mm high; scanners need at least 5 mm."),
        (barcode(width=20), "element 1, a Barcode, is 20 mm wide; an EAN-13 that can be scanned needs 21.5 mm"),
        (barcode(content="{colour}"), "element 1, a Barcode, names {colour} in its content; fields are"),
        (barcode(content="{item_code.__class__}"), "element 1, a Barcode, names {item_code.__class__} in its content"),
        (barcode(content="{"), "element 1, a Barcode, has a content that cannot be read: "),
    ],
)  # fmt: skip
def test_elements_that_cannot_be(element: Any, said: str) -> None:
    assert any(problem.startswith(said) for problem in problems_of(replace(ROLL, elements=(element,))))


def test_a_narrow_qr_code_is_no_problem() -> None:
    assert [*problems_of(replace(ROLL, elements=(barcode(kind=BarcodeKind.QR, width=10),)))] == []


def test_templates_of_the_settings_replace_shipped_ones() -> None:
    settings = {"batchbook.labels.templates": f"{__name__}:ROLL {__name__}:ON_SHEETS"}
    templates = templates_from(settings, SHIPPED)
    assert templates.get("roll", "small") is ROLL
    assert templates.get("letter", "small") is ON_SHEETS
    assert templates.get("roll", "large") in SHIPPED
    assert templates_from({}, SHIPPED).get("roll", "small") in SHIPPED


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (NOT_THERE, f"The setting batchbook.labels.templates names '{NOT_THERE}', which is not there: ModuleNotFoundError"),
        (f"{__name__}:NOTHING", "which is not there: "),
        (f"{__name__}:NO_TEMPLATES", "which must be a tuple of LabelTemplates, and is {'a': 1}."),
        (f"{__name__}:BROKEN", f"The label template “Ours” in {__name__}:BROKEN cannot be printed: element 1, a Text, has the field"),
        (f"{__name__}:WRONG_LENGTH", "cannot be printed: a length is not a number: "),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_told_in_a_sentence(name: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        templates_from({"batchbook.labels.templates": name}, SHIPPED)
    assert said in str(caught.value)


def test_places_go_along_the_rows() -> None:
    assert [ON_SHEETS.place(number) for number in range(4)] == [(0, 0), (50, 0), (0, 20), (50, 20)]
    assert (ON_SHEETS.per_page, ON_SHEETS.page_size) == (6, (100, 60))
    assert (ROLL.per_page, ROLL.page_size, ROLL.place(0)) == (1, (50, 20), (0, 0))


def test_what_can_be_printed_on_is_named_by_its_standard_label() -> None:
    titles = templates_from({}, SHIPPED).titles()
    assert [*titles] == ["a4", "letter", "roll"]
    assert "57 × 32 mm" in titles["roll"]  # noqa: RUF001 - As it is written on the page.
