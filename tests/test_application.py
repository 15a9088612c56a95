"""The configuration without pages, which commands use, takes plug-ins as they are written for the one with pages."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.response import Response
from sqlalchemy import Engine

from batchbook.application import configure_services
from batchbook.batches import BatchTypes
from batchbook.services import services_of


def opens(_request: Any) -> Response:
    """A page of the plug-in."""
    return Response("open")


def includeme(config: Any) -> None:
    """Add to pages whatever a plug-in can add to them."""
    config.add_route("acme", "/acme")
    config.add_view(opens, route_name="acme", permission="acme:view")
    config.add_jinja2_search_path("acme:templates")
    config.add_grid_source("acme", lambda _caller, _arguments: None)
    config.add_navigation("Acme", "acme", "acme:view")
    config.add_batch_only_link("acme.price", "acme", "Prices")
    config.add_static_view("acme-static", "acme:static")


@pytest.fixture
def settings(tmp_path: Any) -> dict[str, str]:
    return {"sqlalchemy.url": f"sqlite:///{tmp_path}/x.sqlite3", "batchbook.development": "true"}


def test_commands_pass_over_what_a_plug_in_adds_to_pages(settings: dict[str, str]) -> None:
    config = configure_services(settings | {"batchbook.include": __name__})
    assert {kind.key for kind in services_of(config.registry).get(BatchTypes)} == {"import", "price_change"}
    services_of(config.registry).get(Engine).dispose()


def test_what_is_no_directive_is_still_an_error(settings: dict[str, str]) -> None:
    config = configure_services(settings)
    with pytest.raises(AttributeError):
        config.get_jinja2_environment()
    services_of(config.registry).get(Engine).dispose()
