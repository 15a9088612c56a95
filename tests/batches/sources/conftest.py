"""Price changes, and batches that are made of their rows."""

from __future__ import annotations

import pytest
from tests.batches.attacked import PRICE_CHANGE
from tests.batches.harness import BatchHarness
from tests.functional.harness import CatalogueDatabase

from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.making import make_batch
from batchbook.batches.models import Batch
from batchbook.batches.sources.choosing import choose_rows


@pytest.fixture
def harness(catalogue: CatalogueDatabase) -> BatchHarness:
    """Price changes, and a catalogue of products."""
    return BatchHarness(catalogue.engine, PRICE_CHANGE)


def made_of_rows(engine: Engine, batch_id: int, *where: object, **texts: str) -> Batch:
    """Make a price change of rows of another one."""
    context = engine.context_of(engine.find(batch_id))
    chosen = choose_rows(context, PRICE_CHANGE, where)  # type: ignore[arg-type]
    return make_batch(engine, "price_change", texts, chosen)
