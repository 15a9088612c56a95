from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine
from webtest import TestApp

from .addresses import Addresses
from .world import CATALOGUE, PRICE_LIST, Shop, form_to, number_in, upload, url_of


@pytest.fixture
def shop(engine: Engine, users: dict[str, str]) -> Shop:
    """A shop of five products, and people."""
    shop = Shop(engine)
    shop.load(CATALOGUE)
    return shop


@pytest.fixture
def open_batch(shop: Shop, staff: TestApp) -> int:
    """A batch that staff made from the price list, open for changes."""
    return number_in(upload(staff, PRICE_LIST, description="Spring prices", vendor_code="V1"))


@pytest.fixture
def complete_batch(open_batch: int, staff: TestApp) -> int:
    """The batch, marked complete."""
    form_to(staff.get(url_of(open_batch)), "/complete").submit(status=303)
    return open_batch


@pytest.fixture
def executed_batch(complete_batch: int, admin: TestApp) -> int:
    """The batch, executed by an administrator."""
    form_to(admin.get(url_of(complete_batch)), "/execute").submit(status=303)
    return complete_batch


@pytest.fixture
def addresses(app: Any, shop: Shop) -> Addresses:
    """Every address of the application."""
    return Addresses(app, shop)
