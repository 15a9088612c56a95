"""The pictures of the preview: places, outlines, and texts that stay texts."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from batchbook.types.labels.fonts import fonts_of
from batchbook.types.labels.shipped_templates import SHIPPED
from batchbook.types.labels.svg import page_as_svg
from batchbook.types.labels.templates import LabelTemplate
from batchbook.types.labels.typesetting import Typesetter

ON_A4, ROLL = SHIPPED[0], SHIPPED[6]
TEA = {"description": "Tea", "price": "2.49", "upc": "4006381333931", "item_code": "000032456"}


def drawn(template: LabelTemplate, *labels: dict[str, str], first: int = 0) -> Any:
    marks = [Typesetter(template, fonts_of()).marks(fields) for fields in labels]
    return ET.fromstring(page_as_svg(template, marks, first, "Labels <12>"))


def texts(svg: Any) -> list[str]:
    return [one.text for one in svg.iter("{http://www.w3.org/2000/svg}text")]


def places(svg: Any) -> list[str]:
    return [one.get("transform") for one in svg.iter("{http://www.w3.org/2000/svg}g")]


def test_a_sheet_is_shown_with_all_its_places() -> None:
    svg = drawn(ON_A4, *[TEA] * 2, first=19)
    assert svg.get("viewBox") == "0 0 210 297"
    assert places(svg) == ["translate(70 222.5)", "translate(140 222.5)"]
    outlines = [one for one in svg.iter("{http://www.w3.org/2000/svg}rect") if one.get("stroke")]
    assert len(outlines) == 24
    assert sum(one.get("stroke-dasharray") is not None for one in outlines) == 22


def test_most_of_an_empty_sheet_is_left_out() -> None:
    svg = drawn(ON_A4, *[TEA] * 4)
    assert svg.get("viewBox") == "0 0 210 89.3"
    outlines = [one for one in svg.iter("{http://www.w3.org/2000/svg}rect") if one.get("stroke")]
    assert len(outlines) == 9


def test_labels_of_a_roll_are_shown_side_by_side() -> None:
    svg = drawn(ROLL, *[TEA] * 4)
    assert places(svg) == ["translate(4 4)", "translate(65 4)", "translate(126 4)", "translate(4 40)"]
    assert svg.get("viewBox") == "0 0 187 76"


def test_it_has_the_texts_of_the_label() -> None:
    found = texts(drawn(ROLL, TEA))
    assert found == ["Tea", "2.", "49", "4", "006381", "333931", "000032456"]


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", '"/><a href="javascript:x">', "]]>", "&amp;", "a\x00\x0b\x1bb", "\ufffe"],
)
def test_whatever_a_text_says_it_is_text(text: str) -> None:
    svg = drawn(ROLL, {**TEA, "description": text, "item_code": text[:20]})
    assert {one.tag.rpartition("}")[2] for one in svg.iter()} == {
        "svg", "title", "rect", "g", "path", "text",
    }  # fmt: skip
    assert svg.find("{http://www.w3.org/2000/svg}title").text == "Labels <12>"


def test_nothing_in_it_needs_a_style_or_a_script() -> None:
    source = page_as_svg(ON_A4, [Typesetter(ON_A4, fonts_of()).marks(TEA)])
    assert "style" not in source
    assert "script" not in source
    assert "href" not in source


def test_a_page_without_labels_is_a_picture_all_the_same() -> None:
    assert drawn(ROLL).get("viewBox") == "0 0 65 40"
    assert drawn(ON_A4).get("viewBox") == "0 0 210 52.3"
