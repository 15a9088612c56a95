"""The pages for auditors in a browser: for every eye at every width, with the seal verified."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from tests.functional.harness import CatalogueDatabase, form_with, url_of
from webtest import TestApp

from .eyes import problems_of
from .visits import Visits


def test_pages_of_auditors_are_for_every_eye_at_every_width(
    visits: Visits, catalogue: CatalogueDatabase, admin: TestApp, in_state: Callable[[str], int]
) -> None:
    executed = in_state("executed")
    form = form_with(admin.get("/legal-holds/new"), "reason")
    form["number"], form["reason"] = str(executed), "A dispute with the vendor."
    form.submit(status=303)
    page = visits.sign_in("auditor")
    paths = [
        *("/audit", "/audit/figures", "/audit/operations", "/audit/effects"),
        *("/legal-holds", "/retention", "/tombstones", "/audit-log"),
        f"{url_of(executed)}?panel=details",
        f"{url_of(executed)}?panel=execution",
        *(url_of(executed, *part) for part in (("changes",), ("history",), ("rows", 1))),
        f"{url_of(executed, 'seal')}?verify=yes",
        "/products/1",
    ]
    found = [problem for path in paths for problem in problems_of(page, path)]
    assert found == []
    page.goto(url_of(executed, "seal"))
    page.get_by_role("link", name="Verify now").click()
    expect(page.get_by_text("The batch is as it was sealed")).to_be_visible()
