"""The configuration with plug-ins, and the one without pages for commands, which ignores what plug-ins add to pages."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.response import Response
from sqlalchemy import Engine

from batchbook.application import configure_services, include_plugins
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
    assert {kind.key for kind in services_of(config.registry).get(BatchTypes)} >= {"import", "price_change"}
    services_of(config.registry).get(Engine).dispose()


def test_what_is_no_directive_is_still_an_error(settings: dict[str, str]) -> None:
    config = configure_services(settings)
    with pytest.raises(AttributeError):
        config.get_jinja2_environment()
    services_of(config.registry).get(Engine).dispose()


@pytest.fixture
def included(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the plug-ins ``acme`` and ``bakery`` in the order in which they were included."""
    names: list[str] = []
    for name in ("acme", "bakery"):
        module: Any = ModuleType(name)
        module.includeme = lambda config: names.append(config.package.__name__)
        monkeypatch.setitem(sys.modules, name, module)
    return names


@pytest.mark.parametrize(
    ("text", "names"),
    [(None, []), ("", []), ("acme", ["acme"]), (" bakery\n  acme ", ["bakery", "acme"])],
)
def test_the_packages_of_the_setting_are_included_in_its_order(
    included: list[str], text: str | None, names: list[str]
) -> None:
    config: Any = Configurator(settings={} if text is None else {"batchbook.include": text})
    config.include(include_plugins)
    assert included == names


@pytest.mark.parametrize(
    ("includeme", "said"),
    [
        (None, r"The plug-in acme has no function includeme\(config\)"),
        (lambda: None, "The plug-in acme could not be included: TypeError: "),
        (lambda config: config.acme, "The plug-in acme could not be included: AttributeError: "),
        (
            lambda config: [config.action("acme"), config.action("acme")],
            "The acme is registered twice, at .*, line",
        ),
    ],
)
def test_an_error_of_a_plug_in_is_one_line(
    monkeypatch: pytest.MonkeyPatch, includeme: Any, said: str
) -> None:
    module: Any = ModuleType("acme")
    if includeme is not None:
        module.includeme = includeme
    monkeypatch.setitem(sys.modules, "acme", module)
    with pytest.raises(ConfigurationError, match=said) as refused:
        configure_services(
            {"batchbook.include": "acme", "batchbook.development": "true", "sqlalchemy.url": "sqlite://"}
        )
    assert "\n" not in str(refused.value)


def test_a_package_that_is_not_installed_stops_the_start(included: list[str]) -> None:
    config: Any = Configurator(settings={"batchbook.include": "acme nowhere_at_all"})
    with pytest.raises(ConfigurationError, match="nowhere_at_all could not be included: ModuleNotFoundError"):
        config.include(include_plugins)
