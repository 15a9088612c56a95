"""A vendor's list as people really send it, from the mail to the catalogue; and other tables that become records."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.batches.sheets import Book
from webtest import TestApp, Upload

from batchbook.catalog.models import Department, Product, Vendor

from .harness import OWN, CatalogueDatabase, column_of, counts_of, form_to, form_with, post, records, text_of

ONE = pytest.mark.parametrize("backend", ["sqlite"])
IMPORTS = "/batches/import"

#: A title above, a sum and a remark below; codes without their zeros, a decimal comma, a currency, words for numbers, a
#: department that the shop calls otherwise, an item that is new and one that is new and has no price.
LIST = """Mühle Nord, Preise ab Mai;;;;;
Art.-Nr.;Warenname;Abt.;VK netto;Lager;Hinweis
11;RYE BREAD;BAKERY;2,20 €;5;frisch
12;WHEAT BREAD;BAKERY;2,70 €;5;
13;PRETZEL;Backwaren;0,50 €;50;
21;OAT FLAKES;GROCERY;4,40 €;ausverkauft;kommt wieder
000000031;SPELT ROLL;Backwaren;0,60 €;80;neu
000000032;RUSK;GROCERY;;12;Preis folgt
Summe;;;10,40 €;;
Alle Preise zuzüglich MwSt.;;;;;
"""


def send(client: TestApp, data: bytes | str, name: str = "list.csv", status: int = 303, **header: str) -> Any:
    """Send the form for a new import, into products unless said otherwise; return the response."""
    form = form_with(client.get(f"{IMPORTS}/new"), "file")
    form["file"] = Upload(name, data.encode() if isinstance(data, str) else data)
    for field, text in {"target": "product", **header}.items():
        form[field] = text
    return form.submit(status=status)


def number_of(response: Any) -> int:
    found = re.search(rf"{IMPORTS}/(\d+)", response.headers["Location"])
    assert found is not None
    return int(found[1])


def url_of(number: int, *more: Any) -> str:
    return "/".join([IMPORTS, str(number), *map(str, more)])


def product(catalogue: CatalogueDatabase, code: str) -> tuple[Any, ...]:
    """Return what a product is: its words, price, stock, and what it belongs to."""
    p = Product
    wanted = (
        select(p.description, p.price, p.on_hand, Department.name, Vendor.code)
        .outerjoin(p.department).outerjoin(p.vendor).where(p.item_code == code)
    )  # fmt: skip
    with catalogue.engine.connect() as connection:
        return tuple(connection.execute(wanted).one())


def mapped(page: Any, **columns: str) -> Any:
    """Fill in the form of a mapping page: field → the place of its column; return the form."""
    form = form_with(page, "column.item_code")
    for field, place in columns.items():
        form[f"column.{field}"] = place
    return form


def fix_alike(page: Any, text: str, correction: str) -> Any:
    """Correct all cells of a page of problems that hold ``text``, after a look at the preview."""
    forms = [form for form in page.forms.values() if "with" in form.fields and form["text"].value == text]
    forms[0]["with"] = correction
    return form_with(forms[0].submit(), "seen").submit(status=303).follow()


def complete(client: TestApp, number: int) -> None:
    form_to(client.get(url_of(number)), "/complete").submit(status=303)


def execute(client: TestApp, number: int, status: int = 303, **options: Any) -> Any:
    form = form_to(client.get(url_of(number)), "/execute")
    for name, value in options.items():
        form[name] = value
    return form.submit(status=status)


def test_a_list_as_it_comes_by_mail_becomes_products(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    sent = send(staff, LIST.encode("cp1252"), "Preisliste Mai.csv", sender="Mühle Nord")
    number = number_of(sent)

    # File summary, each guess with its evidence. What stands below the records is no record.
    page = sent.follow()
    found = text_of(page)
    assert "Encoding cp1252" in found
    assert "Decimal comma: “2,20 €” in row 3 can only be read that way." in found
    assert "Row 9 looks like a total, so it is skipped: Summe" in found
    assert "Row 10 looks like a note below the table, so it is skipped: Alle Preise" in found
    assert "2,20 € read as: 2.20" in found
    form = form_with(page, "header_row")
    assert form["header_row"].value == "2"
    assert form["left_out"].value == "9, 10"
    page = form.submit("do", value="columns").follow()

    # Its columns: one known by a name, others chosen, one text for all rows, and one that is carried along.
    assert "Matched by a similar name." in text_of(page)
    form = mapped(page, description="1", department="2", price="3", on_hand="4", vendor="constant")
    form["constant.vendor"] = "V1"
    form.fields["carried"][5].checked = True
    page = form.submit("do", value="look").follow()
    assert "4 codes in the file have 2: a spreadsheet may have stripped their zeros" in text_of(page)
    form = mapped(page)
    form["pad.item_code"] = True
    form["value.on_hand.0"] = "0"  # What “ausverkauft” means.
    form["save_as"] = "Mühle"
    page = form.submit("do", value="populate").follow()

    assert column_of(page, "Item code")[3:5] == ["000000021", "000000031"]
    assert column_of(page, "Changes") == ["Price", "Price", "Department", "Price, On hand", "", ""]
    assert column_of(page, "Hinweis") == ["frisch", "", "", "kommt wieder", "neu", "Preis folgt"]
    assert counts_of(page) == {
        "All": 6, "Create": 0, "Update": 3, "Unchanged": 0, "Delete": 0, "Left out": 0, "Changed since": 0, "No longer there": 0,
        "Duplicate in file": 0, "Similar key": 0, "Has problems": 3,
    }  # fmt: skip

    # One correction for both rows with the same wrong department. A price that nobody knows yet has to wait.
    page = fix_alike(page.click("3 rows have problems"), "Backwaren", "BAKERY")
    assert "1 problem in 1 row" in text_of(page)
    complete(staff, number)
    before = catalogue.prices()
    assert "1 row has problems" in text_of(execute(admin, number, 409))
    assert catalogue.prices() == before
    page = execute(admin, number, apply="good").follow()
    assert "Products: 3 updated, 1 created. 1 row went into batch 00000002." in text_of(page)
    assert product(catalogue, "000000021") == ("OAT FLAKES", Decimal("4.40"), 0, "GROCERY", "V1")
    assert product(catalogue, "000000031") == ("SPELT ROLL", Decimal("0.60"), 80, "BAKERY", "V1")
    assert [line[:3] for line in catalogue.price_history()] == [
        ("000000011", Decimal("2.00"), Decimal("2.20")),
        ("000000012", Decimal("3.00"), Decimal("2.70")),
        ("000000021", Decimal("4.00"), Decimal("4.40")),
    ]

    # The rest is a batch like any other. It goes to the vendor as their own list, and comes back with the price.
    page = page.click("Rows that were left out").follow()
    book = Book.read(page.click("Download rows with problems").body)
    assert book.rows[0][1:7] == ["Art.-Nr.", "Warenname", "Abt.", "VK netto", "Lager", "Hinweis"]
    book[1, "VK netto"] = "1,10 €"
    form = form_to(staff.get(url_of(2)), "/worksheets")
    form["file"] = Upload("zurück.xlsx", book.save())
    page = form_with(form.submit(status=303).follow(), "seen").submit(status=303).follow()
    assert "Changed 1 cell in 1 row from the worksheet." in text_of(page)
    complete(staff, 2)
    assert "Products: 1 created." in text_of(execute(admin, 2).follow())
    assert product(catalogue, "000000032")[:2] == ("RUSK", Decimal("1.10"))

    # Who audits sees all of it, and changes nothing.
    page = auditor.get(url_of(number))
    assert "Import into Products" in text_of(page)
    assert [form.action for form in page.forms.values() if form.method == "POST"] == [
        form.action for form in admin.get("/").forms.values() if form.method == "POST"
    ]
    frozen = catalogue.dump(without=OWN)
    for client in (auditor, admin):
        for path in ("rows/1/edit", "execute", "reopen", "delete", "mapping"):
            client.post(url_of(number, path), {"csrf_token": "none"}, expect_errors=True)
    assert catalogue.dump(without=OWN) == frozen
    assert "000000031" in auditor.get(url_of(number, "rows.csv")).text


@ONE
def test_the_next_list_of_the_same_sender_needs_nobody(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    lines = "Art.-Nr.;Warenname;Abt.;VK netto\n{};Backwaren;{}\n"
    number = number_of(send(staff, lines.format("000000011;RYE BREAD", "2,20"), sender="Mühle"))
    form = mapped(staff.get(url_of(number, "mapping")), description="1", department="2", price="3")
    form.submit("do", value="populate", status=303)
    fix_alike(staff.get(url_of(number, "problems")), "Backwaren", "BAKERY")
    complete(staff, number)
    assert "1 updated" in text_of(execute(admin, number).follow())

    # The columns are those of last time, and so is what “Backwaren” means.
    page = send(staff, lines.format("000000012;WHEAT BREAD", "3,10"), sender="Mühle").follow()
    assert column_of(page, "Status") == ["Update"]
    assert column_of(page, "Changes") == ["Price"]
    assert "Backwaren" in text_of(staff.get(url_of(number + 1, "rows", 1)).click("View in file"))
    # Somebody else's list with the same columns is asked about.
    other = number_of(send(staff, lines.format("000000012;WHEAT BREAD", "3,10"), sender="Other"))
    assert catalogue.batch(other).state == "new"


@ONE
def test_rows_copied_from_a_sheet_are_imported(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    form = form_with(staff.get(f"{IMPORTS}/new"), "pasted")
    form["target"], form["pasted"] = "vendor", "Supplier\tCompany\r\nV1\tThe Mill\r\nV9\tNew One\r\n"
    page = form.submit(status=303).follow()
    assert column_of(page, "Status") == ["Update", "Create"]


@ONE
def test_a_table_that_is_none_leaves_nothing_behind(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    before = catalogue.dump(without=OWN)
    page = send(staff, b"%PDF-1.7\n" + b"\x00\x01\x02\xff" * 500, status=422)
    assert "list.csv" in text_of(page, "#error-file")
    assert catalogue.dump(without=OWN) == before


@ONE
def test_a_real_price_list_updates_products(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, real_file: Callable[[str], Path]
) -> None:
    catalogue.load(real_file("catalog.csv"))
    path, before = real_file("price-list-V0764.csv"), catalogue.prices()
    listed = {row["item_code"]: Decimal(row["price"]) for row in records(path)}
    known = {code: price for code, price in listed.items() if code in before}
    number = number_of(send(staff, path.read_bytes(), path.name, mode="update"))
    counts = counts_of(staff.get(url_of(number)))
    assert (counts["All"], counts["Create"], counts["Left out"]) == (
        len(listed), 0, len(listed) - len(known),
    )  # fmt: skip
    complete(staff, number)
    execute(admin, number)
    assert catalogue.prices() == before | known


@ONE
def test_what_a_vendor_does_not_list_any_more_is_taken_off_sale(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    lines = "item_code,description,price\n000000011,RYE BREAD,2.00\n000000012,WHEAT BREAD,3.30\n"
    scope = {"mode": "replace", "scope_field": "vendor"}
    refused = send(staff, lines, status=422, **scope, scope_value="V7")
    assert "There is no vendor “V7” whose records could be missing" in text_of(refused)
    number = number_of(send(staff, lines, **scope, scope_value="V1"))
    page = staff.get(url_of(number))
    assert column_of(page, "Item code") == ["000000011", "000000012", "000000013", "000000021"]
    assert column_of(page, "Status") == ["Unchanged", "Update", "Delete", "Delete"]
    assert column_of(page, "Price before")[2:] == ["0.50", "4.00"]
    # One of them is to stay.
    post(staff, url_of(number, "rows", 4, "remove"), version="1")
    complete(staff, number)
    assert "1 updated, 1 deleted" in text_of(execute(admin, number).follow())
    with catalogue.engine.connect() as connection:
        gone = connection.scalars(select(Product.item_code).where(~Product.active)).all()
    assert gone == ["000000013"]


@ONE
def test_records_that_changed_meanwhile_are_shown_and_not_overwritten_unasked(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp
) -> None:
    lines = "item_code,price\n000000011,2.20\n000000012,2.70\n"
    number = number_of(send(staff, lines, mode="update"))
    complete(staff, number)
    catalogue.set_price("000000011", "2.10")
    page = staff.get(url_of(number, "changed"))
    cells = [cell.get_text() for cell in page.html.select("main tbody td")]
    assert cells == ["1", "000000011", "Price", "2.00", "2.20", "2.10"]
    refused = text_of(execute(admin, number, 409))
    assert "1 record changed since the last refresh: 000000011" in refused
    assert catalogue.prices()["000000012"] == Decimal("3.00")
    execute(admin, number, overwrite=True)
    assert catalogue.prices()["000000011"] == Decimal("2.20")


@ONE
def test_who_may_not_change_products_cannot_import_them(
    catalogue: CatalogueDatabase, staff: TestApp, auditor: TestApp
) -> None:
    auditor.get(f"{IMPORTS}/new", status=403)
    number = number_of(send(staff, "item_code,price\n000000011,2.20\n", mode="update"))
    auditor.get(url_of(number), status=403)
    post(auditor, url_of(number, "complete"), 403)
