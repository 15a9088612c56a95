"""The small site on an otherwise empty database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from .harness import WebHarness, create_tables


@pytest.fixture
def harness(empty_engine: Engine, compiled_templates: dict[str, str]) -> WebHarness:
    create_tables(empty_engine)
    return WebHarness(empty_engine, **compiled_templates)
