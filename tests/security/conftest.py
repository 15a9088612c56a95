"""The small site on an otherwise empty database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from .harness import Site, create_tables


@pytest.fixture
def site(empty_engine: Engine, compiled_templates: dict[str, str]) -> Site:
    create_tables(empty_engine)
    return Site(empty_engine, **compiled_templates)
