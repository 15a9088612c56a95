"""The style sheet of a grid as a person arranged it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal
from webtest import TestApp

from batchbook.grid import Column, GridLayout, Kind
from batchbook.master.personal_layout import layout_style

from .cakes import MasterHarness, form_of

COLUMNS = [
    Column(name, label, literal(""), Kind.TEXT) for name, label in (("row", "Row"), ("code", 'A "code"\n}'))
]


def test_labels_cannot_end_their_string() -> None:
    style = layout_style(COLUMNS, GridLayout())
    assert """[data-field="code"]::before { content: "A \\22 code\\22 \\a \\7d "; }""" in style
    assert style.count("{") == style.count("}") == 2 + len(COLUMNS) + 3


def test_frozen_columns_have_their_places_as_far_as_widths_are_known() -> None:
    style = layout_style(COLUMNS, GridLayout(frozen=2, widths={"row": 60}))
    assert """[data-field="row"] { width: 60px; min-width: 60px; max-width: 60px; }""" in style
    assert """[data-field="code"] { position: sticky; left: 60px; z-index: 1; }""" in style
    assert "left: 60px" not in layout_style(COLUMNS, GridLayout(frozen=2))


def test_a_style_sheet_is_kept_until_its_owner_arranges_the_columns(cakes: MasterHarness) -> None:
    sam = cakes.visitor("sam")
    url = style_in(sam)
    sheet = sam.get(url)
    assert (sheet.content_type, sheet.cache_control.max_age) == ("text/css", 31536000)
    assert '[data-field="price"]::before { content: "Price"; }' in sheet.text
    form = form_of(sam.get("/cakes"), "shown")
    form["place.price"] = "1"
    form.submit("do", value="apply")
    assert style_in(sam) != url
    assert sam.get(url).cache_control.max_age is None
    assert sam.get("/cakes/layout").status_int == 200


def style_in(browser: TestApp) -> Any:
    """Return the address of the style sheet of the grid itself."""
    links = browser.get("/cakes").html.select("link[rel=stylesheet]")
    return next(link["href"] for link in links if "/layout?" in link["href"])
