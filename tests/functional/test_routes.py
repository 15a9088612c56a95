"""Every address of the shipped application with the permission that it asks for, as the list beside this file has it.

The list is for the review of changes: whoever adds an address, or changes who may open one, changes a line of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyramid.security import NO_PERMISSION_REQUIRED

from batchbook.batches.registry import BatchTypes
from batchbook.services import services_of

LIST = Path(__file__).with_name("routes.txt")


def lines_of(app: Any) -> set[str]:
    """Return a line for each method of each address; those that every batch type has are told of once."""
    introspector = app.registry.introspector
    found = set()
    for item in introspector.get_category("views"):
        view = item["introspectable"]
        route = introspector.get("routes", view["route_name"]) if view["route_name"] else None
        if route is None or view["route_name"].startswith("__static"):
            continue
        permissions = [one["value"] for one in item["related"] if one.category_name == "permissions"]
        (permission,) = permissions or ["nothing is asked for"]
        permission = "(everybody)" if permission == NO_PERMISSION_REQUIRED else permission
        methods = view["request_methods"] or "GET POST"
        for method in methods.split() if isinstance(methods, str) else methods:
            if method != "HEAD":
                found.add(f"{method:<4} {route['pattern']}  {permission}")
    return _joined(found, [(one.path, one.key) for one in services_of(app.registry).get(BatchTypes)])


def _joined(lines: set[str], types: list[tuple[str, str]]) -> set[str]:
    """Replace lines that all batch types have by one about ``<type>``."""
    general: dict[str, set[str]] = {}
    for path, key in types:
        for line in lines:
            if f"/batches/{path}" in line:
                name = line.replace(f"/batches/{path}", "/batches/<type>").replace(
                    f"batch:{key}:", "batch:<type>:"
                )
                general.setdefault(name, set()).add(line)
    shared = {name: own for name, own in general.items() if len(own) == len(types)}
    return lines - set().union(*shared.values()) | set(shared)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_list_has_every_address_and_its_permission(app: Any) -> None:
    listed = [line for line in LIST.read_text().splitlines() if line]
    found = lines_of(app)
    assert found - set(listed) == set(), "not in the list"
    assert set(listed) - found == set(), "in the list only"
    assert len(listed) == len(set(listed))
