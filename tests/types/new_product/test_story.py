"""Product proposals by their pages: staff prepare them, an administrator creates the products, an auditor looks at them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.functional.harness import column_of, counts_of, form_to, form_with, json_post, post, text_of
from webtest import TestApp, Upload

from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope

from .conftest import HEADINGS

PATH = "/batches/new-product"
LIST = (
    f"{HEADINGS}900,4006381333931,Pens,12 CT,GROCERY,V0764,Scribe,2.00,1.00,12\n"
    "901,,Ink,,,,,,,\n902,,Rye bread,500 G,BAKERY,V0002,,4.00,,\n903,4006381333930,Glue,,,,,1.00,,\n"
)


@pytest.fixture
def proposed(users: Any, staff: TestApp) -> str:
    """The address of a batch that staff made of the list."""
    form = form_with(staff.get(f"{PATH}/new"), "file")
    form["file"], form["description"] = Upload("new.csv", LIST.encode()), "New items"
    return re.sub(r"\?.*", "", form.submit(status=303).headers["Location"])


def products(engine: Engine) -> set[str]:
    with transaction_scope(engine, read_only=True) as session:
        return {*session.scalars(select(Product.item_code).where(Product.item_code.startswith("9")))}


def edit(client: TestApp, address: str, row: int, field: str, value: str) -> None:
    json_post(client, f"{address}/rows/{row}/cell", 200, {"field": field, "value": value, "version": 1})


def test_staff_mend_what_the_checks_find(staff: TestApp, proposed: str) -> None:
    page = staff.get(proposed)
    found = {label: count for label, count in counts_of(page).items() if count}
    assert found == {"All": 4, "New": 1, "Similar product": 1, "Incomplete": 1, "Invalid": 1}
    assert "Has open questions" in text_of(page)
    problems = text_of(staff.get(f"{proposed}/problems"))
    assert "The check digit, the last one, should be 1." in problems
    assert "A new product needs a price." in problems
    assert "The catalogue has a similar product" in problems
    edit(staff, proposed, 2, "price", "3.00")
    edit(staff, proposed, 3, "different", "yes")
    edit(staff, proposed, 4, "upc", "96385074")
    page = staff.get(proposed)
    assert "All can be created" in text_of(page)
    assert column_of(page, "Status") == ["New"] * 4
    assert "4 products are created, on sale at once." in text_of(page, "#execution")


def test_staff_scan_codes_into_an_empty_batch(users: Any, staff: TestApp) -> None:
    form = form_with(staff.get(f"{PATH}/new"), "file")
    form["upc_as_code"] = True
    address = re.sub(r"\?.*", "", form.submit(status=303).headers["Location"])
    form = form_to(staff.get(address), "/enter")
    form["text"] = "4006381333931"
    form.submit(status=303)
    assert column_of(staff.get(address), "Item code") == ["4006381333931"]
    form = form_to(staff.get(address), "/enter")
    form["text"] = "036000291452"
    assert "The catalogue has “036000291452” already" in text_of(form.submit(status=303).follow(), "body")


def test_an_administrator_creates_them_once_after_a_dry_run(
    staff: TestApp, admin: TestApp, engine: Engine, proposed: str
) -> None:
    form_to(staff.get(proposed), "/complete").submit(status=303)
    post(staff, f"{proposed}/execute", 403, apply="new")
    assert products(engine) == set()
    told = form_with(admin.get(f"{proposed}/dry-run"), "version").submit()
    assert "1 product created, 3 rows left out." in text_of(told, "#effects")
    assert "Pens" in text_of(told, "#effects")
    assert products(engine) == set()
    form = form_to(admin.get(proposed), "/execute")
    form["follow_up"] = True
    page = form.submit(status=303).follow()
    assert products(engine) == {"900"}
    assert "1 product created, 3 rows left out. 3 rows went into batch" in text_of(page, "body")


def test_an_auditor_sees_which_products_a_batch_created(
    staff: TestApp, admin: TestApp, auditor: TestApp, client_of: Callable[[str], TestApp], proposed: str
) -> None:
    auditor.get(proposed, status=403)
    form_to(staff.get(proposed), "/complete").submit(status=303)
    form_to(admin.get(proposed), "/execute").submit(status=303)
    page = auditor.get(proposed)
    assert "1 product created, 3 rows left out." in text_of(page)
    assert not page.html.select("form[action$='/execute'], form[action$='/reverse']")
    effects = text_of(auditor.get("/audit/effects"))
    assert "Pens" in effects
    assert "vendor_item" in effects or "Vendor item" in effects
