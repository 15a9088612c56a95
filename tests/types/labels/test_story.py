"""Labels through their life: staff make and check them, an administrator prints them, an auditor finds what was printed."""

from __future__ import annotations

import pytest
from tests.batches.pages.batch.test_make_page import menu
from tests.functional.harness import column_of, form_to, form_with, number_in, post, text_of, upload, url_of
from tests.types.labels.printed import barcodes, texts
from tests.types.labels.test_views import made
from webtest import TestApp

pytestmark = pytest.mark.usefixtures("six_products")


def file_links(page: object) -> dict[str, str]:
    """Return the addresses of the files on a batch's page, by their names."""
    links = page.html.select("a[href*='/files/']")  # type: ignore[attr-defined]
    return {one.get_text(strip=True): one["href"] for one in links}


def test_from_a_department_to_the_printed_sheet(staff: TestApp, admin: TestApp, auditor: TestApp) -> None:
    # Staff choose a department, look at the preview, ask for more copies of one label, and hand it on.
    url = made(staff, department="GROCERY", description="Tea shelf")
    assert staff.get(url).html.h1.get_text() == "Tea shelf"
    staff.get(f"{url}/preview/standard.svg")
    form = next(one for one in staff.get(f"{url}/rows/1").forms.values() if "copies" in one.fields)
    form["copies"], form["label_size"] = "4", "small"
    form.submit(status=303)
    page = staff.get(url)
    assert "Labels" in text_of(page)
    form_to(page, "/complete").submit(status=303)
    assert not staff.get(url).html.select("#execution form")
    # An administrator reads what will be printed, and prints both kinds of files.
    page = admin.get(url)
    assert "5 labels are printed: 1 standard label on 1 sheet, 4 small labels on 1 sheet." in text_of(page)
    form = form_to(page, "/execute")
    for box in form.fields["files"]:
        box.checked = True
    form.submit(status=303)
    page = admin.get(url)
    assert "5 labels printed" in text_of(page)
    assert "Preview labels" not in page.text
    # Whoever may see it downloads the files, an auditor as well.
    for person in (staff, admin, auditor):
        files = file_links(person.get(url))
        assert sorted(name.rpartition("-")[2] for name in files) == [
            "small.pdf", "small.zpl", "standard.pdf", "standard.zpl",
        ]  # fmt: skip
        found = {name.rpartition("-")[2]: person.get(link) for name, link in files.items()}
        assert [text for _, text in barcodes(found["small.pdf"].body)] == ["4006381333931"] * 4
        assert "1.29" in texts(found["standard.pdf"].body)[0]
        assert found["small.zpl"].body.startswith(b"^XA^CI28")
        assert "attachment" in found["small.pdf"].headers["Content-Disposition"]


def test_staff_do_not_print_by_themselves(staff: TestApp) -> None:
    url = made(staff, department="GROCERY")
    form_to(staff.get(url), "/complete").submit(status=303)
    token = staff.get("/account").html.find("meta", {"name": "csrf-token"})["content"]
    refused = staff.post(f"{url}/execute", {"csrf_token": token, "print": "ready"}, status=403)
    assert "Nothing was changed" in text_of(refused)
    assert file_links(staff.get(url)) == {}


def test_an_auditor_sees_labels_once_they_are_printed(
    staff: TestApp, admin: TestApp, auditor: TestApp
) -> None:
    url = made(staff, vendor_code="V1")
    auditor.get(url, status=403)
    form_to(staff.get(url), "/complete").submit(status=303)
    form_to(admin.get(url), "/execute").submit(status=303)
    page = auditor.get(url)
    assert "2 labels printed: 2 standard labels on 1 sheet. 0 rows left out." in text_of(page)
    assert auditor.get("/batches/labels").html.select("table")


def test_from_price_changes_to_labels(staff: TestApp, admin: TestApp) -> None:
    prices = "item_code,description,size,price\n000000001,,,2.59\n000000002,,,1.29\n000000003,,,0.89\n"
    change = url_of(number_in(upload(staff, prices, vendor_code="")))
    links = menu(staff.get(f"{change}?f.status.equal=decrease"), "Make a batch of these rows")
    form = form_with(staff.get(links["Labels…"]), "count")
    form["department"] = "GROCERY"
    assert "Give either the chosen rows or the products to choose" in text_of(form.submit(status=422))
    form["department"] = ""
    form["paper"] = "roll"
    labels = form.submit(status=303).headers["Location"].partition("localhost")[2].partition("?")[0]
    # The new price is printed, and that the catalogue does not have it yet is told.
    page = staff.get(labels)
    assert column_of(page, "Item code") == ["000000003"]
    assert column_of(page, "Price") == ["0.89"]
    assert column_of(page, "Status") == ["Price changed since"]
    assert "The catalogue has 0.99." in text_of(page)
    form_to(staff.get(change), "/complete").submit(status=303)
    form_to(admin.get(change), "/execute").submit(status=303)
    post(staff, f"{labels}/refresh", 303)
    assert column_of(staff.get(labels), "Status") == ["No barcode"]
    # Executed price changes can be made into labels as well.
    links = menu(staff.get(f"{change}?f.status.equal=increase"), "Make a batch of these rows")
    assert column_of(staff.get(label_page(staff, links["Labels…"])), "Price") == ["2.59"]


def test_from_a_search_of_products_to_labels(staff: TestApp) -> None:
    links = menu(staff.get("/products?f.vendor.equal=V1"), "Make a batch of these…")
    page = staff.get(label_page(staff, links["Labels…"]))
    assert sorted(column_of(page, "Item code")) == ["000000001", "000000002"]
    assert set(column_of(page, "Status")) == {"Ready"}


def label_page(client: TestApp, url: str) -> str:
    """Send the form at the address as it is; return the address of the labels that are made."""
    location: str = form_with(client.get(url), "count").submit(status=303).headers["Location"]
    return location
