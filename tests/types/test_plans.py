"""No statement of a type that ships costs rows times records: each is explained while batches live their lives."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import insert, select, text, true, update
from webtest import TestApp

from batchbook.batches import Action
from batchbook.batches.editing import HeaderEditor, RowEditor, RowRemover
from batchbook.batches.editing.change_rules import ColumnChange, Rule
from batchbook.batches.editing.column_changer import ColumnChanger
from batchbook.batches.editing.undo import Undoer
from batchbook.batches.engine.creation import clone_batch, create_batch, delete_batch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.registry import BatchTypes
from batchbook.batches.rows import storage
from batchbook.catalog.models import Department, Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.services import Services, services_of

from .plans import Plans

#: As many that a planner takes none of the tables for so small that it may be read again and again.
PRODUCTS, VENDORS, DEPARTMENTS = 4_000, 1_000, 500


class Story:
    """Acts on batches as an administrator, while every statement is explained."""

    def __init__(self, database: Database, services: Services, plans: Plans) -> None:
        self.database, self.services, self.plans = database, services, plans

    def act(self, work: Callable[[Engine], Any]) -> Any:
        with transaction_scope(self.database) as session, self.plans.watching(self.database):
            return work(Engine(session, self.services.get(BatchTypes), self.services.settings, "admin"))

    def run(self, batch: int, *actions: Action, **options: Any) -> None:
        for action in actions:
            given = {"confirm": "all"} | options if action is Action.EXECUTE else {}
            result = self.act(lambda engine, action=action, given=given: engine.run(batch, action, given))
            assert not result.failed, result.message

    def populated(self, key: str, table: str | None, **texts: str) -> int:
        upload = None if table is None else io.BytesIO(table.encode())
        batch: int = self.act(lambda engine: create_batch(engine, key, texts, upload, "list.csv").id)
        self.run(batch, Action.POPULATE)
        return batch

    def edit(self, batch: int, sequence: int, **texts: str) -> None:
        self.act(lambda engine: RowEditor(engine).edit(batch, sequence, texts))

    def look(self, client: TestApp, batch: int, path: str) -> None:
        """Open the batch's page, its problems and one of its rows."""
        with self.plans.watching(self.database):
            for more in ("", "/problems", "/rows/1"):
                client.get(f"/batches/{path}/{batch}{more}")


@pytest.fixture
def story(engine: Database, app: Any, users: Any) -> Story:
    with transaction_scope(engine) as session:
        session.execute(insert(Department), [{"name": f"D{n}"} for n in range(DEPARTMENTS)])
        session.execute(
            insert(Vendor), [{"code": f"V{n}", "name": f"Vendor {n // 2}"} for n in range(VENDORS)]
        )
        vendors = session.scalars(select(Vendor.id).order_by(Vendor.id)).all()
        departments = session.scalars(select(Department.id).order_by(Department.id)).all()
        session.execute(
            insert(Product),
            [
                {
                    "item_code": f"{n:09d}",
                    "description": f"Item {n}",
                    "price": Decimal(n % 900 + 100) / 100,
                    # One vendor has half of all.
                    "vendor_id": vendors[0 if n % 2 else n % VENDORS],
                    "department_id": departments[n % DEPARTMENTS],
                }
                for n in range(PRODUCTS)
            ],
        )
    with transaction_scope(engine) as session:
        session.execute(text("ANALYZE"))
    return Story(engine, services_of(app.registry), Plans())


def lines(heading: str, each: Callable[[int], str], count: int = PRODUCTS) -> str:
    return "\n".join([heading, *map(each, range(count))]) + "\n"


def import_products(story: Story, staff: TestApp) -> None:
    """All that can happen to rows: created, changed, the same, twice, unknown and ambiguous references, stale."""
    table = lines(
        "item_code,description,price,department,vendor",
        lambda n: (
            f"{n + n % 7:09d},Item {n},{n % 800 / 100 + 1:.2f},D{n % 600},{'Vendor 3' if n % 50 == 3 else f'V{n % 999}'}"
        ),
    )
    batch = story.populated("import", table, target="product", unknown="add")
    story.run(batch, Action.REFRESH)
    story.edit(batch, 1, new_price="3.33")
    story.act(lambda engine: HeaderEditor(engine).edit(batch, {"empty_cells": "clear"}))
    story.act(lambda engine: RowRemover(engine).set_removed(batch, 2, removed=True))
    clone: int = story.act(lambda engine: clone_batch(engine, batch).id)
    story.look(staff, batch, "import")
    with transaction_scope(story.database) as session:
        session.execute(update(Product).where(Product.item_code == "000000005").values(price=Decimal(77)))
    story.run(batch, Action.COMPLETE, Action.EXECUTE, apply="good", overwrite="yes")
    story.act(lambda engine: delete_batch(engine, clone))


def import_what_replaces(story: Story, staff: TestApp) -> None:
    """Records that the table lacks are marked as deleted."""
    table = lines("item_code,description,price,vendor", lambda n: f"{n * 2:09d},Item {n},1.00,V0", 1_500)
    batch = story.populated(
        "import", table, target="product", mode="replace", scope_field="vendor", scope_value="V0"
    )
    story.look(staff, batch, "import")
    story.run(batch, Action.REFRESH, Action.COMPLETE, Action.EXECUTE, apply="all")


