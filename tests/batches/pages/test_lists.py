"""The start page, the list of all batches, and the way to a batch by its number."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update
from tests.functional.harness import (
    PATH,
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.batches.models import Batch
from batchbook.batches.pages import lists
from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, RolePermission, User


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_first_thing_staff_see_is_how_to_begin(catalogue: CatalogueDatabase, staff: TestApp) -> None:
    page = staff.get("/")
    assert "Staff Person" in text_of(page, ".topbar")
    assert page.click("New price change", index=0).request.path == f"{PATH}/new"


def test_the_start_page_shows_the_open_batches_of_the_one_who_made_them(
    catalogue: CatalogueDatabase, staff: TestApp, admin: TestApp, open_batch: int
) -> None:
    assert "Spring prices" in text_of(staff.get("/"))
    assert staff.get("/").click("Spring prices").request.path == url_of(open_batch)
    assert "Spring prices" not in text_of(admin.get("/"))


def test_staff_see_the_list_of_batches_and_of_the_type(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int
) -> None:
    for path in ("/batches", PATH):
        page = staff.get(path)
        assert column_of(page, "Number") == [f"{open_batch:08d}"]
        assert column_of(page, "State") == ["Open"]
        assert page.click(f"{open_batch:08d}").request.path == url_of(open_batch)


def test_what_is_complete_waits_on_the_start_page_of_those_who_execute(
    catalogue: CatalogueDatabase, admin: TestApp, staff: TestApp, complete_batch: int
) -> None:
    page = admin.get("/")
    assert "To execute 1" in text_of(page)
    assert page.click("Spring prices").request.path == url_of(complete_batch)
    assert "To execute" not in text_of(staff.get("/"))


def test_a_number_alone_leads_to_the_batch_for_those_who_may_see_it(
    catalogue: CatalogueDatabase, staff: TestApp, auditor: TestApp, open_batch: int
) -> None:
    assert (
        staff.get(f"/batches/{open_batch:08d}", status=303).headers["Location"].endswith(url_of(open_batch))
    )
    assert f"There is no batch {open_batch:08d}" in text_of(auditor.get(f"/batches/{open_batch}", status=404))
    for number in ("0", "99", "9999999999"):
        staff.get(f"/batches/{number}", status=404)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_start_page_shows_the_latest_of_a_section_and_counts_all(
    catalogue: CatalogueDatabase, staff: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "SHOWN", 1)
    for name in ("First", "Second"):
        upload(staff, PRICE_LIST, description=name)
    page = staff.get("/")
    assert [card.get_text(strip=True) for card in page.html.select(".card-title")] == ["Second"]
    assert "Your open batches 2" in text_of(page)
    assert column_of(page.click("Show all"), "Description") == ["Second", "First"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_all_of_a_section_are_those_that_it_counts(
    catalogue: CatalogueDatabase,
    staff: TestApp,
    admin: TestApp,
    complete_batch: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = upload(staff, PRICE_LIST, description="Not complete")
    with transaction_scope(catalogue.engine) as session:
        session.execute(update(Batch).values(failure="It failed."))
        session.execute(update(User).where(User.name == "staff").values(active=False))
    monkeypatch.setattr(lists, "SHOWN", 0)
    assert others != complete_batch
    page = admin.get("/")
    counts = {}
    for section in page.html.select(".section"):
        title, count = section.select_one(".section-title").get_text().rsplit(" ", 1)
        counts[title] = int(count)
        assert len(column_of(admin.get(section.select_one(".section-all a")["href"]), "Number")) == int(count)
    assert counts == {"Failed": 2, "To execute": 1, "Batches of people who can't sign in any more": 2}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_section_that_no_list_shows_has_no_link_to_all(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction_scope(catalogue.engine) as session:
        session.execute(update(Batch).values(failure="It failed."))
    monkeypatch.setattr(lists, "SHOWN", 0)
    own = staff.get("/").html.select(".section-all a")[0]["href"]
    assert "f.owner.is_me" in own
    staff_role = select(Role.id).where(Role.name == "staff").scalar_subquery()
    with transaction_scope(catalogue.engine) as session:
        session.add(
            RolePermission(
                role_id=session.scalar(select(staff_role)), permission="batch:price_change:execute"
            )
        )
    (failed, *_) = staff.get("/").html.select(".section")
    assert "Failed" in failed.get_text()
    assert not failed.select(".section-all")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_somebody_without_batches_reads_why_there_are_none(
    catalogue: CatalogueDatabase, auditor: TestApp
) -> None:
    with transaction_scope(catalogue.engine) as session:
        sees_all = update(RolePermission).where(RolePermission.permission == "batch:*:audit")
        session.execute(sees_all.values(permission="batch:*:view"))
    page = auditor.get("/")
    assert "Batches you can see will be listed here." in text_of(page)
    assert page.click("All batches", index=0).request.path == "/batches"
    with transaction_scope(catalogue.engine) as session:
        session.execute(delete(RolePermission))
    page = auditor.get("/")
    assert "Your roles don't give you access to any batches." in text_of(page)
