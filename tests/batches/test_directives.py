"""A batch type is checked when the application starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine

from batchbook.application import configure
from batchbook.batches import BatchMasterView, RowTable
from batchbook.catalog.models import Department
from batchbook.services import services_of

from .shelf_count import ShelfCount, ShelfCountHandler

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def config(settings: dict[str, str]) -> Iterator[Any]:
    """The configuration of the application, before it serves."""
    config = configure(settings)
    yield config
    services_of(config.registry).get(Engine).dispose()


@pytest.mark.parametrize("record", [Department, object, "batchbook.words.counted"])
def test_a_record_that_does_not_name_batches_stops_the_start(config: Any, record: Any) -> None:
    view = type("ShelfCountView", (BatchMasterView,), {"row_table": RowTable(("item_code",))})
    with pytest.raises(ConfigurationError, match=r"must be a model .* column batch_id"):
        config.add_batch_type(ShelfCount, handler=ShelfCountHandler, view=view, records=(record,))
