"""Batches that commands made from a price list."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from batchbook.application import configure_services
from batchbook.batches.models import Batch, BatchFile, BatchFileChunk, CellChange, Operation
from batchbook.catalog.models import PriceHistory, Product
from batchbook.cli import installation
from batchbook.db.engine import database_url, make_engine
from batchbook.db.transactions import transaction_scope
from batchbook.jobs.service import JobService
from batchbook.services import services_of
from batchbook.types.price_change.models import PriceChange, PriceChangeRow

Run = Callable[..., Any]

#: What is each test's own among the settings: where its database and its settings file are.
_OWN = frozenset({"sqlalchemy.url", "here", "__file__"})


_known: dict[frozenset[tuple[str, str]], Any] = {}


def _configured(settings: Mapping[str, Any]) -> Any:
    """Configure the application, or find the one that has the same settings, and give it the database they name."""
    key = frozenset((name, str(value)) for name, value in settings.items() if name not in _OWN)
    if key not in _known:
        _known[key] = configure_services(settings)
        services_of(_known[key].registry).get(Engine).dispose()
    services = services_of(_known[key].registry)
    services.settings.update(settings)
    services.get(JobService).close()
    hide = services.get(Engine).hide_parameters
    services.add(Engine, make_engine(database_url(settings), hide_parameters=hide))
    return _known[key]


@pytest.fixture(autouse=True)
def _configured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of the same settings share the application: a test runs many, and none keeps anything in it."""
    monkeypatch.setattr(installation, "configure_services", _configured)


@pytest.fixture
def opened(batch: Run, price_list: Path) -> str:
    """The number of an open batch made from the price list."""
    result = batch("create", "price_change", "--file", price_list, "--set", "vendor_code=V1", "--as", "staff")
    assert result.exit_code == 0, result.stderr
    return str(result.stdout.strip())


@pytest.fixture
def completed(batch: Run, opened: str) -> str:
    """The number of a batch marked complete."""
    assert batch("complete", opened, "--as", "staff").exit_code == 0
    return opened


@pytest.fixture
def executed(batch: Run, completed: str) -> str:
    """The number of an executed batch."""
    assert batch("execute", completed, "--as", "admin").exit_code == 0
    return completed


@pytest.fixture
def snapshot(catalogue: Engine) -> Callable[[], dict[str, list[Any]]]:
    """Reads everything that batches consist of and change, to compare before and after."""
    models = (
        *(Batch, PriceChange, PriceChangeRow, BatchFile, BatchFileChunk, Operation, CellChange),
        *(Product, PriceHistory),
    )
    tables = [model.__table__ for model in models]

    def read() -> dict[str, list[Any]]:
        with transaction_scope(catalogue, read_only=True) as session:
            return {
                str(table): [
                    tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))
                ]
                for table in tables
            }

    return read


@pytest.fixture
def csv_text() -> Callable[[Any], io.StringIO]:
    """Opens what a command printed as CSV for reading."""
    return lambda result: io.StringIO(result.stdout_bytes.decode("utf-8-sig"), newline="")
