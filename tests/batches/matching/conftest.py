"""Price changes of vendor V1, whose rows are matched with five products."""

from __future__ import annotations

import pytest
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness
from tests.functional.harness import CatalogueDatabase


@pytest.fixture
def harness(catalogue: CatalogueDatabase) -> BatchHarness:
    """Price changes, and a catalogue of five products."""
    return BatchHarness(catalogue.engine, PRICE_CHANGE)
