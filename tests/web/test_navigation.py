from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationConflictError, ConfigurationExecutionError
from pyramid.response import Response
from tests.security.harness import WebHarness, get_raw


def _list(request: Any) -> Response:
    return Response(
        " ".join(
            f"{'*' if item.active else ''}{item.label}={item.url}"
            for group in request.navigation
            for item in group.items
        )
    )


@pytest.fixture
def catalogue(harness: WebHarness) -> WebHarness:
    for path in ("/batches", "/batches/price", "/products", "/products-old"):
        harness.page(path, _list)
        harness.page(f"{path}/7/edit", _list)
    harness.page("/start", _list)
    add = harness.config.add_navigation
    add("Start", "/", "signed-in", order=0)
    add("Products", "/products", "products:view", group="catalogue", order=30)
    add("Old", "/products-old", "products:view", group="catalogue", order=30)
    add("Prices", "/batches/price", "batch:price:view", order=20)
    add("Batches", "/batches", ("batch:*:view", "batch:price:view", "batch:*:audit"), order=10)
    return harness


def test_one_sees_what_one_may_use_in_order(catalogue: WebHarness) -> None:
    everything = catalogue.signed_in("anna", "*:*", "batch:*:*").get("/start").text
    assert everything == "Start=/ Batches=/batches Prices=/batches/price Old=/products-old Products=/products"
    assert catalogue.signed_in("bert").get("/start").text == "Start=/"
    assert catalogue.signed_in("carl", "batch:*:audit").get("/start").text == "Start=/ Batches=/batches"
    assert (
        catalogue.signed_in("dora", "batch:price:view").get("/start").text.endswith("Prices=/batches/price")
    )


def _bar(request: Any) -> Response:
    shown = [
        f"{group.label}({len(group.items)})" if group.is_menu else f"{len(group.items)}"
        for group in request.navigation
    ]
    return Response(" ".join(shown))


def test_the_last_groups_are_menus_where_the_bar_has_no_place_for_their_entries(harness: WebHarness) -> None:
    sizes = {"": 1, "Batches": 4, "Catalogue": 4, "Administration": 3}
    for order, (group, size) in enumerate(sizes.items()):
        for number in range(size):
            path = f"/{group or 'home'}/{number}"
            harness.page(path, _bar)
            permission = f"{group.lower()}:view" if group else "signed-in"
            harness.config.add_navigation(f"{number}", path, permission, group, order)
    seen = {
        ("batches:view", "catalogue:view"): "1 4 4",
        ("batches:view", "administration:view"): "1 4 3",
        ("batches:view", "catalogue:view", "administration:view"): "1 4 Catalogue(4) Administration(3)",
    }
    for permissions, bar in seen.items():
        assert harness.signed_in("-".join(permissions), *permissions).get("/home/0").text == bar


def test_nobody_sees_nothing(catalogue: WebHarness) -> None:
    assert catalogue.visitor().get("/start").text == ""


def test_who_must_change_a_password_first_sees_nothing(catalogue: WebHarness) -> None:
    browser = catalogue.signed_in("bert", "*:*")
    assert browser.get("/start").text != ""
    catalogue.change_user("bert", must_change_password=True)
    assert browser.get("/start").text == ""


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
def test_the_nearest_entry_is_active(catalogue: WebHarness, path: str, active: str | None) -> None:
    items = catalogue.signed_in("anna", "*:*", "batch:*:*").get(path).text.split()
    found = [item[1:].split("=")[0] for item in items if item.startswith("*")]
    assert found == ([active] if active else [])


def test_an_application_below_a_prefix_links_to_itself(catalogue: WebHarness) -> None:
    browser = catalogue.signed_in("anna", "products:view", SCRIPT_NAME="/app")
    assert "*Products=/app/products" in browser.get("/products").text


def test_entries_can_be_asked_for(catalogue: WebHarness) -> None:
    catalogue.config.commit()
    entries = {
        one["introspectable"]["label"]: one
        for one in catalogue.config.introspector.get_category("navigation")
    }
    assert entries.keys() == {"Start", "Products", "Old", "Prices", "Batches"}
    assert entries["Products"]["introspectable"]["group"] == "catalogue"


def test_an_entry_that_leads_nowhere_stops_the_start(harness: WebHarness) -> None:
    harness.config.add_navigation("Lost", "lost", "signed-in")
    with pytest.raises(
        ConfigurationExecutionError, match="'Lost' names the route 'lost', which does not exist"
    ):
        harness.config.commit()


def test_a_route_may_be_declared_after_its_entry(harness: WebHarness) -> None:
    harness.config.add_navigation("Late", "/late", "signed-in")
    harness.page("/late", _list)
    assert "*Late=/late" in harness.signed_in("anna").get("/late").text


def test_two_entries_for_one_route_conflict(harness: WebHarness) -> None:
    harness.config.include(_one)
    harness.config.include(_two)
    with pytest.raises(ConfigurationConflictError):
        harness.config.commit()


def _one(config: Any) -> None:
    config.add_navigation("One", "/", "signed-in")


def _two(config: Any) -> None:
    config.add_navigation("Two", "/", "signed-in")


def test_an_address_that_is_no_text_does_not_break_the_navigation(catalogue: WebHarness) -> None:
    page = get_raw(catalogue.signed_in("anna", "products:view"), "/products%ff")
    assert page.status_int == 400
    assert 'href="/products"' in page.text
