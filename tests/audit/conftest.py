from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from tests.batches.attacked import PRICE_CHANGE, Attacked, make_batches
from tests.batches.harness import BatchHarness
from tests.functional.fixtures import complete_batch, executed_batch, open_batch

from batchbook.audit.pack import Pack
from batchbook.audit.pack_pages import batches_called
from batchbook.batches import Action
from batchbook.batches.registry import BatchTypes
from batchbook.catalog.models import PriceHistory
from batchbook.db import utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.testing.databases import Fill

__all__ = ["complete_batch", "executed_batch", "open_batch"]


def make_two(engine: Engine) -> None:
    """Make two executed price changes."""
    make_batches(engine)
    both = Attacked(BatchHarness(engine, PRICE_CHANGE), 1, 2)
    both.raw("UPDATE product SET price = 1")
    both.catalogue.run(both.open, Action.REFRESH, Action.COMPLETE, Action.EXECUTE)


@pytest.fixture
def fill(fill: tuple[Fill, ...], request: pytest.FixtureRequest) -> tuple[Fill, ...]:
    """The database has two executed batches where the test takes ``two_executed``."""
    return (*fill, make_two) if "two_executed" in request.fixturenames else fill


@pytest.fixture
def two_executed() -> None:
    """The database has two executed price changes when the test begins."""


def pack_of(engine: Engine, *numbers: int) -> bytes:
    """Return the pack of the batches with ``numbers``."""
    types = BatchTypes([replace(PRICE_CHANGE, records=(PriceHistory,))])
    with transaction_scope(engine, read_only=True) as session:
        return b"".join(Pack(session, types, batches_called(session, numbers), "auditor", utc_now()).chunks())


@pytest.fixture
def packed(two_executed: None, engine: Engine) -> bytes:
    """The pack of two batches."""
    return pack_of(engine, 1, 2)


@pytest.fixture
def extracted(packed: bytes, tmp_path: Path) -> Path:
    """The folder into which the pack of two batches was extracted."""
    folder = tmp_path / "pack"
    zipfile.ZipFile(io.BytesIO(packed)).extractall(folder)
    return folder
