"""Auditors: they see all that was executed, nothing that is still being prepared, and change nothing."""

from __future__ import annotations

from typing import Any

from webtest import TestApp

from .addresses import Addresses
from .harness import (
    COUNTS,
    OWN,
    PATH,
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    counts_of,
    form_to,
    form_with,
    number_in,
    post,
    result_count,
    text_of,
    token_of,
    upload,
    url_of,
)

#: What an auditor may post, as it concerns nobody else: one's own account, signing out, how one's grids look, what one has seen.
ALLOWED = (
    "login",
    "logout",
    "account.confirm",
    "account.password",
    "account.sessions",
    "account.timezone",
    "account.number-format",
)
#: … and asking for files of what they may see.
OWN_PAGES = (
    ".remember",
    ".remember_changes",
    ".facets",
    ".row_facets",
    ".layout",
    ".row_layout",
    ".changes_layout",
    ".seen",
    ".rows",
    ".export",
    ".export_rows",
    ".export_changes",
    ".comments_seen",
    ".seal",
    ".worksheet",
    ".worksheet_problems",
)
CLOSED = ("jobs.", "users.", "roles.")


def is_allowed(route: str) -> bool:
    return route in ALLOWED or (route.endswith(OWN_PAGES) and not route.startswith(CLOSED))


def test_auditors_find_what_was_executed_and_only_that(
    catalogue: CatalogueDatabase, auditor: TestApp, staff: TestApp, executed_batch: int
) -> None:
    upload(staff, PRICE_LIST, description="Still being prepared")
    page = auditor.get("/").follow()
    assert page.request.path == "/audit"
    assert page.click(f"{executed_batch:08d}").request.path == url_of(executed_batch)
    for path in ("/audit", "/batches", PATH, "/batches/export.csv", f"{PATH}/export.csv"):
        page = auditor.get(path)
        assert "Spring prices" in page.text, path
        assert "Still being prepared" not in page.text, path
    assert column_of(auditor.get("/batches"), "Number") == [f"{executed_batch:08d}"]


def test_auditors_see_all_of_an_executed_batch(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int
) -> None:
    page = auditor.get(url_of(executed_batch))
    assert counts_of(page) == COUNTS
    assert "3 prices changed, 1 unchanged, 4 rows left out." in text_of(page)
    assert "By admin" in text_of(page)
    row = auditor.get(url_of(executed_batch, "rows", 8))
    assert "cheap" in text_of(row)
    history = text_of(page.click("Full history"))
    for what in ("Executed:", "Marked complete.", "Populated with 8 rows.", "Created from list.csv"):
        assert what in history
    assert auditor.get(url_of(executed_batch, "files", 1)).body == PRICE_LIST.encode()
    assert len(auditor.get(url_of(executed_batch, "rows.csv")).text.splitlines()) == 9
    assert auditor.get(url_of(executed_batch, "rows.xlsx")).body.startswith(b"PK")


def test_auditors_are_offered_nothing_to_change(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int
) -> None:
    for path in (
        url_of(executed_batch),
        url_of(executed_batch, "rows", 1),
        "/batches",
        PATH,
        "/audit",
        "/products",
    ):
        page = auditor.get(path)
        targets = {form.action.split("?")[0] for form in page.forms.values()}
        lists = ("/batches", PATH, "/audit", "/products")
        own = {f"{list_}/{name}" for list_ in lists for name in ("view", "layout", "facets")}
        own |= {
            url_of(executed_batch, *part)
            for part in (("rows",), ("rows", "seen"), ("rows", "facets"), ("layout",))
        }
        # The switch to the full window and the open panel are parameters of the page itself; searches go to their list.
        searches = {form.action for form in page.forms.values() if form.method.upper() == "GET"}
        assert targets - searches <= own | {"/logout"}, path
        assert not page.html.select("[data-cell], [data-cell-grid] input"), path
        assert not page.html.select("main a.button-primary"), path


def test_auditors_filter_and_their_view_is_remembered(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int
) -> None:
    form = form_with(auditor.get(url_of(executed_batch)), "column.0")
    form["column.0"], form["verb.0"] = "description", "contains"
    form.set("value.0", "bread", 0)
    assert result_count(form.submit("do", index=0).follow()) == 2
    assert result_count(auditor.get(url_of(executed_batch))) == 2


