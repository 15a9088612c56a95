"""An execution is refused where records changed since the refresh, on both databases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, delete, update
from tests.batches.harness import BatchHarness
from tests.batches.tallies import PRODUCTS, TallyHandler, tally

from batchbook.batches import Action, ExecutionPolicy, FieldRule, Policy
from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.errors import Conflict


@pytest.fixture
def tallies(tally_tables: None, engine: Engine) -> BatchHarness:
    return BatchHarness(engine, tally())


def change(tallies: BatchHarness, code: str, **values: Any) -> None:
    """Change a product, as somebody else would."""
    with transaction_scope(tallies.database) as session:
        session.execute(update(Product).where(Product.item_code == code).values(**values))


def refused(tallies: BatchHarness, batch_id: int, **options: Any) -> str:
    with pytest.raises(Conflict) as error:
        tallies.run(batch_id, Action.EXECUTE, **options)
    assert tallies.batch(batch_id).state == "complete"
    return error.value.message


def completed(tallies: BatchHarness, file: str, **texts: str) -> int:
    batch_id = tallies.open(file, **texts)
    tallies.run(batch_id, Action.COMPLETE)
    return batch_id


def test_a_changed_value_refuses_the_execution(tallies: BatchHarness) -> None:
    batch_id = completed(tallies, "item,counted\nA-1,1\nA-2,1\n")
    change(tallies, "A-1", price=Decimal("1.50"))
    assert refused(tallies, batch_id) == (
        "Nothing was executed, because 1 row has a record that changed since the last refresh: A-1 (price was 1.00, now 1.50)."
        " Reopen the batch and refresh it to see that, or choose “Keep the count”."
    )
    tallies.run(batch_id, Action.REOPEN, Action.REFRESH, Action.COMPLETE, Action.EXECUTE)
    assert tallies.batch(batch_id).state == "executed"


def test_the_option_overrides_the_check(tallies: BatchHarness) -> None:
    batch_id = completed(tallies, "item,counted\nA-1,1\n")
    change(tallies, "A-1", price=Decimal("1.50"))
    assert "price was" in refused(tallies, batch_id, keep="false")
    tallies.run(batch_id, Action.EXECUTE, keep="true")
    assert tallies.batch(batch_id).state == "executed"


def test_a_dry_run_is_refused_as_well(tallies: BatchHarness) -> None:
    batch_id = completed(tallies, "item,counted\nA-1,1\n")
    change(tallies, "A-1", price=Decimal("1.50"))
    with tallies.engine() as engine, pytest.raises(Conflict, match=r"A-1 \(price was 1\.00, now 1\.50\)"):
        engine.dry_run(batch_id, {}, lambda *_: None)
    with tallies.engine() as engine:
        assert engine.dry_run(batch_id, {"keep": "true"}, lambda *_: "tried") == "tried"
    assert tallies.batch(batch_id).state == "complete"


def test_each_changed_value_is_told_and_five_rows_are_named(tallies: BatchHarness) -> None:
    batch_id = completed(tallies, "item,counted\nA-1,1\nA-2,1\nB-1,1\nD-1,1\nD-2,1\ne1,1\n")
    with transaction_scope(tallies.database) as session:
        session.execute(update(Product).values(price=Product.price + 1))
        session.execute(update(Vendor).where(Vendor.code == "V2").values(code="V3"))
        session.execute(delete(Product).where(Product.item_code == "D-1"))
        session.execute(update(Product).where(Product.item_code == "D-2").values(vendor_id=None))
    assert refused(tallies, batch_id) == (
        "Nothing was executed, because 6 rows have records that changed since the last refresh: A-1 (price was 1.00, now 2.00),"
        " A-2 (price was 2.00, now 3.00; vendor was V2, now V3), B-1 (price was 3.00, now 4.00), D-1 (no longer there),"
        " D-2 (price was 6.00, now 7.00; vendor was V1, now empty) and others. Reopen the batch and refresh it to see that, or"
        " choose “Keep the count”."
    )


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("A-1", {"description": "Green apples"}),  # Not watched.
        ("A-2", {"price": Decimal(9)}),  # Removed.
        ("C-1", {"price": Decimal(9)}),  # Inactive, so the row counts for nothing.
    ],
)
def test_other_changes_refuse_nothing(tallies: BatchHarness, code: str, values: dict[str, Any]) -> None:
    batch_id = tallies.open("item,counted\nA-1,1\nA-2,1\nC-1,1\nZ-9,1\n")
    tallies.remove(batch_id, 2)
    change(tallies, code, **values)
    tallies.run(batch_id, Action.COMPLETE, Action.EXECUTE)
    assert tallies.batch(batch_id).state == "executed"


def test_rows_that_are_executed_although_they_are_held_back_are_watched_where_that_is_declared(
    tallies: BatchHarness,
) -> None:
    class Thorough(TallyHandler):
        lookups = (replace(PRODUCTS, also_watched=("inactive",)),)

    harness = tallies.with_handler(Thorough)
    batch_id = completed(harness, "item,counted\nC-1,1\n")
    assert harness.statuses(batch_id) == ["inactive"]
    change(harness, "C-1", price=Decimal(9))
    assert ": C-1 (price was" in refused(harness, batch_id)
    harness.run(batch_id, Action.EXECUTE, keep="true")


def test_a_record_that_need_not_be_there_is_watched(tallies: BatchHarness) -> None:
    class Lenient(TallyHandler):
        lookups = (replace(PRODUCTS, missing=None, overridden_by=None),)

    harness = tallies.with_handler(Lenient)
    batch_id = completed(harness, "item,counted\nZ-9,1\n")
    assert harness.statuses(batch_id) == ["ok"]
    change(harness, "A-1", item_code="Z-9")
    assert refused(harness, batch_id).endswith(
        ": Z-9 (price was empty, now 1.00; vendor was empty, now V1). Reopen the batch and refresh it to see that."
    )


def test_hidden_values_are_not_told(tallies: BatchHarness) -> None:
    class Discreet(TallyHandler):
        execution_policy = replace(
            TallyHandler.execution_policy, policy=Policy(fields=(FieldRule(field="price", see=("owner",)),))
        )

    assert isinstance(Discreet.execution_policy, ExecutionPolicy)
    harness = tallies.with_handler(Discreet)
    batch_id = completed(harness, "item,counted\nA-1,1\n")
    change(harness, "A-1", price=Decimal("1.50"))
    assert "since the last refresh: A-1. Reopen" in refused(harness, batch_id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE product SET price = 9 WHERE item_code = 'A-1'",
        "UPDATE vendor SET code = 'V9' WHERE code = 'V1'",
    ],
)
@pytest.mark.parametrize("backend", ["postgresql"])
def test_another_session_cannot_change_a_record_between_check_and_end(
    tallies: BatchHarness, statement: str
) -> None:
    """The records, and those joined to them, are locked before they are compared: a change waits until the execution is committed."""
    tried: list[str] = []

    class Slow(TallyHandler):
        def execute(self, batch: Any, rows: Any, options: Any) -> Any:
            address = tallies.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(address, options="-c lock_timeout=200") as other:
                try:
                    other.execute(statement)  # type: ignore[arg-type]
                    tried.append("changed")
                except psycopg.errors.LockNotAvailable:
                    tried.append("waited")
                    other.rollback()
            return super().execute(batch, rows, options)

    harness = tallies.with_handler(Slow)
    batch_id = completed(harness, "item,counted\nA-1,1\n")
    harness.run(batch_id, Action.EXECUTE)
    assert tried == ["waited"]
