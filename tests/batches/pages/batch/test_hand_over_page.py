"""The page that hands a batch over, the one for all batches of an index, and the lists that name the owner."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import select, update
from tests.functional.harness import (
    PATH,
    PRICE_LIST,
    CatalogueDatabase,
    column_of,
    form_with,
    text_of,
    upload,
    url_of,
)
from webtest import TestApp

from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, User


@pytest.fixture
def left(catalogue: CatalogueDatabase, open_batch: int) -> int:
    """The open batch of staff, who cannot sign in any more; bob has the same role."""
    with transaction_scope(catalogue.engine) as session:
        role = session.scalars(select(Role).where(Role.name == "staff")).one()
        session.add(User(name="bob", full_name="Bob Baker", roles=[role]))
        session.execute(update(User).where(User.name == "staff").values(active=False))
    return open_batch


def test_a_batch_of_somebody_who_left_waits_for_administrators_and_is_handed_over(
    catalogue: CatalogueDatabase, left: int, admin: TestApp, caplog: pytest.LogCaptureFixture
) -> None:
    page = admin.get("/")
    assert "Batches of people who can't sign in any more 1" in text_of(page)
    form = form_with(page.click("Spring prices").click("Hand over…"), "to")
    assert [text for value, _chosen, text in form["to"].options if value] == [
        "Admin Person (admin)",
        "Bob Baker (bob)",
    ]
    form["to"] = "bob"
    with caplog.at_level(logging.INFO, logger="batchbook.security"):
        page = form.submit(status=303).follow()
    assert f"Batch {left:08d} was handed over from staff to bob." in text_of(page)
    assert "created by staff" in text_of(page)
    assert "handed over to bob" in text_of(page, ".page-lead")
    assert "batches handed over: 'staff' by 'admin' from '127.0.0.1'" in caplog.text
    assert "Batches of people who can't sign in any more" not in text_of(admin.get("/"))
    assert column_of(admin.get("/batches?f.owner.equal=bob"), "Number") == [f"{left:08d}"]
    assert "Handed over from staff to bob." in text_of(admin.get(url_of(left, "history")))


def test_several_are_handed_over_from_the_index_by_who_may(
    catalogue: CatalogueDatabase, staff: TestApp, open_batch: int, admin: TestApp, auditor: TestApp
) -> None:
    upload(staff, PRICE_LIST, description="Summer prices", vendor_code="V1")
    staff.get(url_of(open_batch, "hand-over"), status=403)
    staff.get(f"{PATH}/hand-over-all", status=403)
    auditor.get(f"{PATH}/hand-over-all", status=403)
    page = admin.get(f"{PATH}?f.owner.equal=staff").click("Hand over all 2…")
    assert "They will be handed over to the user that you choose" in text_of(page)
    form = form_with(page, "to")
    form["to"] = "admin"
    page = form.submit(status=303).follow()
    assert "2 batches were handed over to admin." in text_of(page)
    assert "Your open batches 2" in text_of(admin.get("/"))
    assert "Your open batches" not in text_of(staff.get("/"))


def test_an_executed_batch_stays_its_owner_s(
    catalogue: CatalogueDatabase, executed_batch: int, admin: TestApp
) -> None:
    assert "Hand over" not in text_of(admin.get(url_of(executed_batch)))
    admin.get(url_of(executed_batch, "hand-over"), status=409)
