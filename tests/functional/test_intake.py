"""A list with other column names: looked at, mapped, taken in, and known the next time it comes."""

from __future__ import annotations

import pytest
from webtest import TestApp

from .harness import OWN, PATH, CatalogueDatabase, column_of, form_with, number_in, text_of, upload, url_of

#: The list of a vendor with columns of its own: codes that a spreadsheet stripped of zeros, prices with their currency.
THEIRS = """Artikel;Bezeichnung;Inhalt;Price from May
11;RYE BREAD;500 G;$ 2.20
000000021;OAT FLAKES;1 KG;8.00
000000012;WHEAT BREAD;500 G;2.70
000000013;PRETZEL;80 G;on request
"""


def chosen(page: object) -> dict[str, str]:
    """Return which column each field of a mapping page has, by the field's name."""
    form = form_with(page, "column.item_code")
    return {name[7:]: form[name].value for name in form.fields if name and name.startswith("column.")}


def test_a_list_with_other_names_is_looked_at_mapped_and_remembered(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    number = number_in(upload(staff, THEIRS, vendor_code="V1"))
    batch = staff.get(url_of(number))
    assert "Check the file" in text_of(batch)
    assert catalogue.batch(number).state == "new"
    page = staff.get(url_of(number, "intake"))
    assert "“list.csv”" in text_of(page, "h1")
    page = form_with(page, "header_row").submit("do", value="columns").follow()
    form = form_with(page, "column.item_code")
    form["column.item_code"], form["column.description"], form["column.size"] = "0", "1", "2"
    assert form["column.new_price"].value == "3"  # A guess: the names are similar.
    page = form.submit("do", value="look").follow()
    assert "on request" in text_of(page)
    form = form_with(page, "column.item_code")
    form["pad.item_code"] = True
    form["value.new_price.0"] = "0.60"
    form["save_as"] = "Mill"
    page = form.submit("do", value="populate").follow()
    assert column_of(page, "Item code") == ["000000011", "000000021", "000000012", "000000013"]
    assert column_of(page, "New price") == ["2.20", "8.00", "2.70", "0.60"]
    assert [(i["field"], i["raw"]) for i in catalogue.row(number, 1).issues] == [
        ("item_code", "11"),
        ("new_price", "$ 2.20"),
    ]
    assert "from “list.csv” by the mapping “Mill”: Item code from “Artikel”" in text_of(page)

    # The next list of the same vendor is known.
    again = number_in(upload(staff, THEIRS.replace("on request", "0.70"), vendor_code="V1"))
    assert catalogue.batch(again).state == "open"
    assert catalogue.row(again, 1).item_code == "000000011"
    # One of another vendor is asked about, and the saved mapping is offered.
    other = number_in(upload(staff, THEIRS, vendor_code="V2"))
    page = staff.get(url_of(other, "mapping"))
    assert chosen(page) == {"item_code": "", "description": "", "size": "", "new_price": "3"}
    page = form_with(page, "saved").submit("do", value="use").follow()
    assert chosen(page) == {"item_code": "0", "description": "1", "size": "2", "new_price": "3"}
    assert form_with(page, "column.item_code")["pad.item_code"].checked


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
def test_columns_that_are_missing_are_asked_for_and_texts_must_be_values(
    catalogue: CatalogueDatabase, staff: TestApp
) -> None:
    number = number_in(upload(staff, "Artikel;Was\n000000011;RYE\n"))
    page = staff.get(url_of(number, "mapping"))
    form = form_with(page, "column.item_code")
    form["column.item_code"] = "0"
    form["column.new_price"], form["constant.new_price"] = "constant", "much"
    page = form.submit("do", value="populate", status=422)
    assert "Description is needed: choose its column, or the same value for every row" in text_of(page)
    assert "“much” is not a number" in text_of(page)
    form = form_with(page, "column.item_code")
    form["column.new_price"], form["constant.new_price"] = "0", "1.50"
    page = form.submit("do", value="look", status=422)
    assert "A column is chosen as well: clear this value" in text_of(page)
    form = form_with(page, "column.item_code")
    form["column.new_price"] = ""  # A text for all rows is one, also where nothing is chosen.
    form["column.size"] = form["column.description"] = "constant"
    page = form.submit("do", value="populate").follow()
    assert column_of(page, "New price") == ["1.50"]
    assert catalogue.batch(number).state == "open"
    staff.get(url_of(number, "mapping"), status=409)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_rows_can_be_pasted(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "pasted")
    form["pasted"] = "item_code\tdescription\tsize\tprice\r\n000000011\tRYE\t500 G\t2.20\r\n"
    page = form.submit().follow()
    assert column_of(page, "New price") == ["2.20"]
    assert "pasted.tsv" in text_of(page, ".files")
    form = form_with(staff.get(f"{PATH}/new"), "pasted")
    form["pasted"] = "item_code\n"
    page = form.submit(status=422)
    assert "has a header row, and no row below it" in text_of(page, "#error-pasted")
    assert catalogue.batches() == 1


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_auditor_prepares_nothing(catalogue: CatalogueDatabase, staff: TestApp, auditor: TestApp) -> None:
    number = number_in(upload(staff, THEIRS))
    for page in ("intake", "mapping"):
        auditor.get(url_of(number, page), status=403)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_form_about_other_columns_is_not_taken(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    """Two pages are open: what one says of columns by their places must not be taken for what the other made of them."""
    number = number_in(upload(staff, THEIRS, vendor_code="V1"))
    old = form_with(staff.get(url_of(number, "mapping")), "column.item_code")
    form = form_with(staff.get(url_of(number, "intake")), "header_row")
    form["header_row"] = "2"
    form.submit("do", value="look").follow()
    page = old.submit("do", value="look", status=409)
    assert "since you opened this page" in page.text


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_mapping_that_somebody_else_saved_is_not_replaced(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    def saved_by(client: TestApp) -> TestApp:
        number = number_in(upload(client, THEIRS))
        form = form_with(client.get(url_of(number, "mapping")), "column.item_code")
        form["column.item_code"], form["column.description"], form["column.size"] = "0", "1", "2"
        form["save_as"] = "Mill"
        return form.submit("do", value="look", expect_errors=True)

    assert saved_by(staff).status_int == 303
    assert saved_by(staff).status_int == 303
    refused = saved_by(admin)
    assert refused.status_int == 422
    assert "staff has already saved a mapping as “Mill”, and it was left as it is" in text_of(refused)
