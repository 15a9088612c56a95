"""A count of a shelf with a row of each kind: one that matches, one that differs, doubled ones and unreadable ones."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, stock

FILE = "item,counted,remark\n007,7,\n008,9,\n009,lots,look\n007,7,\n010,lots,\n"


@pytest.fixture
def batch_id(engine: Engine, harness: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), ("010", 10))
    return harness.open(FILE, shelf="A")
