from __future__ import annotations

import pytest
from sqlalchemy import Engine

from batchbook.testing.databases import Fill

from .attacked import PRICE_CHANGE, Attacked, make_batches
from .harness import BatchHarness, shelves
from .shelf_count import Remembering, make_tables
from .tallies import make_tables as make_tally_tables


@pytest.fixture
def fill(fill: tuple[Fill, ...], request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """What there is from the start where the test takes ``shelf_tables`` or ``frozen_and_open``."""
    fills = {
        "shelf_tables": make_tables,
        "frozen_and_open": make_batches,
        "tally_tables": make_tally_tables,
    }
    return (*fill, *(function for name, function in fills.items() if name in request.fixturenames))


@pytest.fixture
def shelf_tables() -> None:
    """The database has the tables of shelf counts when the test begins."""


@pytest.fixture
def tally_tables() -> None:
    """The database has the tables of tallies, and their products, when the test begins."""


@pytest.fixture
def frozen_and_open() -> None:
    """The database has an executed and an open price change when the test begins."""


@pytest.fixture
def attacked(frozen_and_open: None, engine: Engine) -> Attacked:
    """An executed price change and an open one beside it."""
    return Attacked(BatchHarness(engine, PRICE_CHANGE), 1, 2)


@pytest.fixture
def harness(shelf_tables: None, engine: Engine) -> BatchHarness:
    """Shelf counts, on a database that has their tables."""
    return shelves(engine)


@pytest.fixture
def remembering(harness: BatchHarness, monkeypatch: pytest.MonkeyPatch) -> type[Remembering]:
    """A handler of this test's own that notes its calls."""
    return type("Noted", (Remembering,), {"calls": [], "source": ()})
