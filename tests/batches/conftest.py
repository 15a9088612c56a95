from __future__ import annotations

import pytest
from sqlalchemy import Engine

from .harness import BatchHarness, shelves
from .shelf_count import Remembering, make_tables


@pytest.fixture
def harness(engine: Engine) -> BatchHarness:
    """Shelf counts, on a database that has their tables."""
    make_tables(engine)
    return shelves(engine)


@pytest.fixture
def remembering(harness: BatchHarness, monkeypatch: pytest.MonkeyPatch) -> type[Remembering]:
    """A handler of this test's own that notes its calls."""
    return type("Noted", (Remembering,), {"calls": [], "source": ()})
