"""The bakery on an otherwise empty database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from batchbook.services import services_of

from .cakes import Baker, BakerView, Cake, CakeView, MasterHarness, configure, create_tables


@pytest.fixture(scope="session")
def application(compiled_templates: dict[str, str]) -> Any:
    """The application, started once: each test gives it an engine of its own."""
    return configure(None, CakeView, BakerView, **compiled_templates).make_wsgi_app()


@pytest.fixture
def harness(empty_engine: Engine, application: Any) -> MasterHarness:
    create_tables(empty_engine)
    services_of(application.registry).add(Engine, empty_engine)
    return MasterHarness(empty_engine, application)


@pytest.fixture
def cakes(harness: MasterHarness) -> MasterHarness:
    """The bakery with three cakes."""
    ann = Baker(name="Ann")
    harness.add(
        Cake(code="B2", name="Brownie", price=Decimal("3.50"), baker=ann),
        Cake(code="A1", name="Apple pie", price=Decimal("12.00"), vegan=True),
        Cake(code="C3", name="Carrot cake", price=Decimal("5.25"), vegan=True),
    )
    return harness
