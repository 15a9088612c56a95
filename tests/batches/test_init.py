"""The package offers authors what it lists, and can be included without its pages."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.interfaces import IRoutesMapper
from sqlalchemy import Engine

import batchbook.batches
from batchbook.application import configure_services
from batchbook.batches import BatchTypes
from batchbook.batches.running.runner import Runner
from batchbook.services import services_of

#: The one name for a type that is called otherwise.
ALIASES = {"RowValues": "Mapping"}


@pytest.mark.parametrize("name", batchbook.batches.__all__)
def test_every_name_is_offered_under_its_own_name(name: str) -> None:
    offered = getattr(batchbook.batches, name)
    assert getattr(offered, "__name__", name) == ALIASES.get(name, name)
    if callable(offered):
        assert offered.__doc__, f"{name} has no docstring."


@pytest.mark.parametrize("backend", ["sqlite"])
def test_services_come_without_pages(settings: dict[str, str]) -> None:
    config: Any = configure_services(settings)
    services = services_of(config.registry)
    try:
        assert "price_change" in {batch_type.key for batch_type in services.get(BatchTypes)}
        assert callable(services.get(Runner).submit)
        assert not config.registry.queryUtility(IRoutesMapper)
    finally:
        services.get(Engine).dispose()
