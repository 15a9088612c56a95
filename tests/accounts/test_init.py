from __future__ import annotations

from typing import Any

import pytest

from .conftest import AccountsHarness


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("ann", [("Users", "/users"), ("Roles", "/roles"), ("Audit log", "/audit-log")]),
        ("helpdesk", [("Users", "/users")]),
        ("sam", []),
    ],
)
def test_the_navigation_has_entries_for_those_who_may(
    harness: AccountsHarness, name: str, entries: list[Any]
) -> None:
    page = harness.visitor(name).get("/account")
    assert [
        (link.get_text(strip=True), link["href"]) for link in page.html.select("nav.nav-wide a")
    ] == entries
    for path, permission in (("/users", "Users"), ("/roles", "Roles")):
        allowed = permission in dict(entries)
        harness.visitor(name).get(path, status=200 if allowed else 403)