def test_what_is_not_executed_is_closed_to_auditors(
    catalogue: CatalogueDatabase, auditor: TestApp, staff: TestApp, app: Any, executed_batch: int
) -> None:
    addresses = Addresses(app, catalogue)
    number = number_in(upload(staff, PRICE_LIST))
    for address in addresses.of_batches("GET"):
        auditor.get(addresses.url(address, number), status=403)
    fields = {"csrf_token": token_of(auditor), "version": "1"}
    for address in addresses.of_batches("POST"):
        auditor.post(addresses.url(address, number), fields, status=403)


def test_auditors_change_nothing_whatever_they_post(
    catalogue: CatalogueDatabase, auditor: TestApp, addresses: Addresses, executed_batch: int
) -> None:
    before = catalogue.dump(without=OWN)
    fields = {
        "csrf_token": token_of(auditor), "version": "1", "name": "auditor", "label": "Auditor", "field": "new_price",
        "value": "1.00", "new_price": "1.00", "item_code": "000000011", "apply": "increase", "overwrite": "yes",
        "seen": "8-36-8", "text": "000000011", "description": "changed", "permissions": "*:*", "price": "0.01",
    }  # fmt: skip
    found = {}
    for address in addresses.with_method("POST"):
        if address.route != "logout":
            answer = auditor.post(addresses.url(address, executed_batch), fields, status="*")
            found[str(address)] = answer.status_int
            assert catalogue.dump(without=OWN) == before, address
    refused = {str(a): 403 for a in addresses.with_method("POST") if not is_allowed(a.route)}
    assert {address: found[address] for address in refused} == refused
    assert len(refused) > 20
    # The rest is their own: it was not refused, but for a form that lacked what it needs.
    assert {status for address, status in found.items() if address not in refused} <= {200, 303, 400, 422}


def test_auditors_see_no_form_for_what_they_may_not_do(
    catalogue: CatalogueDatabase, auditor: TestApp, addresses: Addresses, executed_batch: int
) -> None:
    found = {
        address.route: auditor.get(addresses.url(address, executed_batch), status="*").status_int
        for address in addresses.with_method("GET")
    }
    reading = {
        *("audit.index", "account", "batches.index", "batches.export"),
        *(
            f"{table}.{page}"
            for table in ("products", "vendors", "departments")
            for page in ("index", "view", "export")
        ),
        *(
            f"batches.price_change.{page}"
            for page in ("index", "export", "view", "row", "history", "download", "export_rows", "worksheet")
        ),
    }
    assert {route: found[route] for route in reading} == dict.fromkeys(reading, 200)
    # Where one can post to the address of a page, the page is a form.
    posting = {address.route for address in addresses.with_method("POST") if not is_allowed(address.route)}
    forms = (posting & found.keys()) - reading
    assert {route: found[route] for route in forms} == dict.fromkeys(forms, 403)
    assert len(forms) > 10


def test_a_cell_that_people_changed_leads_to_its_history(
    catalogue: CatalogueDatabase, auditor: TestApp, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    fields = {"item_code": "000000011", "new_price": "2.30", "version": "1"}
    post(staff, url_of(open_batch, "rows", 1, "edit"), **fields)
    post(
        staff,
        url_of(open_batch, "comments", "add"),
        text="The mill told <b>2.30</b>.",
        sequence="1",
        field="new_price",
    )
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    form = form_to(admin.get(url_of(open_batch)), "/execute")
    form["reason"] = "Flour is dearer."
    form.submit(status=303)
    page = auditor.get(url_of(open_batch))
    assert "Reason Flour is dearer." in text_of(page, ".outcome")
    assert "Amount 4.6" in text_of(page, ".outcome")
    (cell,) = page.html.select("td.cell-differs")
    history = page.goto(cell.select_one("a")["href"])
    assert "2.20" in text_of(history)
    assert "staff" in text_of(history)
    assert "The mill told <b>2.30</b>." in text_of(page, "#panel-comments")
    operations = page.click("Full history").click("Filter and export the operations")
    assert "Commented on" in column_of(operations, "Kind")


def test_auditors_see_with_which_options_a_batch_was_executed(
    catalogue: CatalogueDatabase, auditor: TestApp, executed_batch: int
) -> None:
    said = text_of(auditor.get(url_of(executed_batch)), ".outcome")
    assert "Apply Increase, Decrease" in said
    assert "Overwrite prices that changed since the refresh No" in said
