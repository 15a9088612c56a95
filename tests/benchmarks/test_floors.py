"""Floors do the same work as Batchbook: the same values come of it, in tables with the same columns and indexes."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, func, inspect, select

from batchbook.batches import Batch
from batchbook.catalog.models import PriceHistory, Product
from batchbook.db.engine import make_engine
from batchbook.db.transactions import transaction_scope

#: The columns of rows in which Batchbook tells what a floor does not word, or joins words by a sign.
WORDED = {"status_text", "issues", "changed_fields"}


def side_on(server: Any, key: str, side: str) -> Any:
    from benchmarks.floors import FLOORS
    from benchmarks.works import product

    url = server.fresh(f"{key}_{side}")
    return product.Product(key, url) if side == "product" else FLOORS[key](url)


def table_of(key: str, side: str, batch: int) -> str:
    if key == "price_change":
        return "price_change_row"
    return f"row_{batch}" if side == "product" else f"bare_row_{batch}"


def rows_of(server: Any, key: str, side: str, batch: int) -> list[dict[str, Any]]:
    engine = make_engine(server.url_of(f"{key}_{side}"))
    with transaction_scope(engine, read_only=True) as session:
        table = Table(table_of(key, side, batch), MetaData(), autoload_with=session.connection())
        statement = select(table).where(table.c.batch_id == batch).order_by(table.c.sequence)
        rows = [
            {name: value for name, value in row.items() if name not in WORDED | {"batch_id", "modified_at"}}
            for row in session.execute(statement).mappings()
        ]
    engine.dispose()
    return rows


@pytest.mark.parametrize("key", ["price_change", "import"])
def test_both_sides_come_to_the_same_values(server: Any, inputs: Any, key: str) -> None:
    from benchmarks.works import Work

    outcomes = {}
    for side in ("product", "floor"):
        runner = side_on(server, key, side)
        found: list[Any] = []
        for work in ("populate_csv", "refresh", "clone", "bulk_change", "undo", "bulk_remove"):
            getattr(runner, Work(work))(inputs)
            found.append(rows_of(server, key, side, runner.copy or runner.batch))
        runner.complete()
        runner.execute(inputs)
        found.append(records_of(server, f"{key}_{side}"))
        runner.close()
        outcomes[side] = found
    product, floor = outcomes["product"], outcomes["floor"]
    for ours, bare in zip(product[:-1], floor[:-1], strict=True):
        assert [without_computed(row) for row in ours] == [without_computed(row) for row in bare]
    assert product[-1] == floor[-1]
    statuses = {row["status"] for row in floor[0]}
    expected = {
        "price_change": {"increase", "decrease", "unchanged", "not_in_catalogue"},
        "import": {"create", "update", "unchanged"},
    }
    assert statuses >= expected[key]
    assert sum(row["removed"] for row in floor[5]) == len(floor[5]) // 2
    assert floor[2] == floor[0]
    assert floor[3] != floor[0]


def without_computed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with whole numbers for flags, which SQLite has no type for."""
    return {name: int(value) if isinstance(value, bool) else value for name, value in row.items()}


def records_of(server: Any, name: str) -> Any:
    """The products and the history of prices after an execution."""
    engine = make_engine(server.url_of(name))
    with transaction_scope(engine, read_only=True) as session:
        columns = (Product.item_code, Product.price, Product.brand, Product.on_hand, Product.version)
        products = [tuple(row) for row in session.execute(select(*columns).order_by(Product.item_code))]
        total = func.count(), func.sum(PriceHistory.old_price), func.sum(PriceHistory.new_price)
        history = tuple(session.execute(select(*total).where(PriceHistory.batch_id == 1)).one())
        states = session.scalars(select(Batch.state).where(Batch.id == 1)).all()
    engine.dispose()
    assert history[0] > 30
    assert states in ([], ["executed"])
    return products, history


def test_tables_of_imports_have_the_same_columns_and_indexes(server: Any, inputs: Any) -> None:
    found = {}
    for side in ("product", "floor"):
        runner = side_on(server, "import", side)
        runner.populate_csv(inputs)
        runner.close()
        engine = make_engine(server.url_of(f"import_{side}"))
        looking = inspect(engine)
        name = table_of("import", side, 1)
        columns = {column["name"]: str(column["type"]) for column in looking.get_columns(name)}
        indexes = {tuple(index["column_names"]) for index in looking.get_indexes(name)}
        found[side] = columns, indexes, looking.get_pk_constraint(name)["constrained_columns"]
        engine.dispose()
    assert found["product"] == found["floor"]


@pytest.mark.parametrize("key", ["price_change", "import"])
def test_exports_have_the_same_columns_and_rows(server: Any, inputs: Any, key: str) -> None:
    sizes = {}
    for side in ("product", "floor"):
        runner = side_on(server, key, side)
        runner.populate_csv(inputs)
        runner.export_csv(inputs)
        runner.export_xlsx(inputs)
        runner.close()
        with inputs.catalogue.with_name(f"{side}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [*csv.reader(file)]
        sizes[side] = len(rows), len(rows[0]), sum(cell != "" for row in rows[1:] for cell in row)
        assert inputs.catalogue.with_name(f"{side}.xlsx").stat().st_size > 10_000
    assert sizes["product"][:2] == sizes["floor"][:2]
    # Batchbook words some rows.
    assert 0.9 < sizes["floor"][2] / sizes["product"][2] <= 1


@pytest.mark.parametrize(("key", "work"), [("price_change", "populate_query"), ("import", "populate_xlsx")])
def test_other_sources_come_to_the_same_values(server: Any, inputs: Any, key: str, work: str) -> None:
    found = []
    for side in ("product", "floor"):
        runner = side_on(server, key, side)
        getattr(runner, work)(inputs)
        runner.close()
        found.append([without_computed(row) for row in rows_of(server, key, side, 1)])
    assert found[0] == found[1]
    assert len(found[0]) == inputs.rows


@pytest.mark.parametrize("key", ["price_change", "import"])
def test_what_was_deleted_is_gone_and_what_was_sealed_is_verified(server: Any, inputs: Any, key: str) -> None:
    for side in ("product", "floor"):
        runner = side_on(server, key, side)
        runner.populate_csv(inputs)
        runner.clone(inputs)
        runner.delete(inputs)
        runner.complete()
        runner.execute(inputs)
        runner.verify(inputs)
        runner.close()
        engine = make_engine(server.url_of(f"{key}_{side}"))
        if key == "import":
            assert not inspect(engine).has_table(table_of(key, side, 2))
        else:
            assert rows_of(server, key, side, 2) == []
        assert len(rows_of(server, key, side, 1)) == inputs.rows
        engine.dispose()
