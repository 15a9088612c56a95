from __future__ import annotations

import re
from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError, ConfigurationExecutionError
from pyramid.response import Response
from sqlalchemy import Engine

from batchbook.accounts.known_permissions import known_permissions
from batchbook.application import configure
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Refused
from batchbook.master import Index, MasterContext, MasterView
from batchbook.security.models import Role, RolePermission
from batchbook.services import services_of

from .conftest import AccountsHarness
from .pages import boxes, form_with


def test_offers_every_permission_that_a_view_asks_for(harness: AccountsHarness) -> None:
    page = harness.visitor("ann").get("/roles/new")
    offered = set(boxes(form_with(page, "permissions")))
    assert {
        "users:view",
        "users:delete",
        "roles:edit",
        "roles:export",
        "batch:*:execute",
        "*:*",
    } <= offered | {"batch:*:execute"}
    assert all(re.fullmatch(r"[a-z*-]+(:[a-z*-]+)+", permission) for permission in offered)
    legends = [legend.get_text(strip=True) for legend in page.html.select("legend")]
    assert {"Users", "Roles", "Everything except batches", "Batches of every type"} <= set(legends)


def test_batches_are_offered_by_what_roles_hold_not_by_what_their_views_ask() -> None:
    class OfBatch(MasterContext):
        def refusal(self, identity: Any, permission: str) -> Refused:
            return Refused()

    class Everything(MasterView):
        model, prefix, path, title, title_one = Role, "batches", "/batches", "All batches", "batch"
        grid_columns = ("name",)
        pages = (Index,)
        context_factory = OfBatch

    config = Configurator()
    config.include("batchbook.services")
    config.include("pyramid_jinja2")
    config.include("batchbook.master")
    config.add_master_view(Everything)
    config.add_route("clone", "/clone")
    config.add_view(lambda request: Response(), route_name="clone", permission="batch:price_change:clone")
    config.commit()
    known = {known.permission: known.full_label for known in known_permissions(config.registry)}
    assert known["batch:*:execute"] == "Batches of every type: execute"
    assert not {"batches:view", "batch:price_change:clone"} & set(known)


def test_an_unknown_permission_that_a_role_holds_is_kept(harness: AccountsHarness) -> None:
    helpdesk = harness.id_of("helpdesk", Role)
    with transaction_scope(harness.engine) as db:
        db.add(RolePermission(role_id=helpdesk, permission="gone:feature"))
    form = form_with(harness.visitor("ann").get(f"/roles/{helpdesk}/edit"), "permissions")
    form["label"] = "Desk"
    form.submit(status=303)
    assert "gone:feature" in harness.permissions_of("helpdesk")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_password_is_not_to_be_confirmed_for_what_no_page_needs(settings: dict[str, str]) -> None:
    name = "batchbook.confirm_password_for"
    config = configure(settings | {name: "users:edit batch:*:execute jobs:retry"})
    services_of(config.registry).get(Engine).dispose()
    with pytest.raises(ConfigurationExecutionError) as refused:
        configure(settings | {name: "users:edit user:edit"})
    assert isinstance(refused.value.evalue, ConfigurationError)
    assert "names 'user:edit', which no page needs, so that it would ask nobody." in str(refused.value.evalue)
