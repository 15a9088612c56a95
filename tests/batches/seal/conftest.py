from __future__ import annotations

import pytest
from tests.batches.attacked import Attacked

from batchbook.batches import Action


@pytest.fixture
def sealed(attacked: Attacked) -> Attacked:
    """Two executed batches with a seal each."""
    attacked.raw("UPDATE product SET price = 1")
    attacked.catalogue.run(attacked.open, Action.REFRESH, Action.COMPLETE, Action.EXECUTE)
    return attacked
