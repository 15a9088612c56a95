# ruff: noqa: RUF001 - Letters of another alphabet are meant.
"""The page that shows how a batch's file is read, and reads it otherwise."""

from __future__ import annotations

import pytest
from tests.functional.harness import (
    OWN,
    CatalogueDatabase,
    column_of,
    form_with,
    number_in,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp

HEAD = "item_code,description,size,price\n"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_was_guessed_of_a_file_can_be_said_otherwise(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    """Nobody can tell what 1,500 is, or whether the last row is a record: somebody says."""
    lines = "A list of ours;;\nitem_code;what;price\n000000011;RYE;1,500\n000000012;WHEAT;2,250\n"
    number = number_in(upload(staff, lines, vendor_code="V1"))
    before = catalogue.dump(without=OWN)
    page = staff.get(url_of(number, "intake"))
    assert form_with(page, "header_row")["header_row"].value == "2"
    assert catalogue.dump(without=OWN) == before
    form = form_with(page, "header_row")
    form["decimal.2"], form["left_out"] = ",", "4"
    page = form.submit("do", value="look").follow()
    assert form_with(page, "header_row")["decimal.2"].value == ","
    assert "1.5" in text_of(page, "[aria-label='First rows of the file']")
    assert "WHEAT" not in text_of(page, "[aria-label='First rows of the file']")
    form = form_with(page, "header_row")
    form["left_out"] = "the last"
    assert "“the last” is not a row number" in text_of(form.submit("do", value="look", status=422))
    page = form_with(page, "header_row").submit("do", value="guess").follow()
    assert form_with(page, "header_row")["left_out"].value == ""
    form = form_with(page, "header_row")
    form["header_row"] = "900"
    refused = form.submit("do", value="look", status=422)
    assert form_with(refused, "header_row")["header_row"].value == "900"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_first_reading_is_confirmed_by_going_on(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    page = upload(staff, f"{HEAD}000000011,Печенье,500 г,2.20\n".encode("cp1251"), vendor_code="V1").follow()
    page = form_with(page, "header_row").submit("do", value="columns").follow()
    page = form_with(page, "column.item_code").submit("do", value="populate").follow()
    assert column_of(page, "Description") == ["Печенье"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_characters_that_are_taken_nowhere_stop_nothing(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    lines = f"{HEAD[:-1]},note\n000000011,RYE,500 G,2.20,süß\n".encode("cp1252")
    number = number_in(upload(staff, lines, vendor_code="V1"))
    assert (catalogue.batch(number).state, catalogue.row(number, 1).description) == ("open", "RYE")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_odd_lines_are_asked_about(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    lines = f"{HEAD}000000011,Käse,500 g,2.20\n".encode() + "000000021,Café,1 kg,8.00\n".encode("latin-1")
    page = upload(staff, lines, vendor_code="V1").follow()
    assert "1 line is not UTF-8 as the rest of the file is: 3." in text_of(page)
    form = form_with(page, "header_row")
    assert form["odd_lines"].value == "cp1252"
    page = form.submit("do", value="columns").follow()
    page = form_with(page, "column.item_code").submit("do", value="populate").follow()
    assert column_of(page, "Description") == ["Käse", "Café"]
