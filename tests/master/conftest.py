"""The bakery on an otherwise empty database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from .bakery import BakerView, Bakery, CakeView, configure, create_tables


@pytest.fixture
def bakery(empty_engine: Engine) -> Bakery:
    create_tables(empty_engine)
    return Bakery(empty_engine, configure(empty_engine, CakeView, BakerView).make_wsgi_app())