def import_into_others(story: Story, _staff: TestApp) -> None:
    for target, table in (
        ("vendor", lines("code,name", lambda n: f"V{n},Other {n}", 1_500)),
        ("department", lines("name", lambda n: f"D{n}", 1_000)),
        ("on_hand", lines("item_code,on_hand", lambda n: f"{n:09d},{n % 50}")),
    ):
        batch = story.populated("import", table, target=target)
        story.run(batch, Action.REFRESH, Action.COMPLETE, Action.EXECUTE)


def change_prices_by_a_list(story: Story, staff: TestApp) -> None:
    table = lines(
        "item_code,description,size,price", lambda n: f"{n + n % 9:09d},Item {n},,{n % 700 / 100 + 1:.2f}"
    )
    batch = story.populated("price_change", table, warn_above="20")
    story.run(batch, Action.REFRESH)
    story.edit(batch, 1, new_price="3.33")
    story.look(staff, batch, "price-change")
    story.run(batch, Action.COMPLETE, Action.EXECUTE, overwrite="yes")
    story.act(lambda engine: clone_batch(engine, batch))


def change_prices_by_per_cent(story: Story, staff: TestApp) -> None:
    batch = story.populated("price_change", None, percent="10", vendor_code="V0")
    story.run(batch, Action.REFRESH)
    story.look(staff, batch, "price-change")
    story.run(batch, Action.COMPLETE, Action.EXECUTE)


def edit_many_rows_of_a_clone(story: Story, _staff: TestApp) -> None:
    """The planner knows the first batch, and believes that there is no other."""
    prices = lines(
        "item_code,description,size,price", lambda n: f"{n + n % 9:09d},Item {n},,{n % 700 / 100 + 1:.2f}"
    )
    first = story.populated("price_change", prices)
    other = story.populated("import", prices, target="product")
    with transaction_scope(story.database) as session:
        session.execute(text("ANALYZE"))
    change = ColumnChange(Rule.PERCENT, ["new_price"], "1")
    for batch in (first, other):
        clone: int = story.act(lambda engine, batch=batch: clone_batch(engine, batch).id)
        story.act(lambda engine, clone=clone: ColumnChanger(engine).store(clone, true(), change))
        story.act(lambda engine, clone=clone: Undoer(engine).undo(clone))
        story.act(lambda engine, clone=clone: _remove_every_second(engine, clone))
        story.act(lambda engine, clone=clone: Undoer(engine).undo(clone))
        story.run(clone, Action.REFRESH, Action.COMPLETE, Action.EXECUTE)


def _remove_every_second(engine: Engine, batch: int) -> None:
    row = engine.context_of(engine.find(batch)).row
    RowRemover(engine).remove_where(batch, row.sequence % 2 == 0)


@pytest.mark.parametrize(
    "told",
    [
        import_products,
        import_what_replaces,
        import_into_others,
        change_prices_by_a_list,
        change_prices_by_per_cent,
        edit_many_rows_of_a_clone,
    ],
    ids=lambda told: told.__name__,
)
def test_no_statement_costs_rows_times_records(
    story: Story, staff: TestApp, told: Callable[[Story, TestApp], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_FEW", 0)  # The tables count as large ones.
    told(story, staff)
    assert len(story.plans.looked_at) > 20
    report = "\n\n".join(f"{statement}\n  {steps}" for statement, steps in story.plans.costly.items())
    assert not story.plans.costly, report


# --- The plans themselves --------------------------------------------------------------------------------------------

COSTLY = (
    "SELECT id FROM product WHERE EXISTS (SELECT 1 FROM shelf WHERE shelf.batch_id = 1 AND shelf.code = product.item_code)",
    "SELECT count(*) FROM product AS one JOIN product AS other ON one.price < other.price",
)
CHEAP = (
    "SELECT id FROM product WHERE item_code IN (SELECT code FROM shelf WHERE shelf.batch_id = 1)",
    "SELECT count(*) FROM shelf JOIN product ON product.item_code = shelf.code WHERE shelf.batch_id = 1",
)


@pytest.fixture
def shelf(story: Story) -> Iterator[Database]:
    """A table of rows, which are found by their batch and their number alone."""
    with story.database.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE shelf (batch_id INTEGER, sequence INTEGER, code VARCHAR(20), PRIMARY KEY (batch_id, sequence))"
            )
        )
        connection.execute(
            text("INSERT INTO shelf VALUES (:batch, :number, :code)"),
            [{"batch": 1, "number": n, "code": f"{n:09d}"} for n in range(PRODUCTS)],
        )
        connection.execute(text("ANALYZE"))
    return story.database


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_costs_too_much_is_found(shelf: Database) -> None:
    for statements, costly in ((COSTLY, True), (CHEAP, False)):
        for statement in statements:
            plans = Plans()
            with plans.watching(shelf), shelf.begin() as connection:
                connection.execute(text(statement))
            assert bool(plans.costly) is costly, (statement, plans.costly)
