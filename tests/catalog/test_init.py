"""The catalogue's pages have their routes and stand in the navigation, for those who may see them."""

from __future__ import annotations

from typing import Any

import pytest
from webtest import TestApp

PATHS = (
    "/products",
    "/vendors",
    "/vendor-items",
    "/departments",
    "/matches",
    "/price-history",
    "/cost-history",
    "/stock-movements",
)
pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


def test_each_kind_of_record_has_all_pages(app: Any) -> None:
    patterns = {
        entry["introspectable"]["name"]: entry["introspectable"]["pattern"]
        for entry in app.registry.introspector.get_category("routes")
    }
    for prefix in ("products", "vendors", "vendor-items", "departments"):
        assert patterns[f"{prefix}.index"] == f"/{prefix}"
        assert patterns[f"{prefix}.create"] == f"/{prefix}/new"
        for page in ("view", "edit", "delete"):
            assert patterns[f"{prefix}.{page}"].startswith(f"/{prefix}/{{")


def test_the_navigation_leads_to_them_in_their_order(auditor: TestApp) -> None:
    links = [link["href"] for link in auditor.get("/").follow().html.find("nav").find_all("a")]
    assert [link for link in links if link in PATHS] == [*PATHS]


@pytest.mark.parametrize("path", PATHS)
def test_who_is_not_signed_in_sees_none_of_them(client: TestApp, path: str) -> None:
    assert client.get(path, status=303).location.startswith("http://localhost/login")
