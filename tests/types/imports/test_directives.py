"""``config.add_import_target`` refuses at the start what cannot work, and an own target works like those that ship."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationConflictError, ConfigurationError
from sqlalchemy import Engine

from batchbook.application import configure
from batchbook.catalog.models import PriceHistory, Product, Vendor
from batchbook.services import services_of
from batchbook.types.imports.targets import Check, ImportTarget


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"key": "colour"}, "no column “colour”"),
        ({"fields": ["colour"]}, "no column “colour”"),
        ({"fields": ["price"], "scopes": ["vendor"]}, "no field 'vendor'"),
        ({"checks": (Check(("size",), lambda size: size != "", "It is."),)}, "no field 'size'"),
        ({"deletes": True}, "within a scope only"),
        ({"other_keys": ["description"]}, "the key 'description' may be that of several records"),
    ],
)
def test_what_cannot_work_stops_the_start(settings: dict[str, str], more: dict[str, Any], said: str) -> None:
    config = configure(settings)
    arguments = {
        "key": "item_code",
        "fields": ["price"],
        "permission": "products:edit",
        "name": "mine",
        **more,
    }
    with pytest.raises(ConfigurationError, match=said):
        config.add_import_target(ImportTarget(model=Product, **arguments))
    services_of(config.registry).get(Engine).dispose()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_two_targets_of_one_name_conflict(settings: dict[str, str]) -> None:
    config = configure(settings)
    for model in (Vendor, PriceHistory):
        config.add_import_target(ImportTarget(model=model, key="id", permission="vendors:edit", name="mine"))
    with pytest.raises(ConfigurationConflictError):
        config.commit()
    services_of(config.registry).get(Engine).dispose()
