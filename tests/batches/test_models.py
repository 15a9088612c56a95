"""Models as authors may write them: with relationships, and with defaults of every kind."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine, ForeignKey, MetaData, Text, func, text
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column, relationship

from batchbook.application import configure
from batchbook.batches import (
    Action,
    Batch,
    BatchHandler,
    BatchMasterView,
    BatchRow,
    BatchType,
    Outcome,
    RowTable,
    column,
)
from batchbook.batches.rows.storage import SharedTable
from batchbook.catalog.models import Vendor
from batchbook.db.base import NAMING_CONVENTION
from batchbook.services import services_of

from .harness import BatchHarness


class Handler(BatchHandler[Any, Any]):
    def populate(self, batch: Any) -> Any:
        yield {"number": 1}

    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        return Outcome("Done.")


def models(name: str, **columns: Any) -> tuple[MetaData, type[Batch], type[BatchRow]]:
    """Return a header and a row class whose tables are in a metadata of their own."""
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    identity = {
        "id": mapped_column(ForeignKey(Batch.__table__.c.id, ondelete="CASCADE"), primary_key=True),
        "__mapper_args__": {"polymorphic_identity": name},
    }
    header_columns = columns.pop("header", {})
    header = type(
        name.title(), (Batch,), {"__tablename__": name, "metadata": metadata, **identity, **header_columns}
    )
    parts = {"__tablename__": f"{name}_row", "__batch__": header, "metadata": metadata, **columns}
    return metadata, header, type(f"{name.title()}Row", (BatchRow,), parts)


def whole_number(**options: Any) -> dict[str, Any]:
    made: MappedColumn[Any] = column(**options)
    return {"__annotations__": {"number": Mapped[int]}, "number": made}


DELIVERY = models(
    "delivery",
    header={
        "vendor_id": mapped_column(ForeignKey(Vendor.__table__.c.id), nullable=True),
        "vendor": relationship(Vendor, lazy="joined"),
    },
    **whole_number(default=0),
)


def test_a_header_may_load_what_it_refers_to_together_with_itself(engine: Engine) -> None:
    metadata, header, row = DELIVERY
    metadata.create_all(engine)
    catalogue = BatchHarness(
        engine, BatchType("delivery", header, SharedTable(row), Handler, object, "Delivery", "Deliveries")
    )
    batch_id = catalogue.create()
    assert not catalogue.run(
        batch_id, Action.POPULATE, Action.REFRESH, Action.COMPLETE, Action.EXECUTE
    ).failed


DEFAULTS: dict[str, dict[str, Any]] = {
    "said_to_the_database_only": {"server_default": text("7")},
    "computed": {"default": lambda: 7},
    "of_sql": {"default": func.abs(-7)},
}


@pytest.mark.parametrize("kind", DEFAULTS)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_default_that_bulk_writing_does_not_know_is_refused_at_start(
    settings: dict[str, str], kind: str
) -> None:
    _, header, _ = models(kind, **whole_number(**DEFAULTS[kind]))
    config = configure(settings)
    with pytest.raises(ConfigurationError, match=f"The column 'number' of the rows of batch type '{kind}'"):
        config.add_batch_type(header, handler=Handler, view=type("View", (BatchMasterView,), {}))
    services_of(config.registry).get(Engine).dispose()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_plain_default_is_fine_also_beside_the_database_s(settings: dict[str, str]) -> None:
    _, header, _ = models("plain", **whole_number(default=7, server_default=text("7")))
    config = configure(settings)
    config.add_batch_type(
        header, handler=Handler, view=type("View", (BatchMasterView,), {"row_table": RowTable(("number",))})
    )
    services_of(config.registry).get(Engine).dispose()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_column_called_like_what_rows_can_do_is_refused_at_start(settings: dict[str, str]) -> None:
    _, header, _ = models("clash", changes=mapped_column(Text))
    config = configure(settings)
    with pytest.raises(ConfigurationError, match="cannot be called 'changes'"):
        config.add_batch_type(header, handler=Handler, view=type("View", (BatchMasterView,), {}))
    services_of(config.registry).get(Engine).dispose()
