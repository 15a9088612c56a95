"""A promotion from the list of products to the return of its prices: what staff, an administrator and an auditor do and see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from tests.functional.harness import (
    CatalogueDatabase,
    column_of,
    form_to,
    form_with,
    post,
    text_of,
)
from webtest import TestApp

from batchbook.db.transactions import transaction_scope
from batchbook.jobs import Job, lease
from batchbook.jobs.models import JobState
from batchbook.testing import AppHarness

from .conftest import day

PATH = "/batches/price-promotion"


@pytest.fixture
def settings(settings: dict[str, str]) -> dict[str, str]:
    """The application's settings: jobs wait until the test runs them."""
    return settings | {"batchbook.jobs": "workers"}


class Site(AppHarness):
    """The application, whose jobs the test runs."""

    def come_due(self, batch: int) -> str:
        """Do what the scheduler does at the time of a batch's execution; return the sentence on how it ended."""
        with self.transaction() as session:
            job = session.scalars(
                select(Job).where(Job.batch_id == batch, Job.state == JobState.SCHEDULED)
            ).one()
            number = job.id
            lease.make_due(session, job)
        self.run_jobs()
        with transaction_scope(self.engine, read_only=True) as session:
            return str(session.get_one(Job, number).message)


@pytest.fixture
def site(app: Any) -> Site:
    """The application."""
    return Site(app, "price_promotion")


@pytest.fixture
def chosen(catalogue: CatalogueDatabase, staff: TestApp, site: Site) -> int:
    """The number of a promotion that staff made of the products of a vendor, from tomorrow on for five days."""
    products = staff.get("/products?f.vendor.equal=V1&sort=item_code")
    (menu,) = [
        one for one in products.html.select("details.menu") if "Make a batch of these" in one.get_text()
    ]
    url = next(link["href"] for link in menu.select("a") if link.get_text() == "Price promotion…")
    form = form_with(staff.get(url), "count")
    form["name"], form["discount"] = "Bread week", "25"
    form["starts_on"], form["ends_on"] = str(day(1)), str(day(5))
    form.submit(status=303)
    site.run_jobs()
    return 1


def test_a_promotion_is_made_scheduled_begun_and_ended(
    catalogue: CatalogueDatabase,
    site: Site,
    staff: TestApp,
    admin: TestApp,
    auditor: TestApp,
    chosen: int,
    at: Callable[[int], Any],
) -> None:
    page = staff.get(f"{PATH}/{chosen}")
    codes = column_of(page, "Item code")
    assert set(column_of(page, "Status")) == {"Ready"}
    # 0.38 is the nearest price to three quarters of 0.50.
    assert set(column_of(page, "Saving %")) == {"25.00", "24.00"}
    promised = dict(zip(codes, column_of(page, "Promotion price"), strict=True))
    regular = {code: catalogue.prices()[code] for code in codes}
    assert "Bread week" in text_of(staff.get(PATH))
    form_to(page, "/complete").submit(status=303)
    # Staff may not execute it, nor an auditor see it before that.
    post(staff, f"{PATH}/{chosen}/schedule", 403)
    auditor.get(f"{PATH}/{chosen}", status=403)

    form = form_with(admin.get(f"{PATH}/{chosen}/schedule"), "planned_for")
    assert form["planned_for"].value == f"{day(1)}T00:00"
    for box in form.fields.get("confirm", ()):  # The prices fall by more than is usual.
        box.checked = True
    form.submit(status=303)
    plan = text_of(admin.get(f"{PATH}/{chosen}?panel=execution"), "#plan")
    assert f"{day(1)} 00:00" in plan

    at(1)
    assert f"{len(codes)} prices set, 0 rows left out." in site.come_due(chosen)
    assert {code: str(catalogue.prices()[code]) for code in codes} == promised
    back = chosen + 1
    page = admin.get(f"{PATH}/{chosen}?panel=details")
    assert f"Made into price promotion Batch {back:08d}" in text_of(page, ".facts")
    page = admin.get(f"{PATH}/{back}?panel=execution")
    assert f"{day(6)} 00:00" in text_of(page, "#plan")
    # While it runs, the price of one product is changed on its page.
    catalogue.edit_price(codes[0], "0.99")

    at(6)
    assert (
        f"{len(codes) - 1} prices restored, 1 row left out. Changed meanwhile, and left as they are: {codes[0]}"
        in (site.come_due(back))
    )
    now = catalogue.prices()
    assert {code: now[code] for code in codes[1:]} == {code: regular[code] for code in codes[1:]}
    assert str(now[codes[0]]) == "0.99"

    page = auditor.get(f"{PATH}/{back}")
    assert column_of(page, "Status")[0] == "Changed meanwhile"
    assert f"Made from price promotion Batch {chosen:08d}" in text_of(
        auditor.get(f"{PATH}/{back}?panel=details"), ".facts"
    )
    assert "End of Bread week" in text_of(auditor.get("/price-history"))
    assert "Marked complete, and scheduled for" in text_of(auditor.get(f"{PATH}/{back}/history"))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_promotion_is_ended_early_by_executing_its_return(
    catalogue: CatalogueDatabase,
    site: Site,
    staff: TestApp,
    admin: TestApp,
    chosen: int,
    at: Callable[[int], Any],
) -> None:
    regular = catalogue.prices()
    form_to(staff.get(f"{PATH}/{chosen}"), "/complete").submit(status=303)
    form = form_to(admin.get(f"{PATH}/{chosen}"), "/execute")
    form["early"] = True
    answer = form.submit(status="*")
    if answer.status_int == 409:
        form_to(answer, "/execute").submit(status=303)
    site.run_jobs()
    assert catalogue.prices() != regular
    answer = form_to(admin.get(f"{PATH}/{chosen + 1}"), "/execute").submit(status="*")
    if answer.status_int == 409:
        form_to(answer, "/execute").submit(status=303)
    site.run_jobs()
    assert catalogue.prices() == regular
    with transaction_scope(catalogue.engine, read_only=True) as session:
        scheduled = select(Job.state).where(Job.batch_id == chosen + 1, Job.run_at.is_not(None))
        assert session.scalars(scheduled).all() == ["cancelled"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_where_no_jobs_run_it_cannot_be_marked_complete(
    catalogue: CatalogueDatabase, site: Site, staff: TestApp, chosen: int
) -> None:
    site.services.settings["batchbook.jobs"] = "inline"
    page = staff.get(f"{PATH}/{chosen}?panel=execution")
    assert "none can run later here, because the setting batchbook.jobs is “inline”" in text_of(page)
    post(staff, f"{PATH}/{chosen}/complete", 409, version=str(catalogue.batch(chosen).version))
    assert catalogue.batch(chosen).state == "open"
