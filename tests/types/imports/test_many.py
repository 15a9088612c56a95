"""Hundreds of imports, each with a table of its own: what they cost is what a few cost."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session
from webtest import TestApp

from batchbook.batches import Batch, DynamicRow
from batchbook.batches.registry import BatchTypes
from batchbook.batches.review.overlap import MOST_BATCHES
from batchbook.db import Base
from batchbook.db.transactions import transaction_scope

from .conftest import ImportHarness

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])

FEW, MANY = 3, 300
TABLE = "item_code,description,price\n000000001,Item 1,1.50\n000000009,Item 9,9.00\n"


@pytest.fixture(autouse=True)
def _few(harness: ImportHarness) -> None:
    for _ in range(FEW):
        harness.create(TABLE)


def multiply(harness: ImportHarness, upto: int) -> None:
    """Make as many more as are missing, as copies of the first with all that its table has: indexes and triggers."""
    with transaction_scope(harness.database) as session:
        made = told(
            session, "SELECT sql FROM sqlite_master WHERE tbl_name = 'row_1' AND sql <> '' ORDER BY rowid"
        )
        header = {table: ", ".join(columns_of(session, table)) for table in ("batch", "import")}
        cells = ", ".join(name for name in columns_of(session, "row_1") if name != "batch_id")
        for number in range(FEW + 1, upto + 1):
            for table, names in header.items():
                copied = f'SELECT {number}, {names} FROM "{table}" WHERE id = 1'
                session.execute(text(f'INSERT INTO "{table}" (id, {names}) {copied}'))
            for statement in made:
                own = statement.replace("row_1", f"row_{number}")
                session.connection().exec_driver_sql(own.replace("batch_id = 1)", f"batch_id = {number})"))
            copied = f"SELECT {number}, {cells} FROM row_1"
            session.execute(text(f"INSERT INTO row_{number} (batch_id, {cells}) {copied}"))


def columns_of(session: Session, table: str) -> list[str]:
    return told(session, f"SELECT name FROM pragma_table_info('{table}') WHERE name <> 'id'")


def told(session: Session, query: str) -> list[str]:
    return list(session.scalars(text(query)))


def models() -> set[type[Any]]:
    """Return the models of rows that are mapped now, after what nobody needs was let go."""
    gc.collect()
    return {mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, DynamicRow)}


@contextmanager
def statements() -> Iterator[Counter[str]]:
    sent: Counter[str] = Counter()

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent[" ".join(statement.split())] += 1

    # On all engines: the application has its own.
    event.listen(Engine, "before_cursor_execute", count)
    yield sent
    event.remove(Engine, "before_cursor_execute", count)


def cost(ask: Callable[[], Any]) -> int:
    """Return how many statements are sent by what was asked before, so that templates are there."""
    ask()
    with statements() as sent:
        ask()
    return sent.total()


def costs(harness: ImportHarness, staff: TestApp) -> dict[str, int]:
    prices = iter(("4.00", "5.00", "6.00"))
    return {
        "index": cost(lambda: staff.get("/batches/import", status=200)),
        "page": cost(lambda: staff.get("/batches/import/2", status=200)),
        "edit": cost(lambda: harness.edit(2, 1, new_price=next(prices))),
    }


def test_pages_and_edits_cost_the_same_with_hundreds_of_batches(
    harness: ImportHarness, staff: TestApp
) -> None:
    few, before = costs(harness, staff), models()
    multiply(harness, MANY)
    many, after = costs(harness, staff), models()
    assert many == few
    # A list of batches needs none of their models, and a page that of its own batch and of those it is compared with.
    assert len(after - before) <= MOST_BATCHES
    assert all(few.values()), few


def test_models_of_batches_that_nobody_looks_at_are_let_go(harness: ImportHarness) -> None:
    looked_at = 100
    multiply(harness, looked_at)
    known: list[weakref.ref[Any]] = []
    with transaction_scope(harness.database, read_only=True) as session:
        for number in range(1, looked_at + 1):
            row = model_of(harness, session, number)
            assert session.scalar(select(func.count()).select_from(row)) == 2
            known.append(weakref.ref(row))
            del row
            session.expunge_all()
    # The database's driver keeps the last hundreds of statements with the tables that they name.
    harness.database.clear_compiled_cache()
    kept = models()
    assert sum(reference() in kept for reference in known) < looked_at
    # Not the first ones: other tests looked at batches of these numbers, and may have left something behind.
    assert known[looked_at // 4]() is None
    assert known[-1]() in kept
    # One that was let go is made anew, and reads the same rows.
    with transaction_scope(harness.database, read_only=True) as session:
        row = model_of(harness, session, 1)
        assert session.scalar(select(func.count()).select_from(row)) == 2


def model_of(harness: ImportHarness, session: Session, number: int) -> Any:
    return harness.services.get(BatchTypes)["import"].rows.of(session.get_one(Batch, number))
