"""Fixtures of the tests of policies."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.engine.test_execution_check import Counting
from tests.batches.harness import BatchHarness, stock


@pytest.fixture
def counts(engine: Engine, harness: BatchHarness) -> BatchHarness:
    stock(engine, ("A", 10), ("B", 100))
    return harness.with_handler(Counting)
