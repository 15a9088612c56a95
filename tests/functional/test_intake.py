"""A list with other column names: looked at, mapped, taken in, and known the next time it comes."""

from __future__ import annotations

from webtest import TestApp

from .harness import CatalogueDatabase, column_of, form_with, number_in, text_of, upload, url_of

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
