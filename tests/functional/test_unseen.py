"""A role that may do things with batches but not see them: what one may not see, one cannot act upon."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from batchbook.db.transactions import transaction_scope
from batchbook.security.models import Role, RolePermission

from .addresses import FIELDS, Addresses
from .harness import OWN, PATH, CatalogueDatabase, token_of


@pytest.fixture
def clerk(catalogue: CatalogueDatabase, auditor: TestApp) -> TestApp:
    """Somebody who sees executed batches alone, but whose role also says that it may create, edit, execute, delete."""
    with transaction_scope(catalogue.engine) as session:
        role = session.scalars(select(Role).where(Role.name == "auditor")).one()
        role.permissions.extend(
            RolePermission(permission=f"batch:*:{name}") for name in ("create", "edit", "execute", "delete")
        )
    return auditor


def test_every_address_of_a_batch_that_one_may_not_see_is_closed(
    catalogue: CatalogueDatabase, clerk: TestApp, app: Any, open_batch: int
) -> None:
    addresses = Addresses(app, catalogue)
    before = catalogue.dump(without=OWN)
    for address in addresses.of_batches("GET"):
        clerk.get(addresses.url(address, open_batch), status=403)
    fields = FIELDS | {"csrf_token": token_of(clerk), "version": "99"}
    for address in addresses.of_batches("POST"):
        answer = clerk.post(addresses.url(address, open_batch), fields, status="*")
        assert (str(address), answer.status_int) == (str(address), 403)
        assert "RYE BREAD" not in answer.text, address
    assert catalogue.dump(without=OWN) == before


def test_nobody_makes_a_batch_that_one_could_not_see(clerk: TestApp, catalogue: CatalogueDatabase) -> None:
    clerk.get(f"{PATH}/new", status=403)
    assert f"{PATH}/new" not in clerk.get("/")
    assert f"{PATH}/new" not in clerk.get("/batches")
    assert catalogue.batches() == 0
