"""The small site on an otherwise empty database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.security.harness import WebHarness, create_tables


@pytest.fixture
def backend() -> str:
    """SQLite only: nothing here depends on the database."""
    return "sqlite"


@pytest.fixture
def tables(empty_engine: Engine) -> Engine:
    create_tables(empty_engine)
    return empty_engine


@pytest.fixture
def harness(tables: Engine, compiled_templates: dict[str, str]) -> WebHarness:
    return WebHarness(tables, **compiled_templates)
