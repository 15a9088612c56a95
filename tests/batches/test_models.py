"""Models as authors may write them: with relationships, and with defaults of every kind."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine, ForeignKey, MetaData, String, Text, func, insert, select, text
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column, relationship

from batchbook.application import configure
from batchbook.batches import (
    Action,
    Batch,
    BatchHandler,
    BatchMasterView,
    BatchRow,
    BatchType,
    BatchTypes,
    FileSource,
    Outcome,
    RowTable,
    column,
    editable,
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


PACKS = models(
    "label_batch",
    code=column(String(9), default=""),
    __annotations__={"number": Mapped[int], "unit": Mapped[str | None]},
    number=editable(minimum=1, default=1),
    unit=editable(String(9), default="each"),
)


class PacksHandler(BatchHandler[Any, Any]):
    file_source = FileSource(columns={"code": "code", "number": "number", "unit": "unit"})

    def execute(self, batch: Any, rows: Any, options: Any) -> Outcome:
        """Copy the rows by one statement, and tell how many those were."""
        table, copied = rows.table, rows.table.c.sequence + 100
        names = [column.name for column in table.columns if column.name != "sequence"]
        source = select(*(table.c[name] for name in names), copied).where(rows.where)
        count = self.session.execute(insert(table).from_select([*names, "sequence"], source)).rowcount
        return Outcome(f"{count} rows copied.", {"copied": count})


def test_empty_cells_of_a_file_have_their_defaults_and_insert_select_counts(engine: Engine) -> None:
    metadata, header, row = PACKS
    metadata.create_all(engine)
    packs = BatchHarness(
        engine,
        BatchType(
            "label_batch", header, SharedTable(row), PacksHandler, object, "Label batch", "Label batches"
        ),
    )
    batch_id = packs.open("code,number,unit\nA,6,box\nB,,bag\nC,six,\n")
    found = [(one.code, one.number, one.unit) for one in packs.rows(batch_id)]  # type: ignore[attr-defined]
    assert found == [("A", 6, "box"), ("B", 1, "bag"), ("C", 1, "each")]
    result = packs.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert result.message.endswith("3 rows copied.")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_type_without_a_title_is_called_in_english(settings: dict[str, str]) -> None:
    config = configure(settings)
    view = type("View", (BatchMasterView,), {"row_table": RowTable(("code", "number"))})
    config.add_batch_type(PACKS[1], handler=PacksHandler, view=view)
    config.commit()
    registered = services_of(config.registry).get(BatchTypes)["label_batch"]
    assert (registered.title, registered.title_plural) == ("Label batch", "Label batches")
    services_of(config.registry).get(Engine).dispose()


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


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("name", ["owner_left", "now"])
def test_a_header_s_column_called_like_one_of_all_lists_is_refused_at_start(
    settings: dict[str, str], name: str
) -> None:
    _, header, _ = models(f"taken_{name}", header={name: mapped_column(Text)}, **whole_number(default=7))
    config = configure(settings)
    view = type("View", (BatchMasterView,), {"row_table": RowTable(("number",))})
    with pytest.raises(ConfigurationError, match=f"has a column {name}, which every list .* has already"):
        config.add_batch_type(header, handler=Handler, view=view)
    services_of(config.registry).get(Engine).dispose()
