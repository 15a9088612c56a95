"""The bakery on an otherwise empty database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from batchbook.services import services_of

from .cake_site import BakerView, Bakery, CakeView, configure, create_tables


@pytest.fixture(scope="session")
def site(compiled_templates: dict[str, str]) -> Any:
    """The application, started once: each test gives it an engine of its own."""
    return configure(None, CakeView, BakerView, **compiled_templates).make_wsgi_app()


@pytest.fixture
def bakery(empty_engine: Engine, site: Any) -> Bakery:
    create_tables(empty_engine)
    services_of(site.registry).add(Engine, empty_engine)
    return Bakery(empty_engine, site)
