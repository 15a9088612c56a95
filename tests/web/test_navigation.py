from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationConflictError, ConfigurationExecutionError
from pyramid.response import Response
from tests.security.harness import Site, get_raw


def _list(request: Any) -> Response:
    return Response(
        " ".join(f"{'*' if item.active else ''}{item.label}={item.url}" for item in request.navigation)
    )


@pytest.fixture
def shop(site: Site) -> Site:
    for path in ("/batches", "/batches/price", "/products", "/products-old"):
        site.page(path, _list)
        site.page(f"{path}/7/edit", _list)
    site.page("/start", _list)
    add = site.config.add_navigation
    add("Start", "/", "signed-in", order=0)
    add("Products", "/products", "products:view", group="catalogue", order=30)
    add("Old", "/products-old", "products:view", group="catalogue", order=30)
    add("Prices", "/batches/price", "batch:price:view", order=20)
    add("Batches", "/batches", ("batch:*:view", "batch:price:view", "batch:*:audit"), order=10)
    return site


def test_one_sees_what_one_may_use_in_order(shop: Site) -> None:
    everything = shop.signed_in("anna", "*:*", "batch:*:*").get("/start").text
    assert everything == "Start=/ Batches=/batches Prices=/batches/price Old=/products-old Products=/products"
    assert shop.signed_in("bert").get("/start").text == "Start=/"
    assert shop.signed_in("carl", "batch:*:audit").get("/start").text == "Start=/ Batches=/batches"
    assert shop.signed_in("dora", "batch:price:view").get("/start").text.endswith("Prices=/batches/price")


def test_nobody_sees_nothing(shop: Site) -> None:
    assert shop.visitor().get("/start").text == ""


@pytest.mark.parametrize(
    ("path", "active"),
    [
        ("/products", "Products"),
        ("/products/7/edit", "Products"),
        ("/products-old", "Old"),
        ("/batches", "Batches"),
        ("/batches/7/edit", "Batches"),
        ("/batches/price", "Prices"),
        ("/batches/price/7/edit", "Prices"),
        ("/start", None),
    ],
)
def test_the_nearest_entry_is_active(shop: Site, path: str, active: str | None) -> None:
    items = shop.signed_in("anna", "*:*", "batch:*:*").get(path).text.split()
    found = [item[1:].split("=")[0] for item in items if item.startswith("*")]
    assert found == ([active] if active else [])


def test_an_application_below_a_prefix_links_to_itself(shop: Site) -> None:
    browser = shop.signed_in("anna", "products:view", SCRIPT_NAME="/app")
    assert "*Products=/app/products" in browser.get("/products").text


def test_entries_can_be_asked_for(shop: Site) -> None:
    shop.config.commit()
    entries = {
        one["introspectable"]["label"]: one for one in shop.config.introspector.get_category("navigation")
    }
    assert entries.keys() == {"Start", "Products", "Old", "Prices", "Batches"}
    assert entries["Products"]["introspectable"]["group"] == "catalogue"


def test_an_entry_that_leads_nowhere_stops_the_start(site: Site) -> None:
    site.config.add_navigation("Lost", "lost", "signed-in")
    with pytest.raises(ConfigurationExecutionError, match="'Lost' leads to 'lost', which is no route"):
        site.config.commit()


def test_a_route_may_be_declared_after_its_entry(site: Site) -> None:
    site.config.add_navigation("Late", "/late", "signed-in")
    site.page("/late", _list)
    assert "*Late=/late" in site.signed_in("anna").get("/late").text


def test_two_entries_for_one_route_conflict(site: Site) -> None:
    site.config.include(_one)
    site.config.include(_two)
    with pytest.raises(ConfigurationConflictError):
        site.config.commit()


def _one(config: Any) -> None:
    config.add_navigation("One", "/", "signed-in")


def _two(config: Any) -> None:
    config.add_navigation("Two", "/", "signed-in")


def test_an_address_that_is_no_text_does_not_break_the_navigation(shop: Site) -> None:
    page = get_raw(shop.signed_in("anna", "products:view"), "/products%ff")
    assert page.status_int == 400
    assert 'href="/products"' in page.text
