"""Orders from their creation to the document, on both databases."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.batches.harness import BatchHarness
from tests.types.racing import told_second

from batchbook.batches import Action, BatchType, Effect, file_chunks
from batchbook.batches.effects.models import effects_of
from batchbook.batches.engine.making import make_batch
from batchbook.batches.models import BatchFile
from batchbook.batches.registry import BatchTypes
from batchbook.batches.rows.storage import SharedTable
from batchbook.batches.sources.choosing import choose_rows
from batchbook.catalog.models import Product, VendorItem
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict
from batchbook.purchasing.models import PurchaseOrder
from batchbook.types.ordering.models import OrderingRow
from batchbook.types.receiving.handler import ReceivingHandler
from batchbook.types.receiving.models import Receiving, ReceivingRow


def ordered(harness: BatchHarness, **texts: str) -> int:
    """Return an order that was proposed by reorder points."""
    batch_id = harness.create(None, **{"vendor_code": "v1", **texts})
    harness.run(batch_id, Action.POPULATE)
    return batch_id


def placed(harness: BatchHarness, batch_id: int, **options: Any) -> Any:
    """Complete and execute the order; return its document with its lines."""
    harness.run(batch_id, Action.COMPLETE)
    harness.run(batch_id, Action.EXECUTE, **options)
    with transaction_scope(harness.database, read_only=True) as session:
        order = session.scalars(select(PurchaseOrder).where(PurchaseOrder.batch_id == batch_id)).one()
        lines = [
            (
                one.line,
                one.item_code,
                one.vendor_item_code,
                one.quantity,
                one.case_pack,
                one.cost,
                one.received,
            )
            for one in order.lines
        ]
        return order.number, order.vendor.code, order.state, order.ordered_by, order.expected_on, lines


def files_of(harness: BatchHarness, batch_id: int) -> dict[str, bytes]:
    with transaction_scope(harness.database, read_only=True) as session:
        found = session.scalars(
            select(BatchFile).where(BatchFile.batch_id == batch_id, BatchFile.role == "output")
        )
        return {one.name: b"".join(file_chunks(session, one)) for one in found}


def effects(harness: BatchHarness, batch_id: int) -> list[Effect]:
    with transaction_scope(harness.database, read_only=True) as session:
        return list(effects_of(session, batch_id))


@pytest.mark.parametrize(
    ("texts", "said"),
    [({"vendor_code": "V9"}, "no vendor “V9”"), ({"department": "TOYS"}, "no department “TOYS”")],
)
def test_what_the_catalogue_lacks_is_refused(harness: BatchHarness, texts: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        ordered(harness, **texts)


def test_the_order_becomes_a_document(harness: BatchHarness) -> None:
    batch_id = ordered(harness, expected_on="2026-12-24")
    assert harness.batch(batch_id).vendor_code == "V1"  # type: ignore[attr-defined]
    harness.edit(batch_id, 1, wanted="25")
    assert placed(harness, batch_id) == (
        "00000001",
        "V1",
        "open",
        "staff",
        date(2026, 12, 24),
        [
            (1, "A1", "one", 48, 24, Decimal("2.10"), 0),
            (2, "A3", None, 1, None, Decimal("0.55"), 0),
            (3, "B1", "bee", 35, 5, Decimal("2.95"), 0),
        ],
    )
    outcome = harness.batch(batch_id).execution_outcome
    assert outcome == {
        "summary": "Order 00000001 was placed with V1: 3 items, 84 units, 204.60.",
        "figures": {"order": "00000001", "lines": 3, "cases": 10, "units": 84, "amount": "204.60"},
    }
    found = [(one.target, one.kind, one.record_key, one.sequence) for one in effects(harness, batch_id)]
    assert found == [
        ("purchase order", "created", "00000001", 1),
        ("order line", "created", "A1", 1),
        ("order line", "created", "A3", 2),
        ("order line", "created", "B1", 3),
    ]


def test_the_files_are_kept_with_the_batch(harness: BatchHarness) -> None:
    batch_id = ordered(harness, order_number="PO/7")
    placed(harness, batch_id)
    files = files_of(harness, batch_id)
    assert [*files] == ["order-PO-7.csv", "order-PO-7.pdf"]
    table = list(csv.DictReader(io.StringIO(files["order-PO-7.csv"].decode("utf-8-sig"))))
    assert [(row["Item code"], row["Cases"], row["Ordered units"], row["Amount"]) for row in table] == [
        ("A1", "1", "24", "50.40"),
        ("A3", "1", "1", "0.55"),
        ("B1", "7", "35", "103.25"),
    ]
    assert files["order-PO-7.pdf"].startswith(b"%PDF-")


def test_only_the_chosen_rows_are_ordered(harness: BatchHarness) -> None:
    batch_id = ordered(harness)
    harness.add(batch_id, item_code="B2", wanted="4")
    harness.add(batch_id, item_code="A5", wanted="1")
    harness.add(batch_id, item_code="Z9", wanted="1")
    harness.remove(batch_id, 1)
    *_, lines = placed(harness, batch_id, apply=["to_order", "other_vendor", "inactive"])
    assert [(line[0], line[1], line[3]) for line in lines] == [(1, "B1", 35), (2, "B2", 5), (3, "A5", 6)]


def test_a_choice_without_a_row_is_refused(harness: BatchHarness) -> None:
    batch_id = ordered(harness)
    harness.run(batch_id, Action.COMPLETE)
    with pytest.raises(BadInput, match="no row has a status that was chosen"):
        harness.run(batch_id, Action.EXECUTE, apply=["inactive"])


@pytest.mark.parametrize("changed", [{"cost": Decimal("2.20")}, {"case_pack": 10}])
def test_a_changed_cost_or_case_stops_the_order(harness: BatchHarness, changed: dict[str, Any]) -> None:
    batch_id = ordered(harness)
    harness.run(batch_id, Action.COMPLETE)
    with transaction_scope(harness.database) as session:
        session.execute(update(VendorItem).where(VendorItem.vendor_item_code == "one").values(**changed))
    with pytest.raises(Conflict, match=r"A1 \((cost was 2\.10, now 2\.20|case pack was 24, now 10)\)"):
        harness.run(batch_id, Action.EXECUTE)
    harness.run(batch_id, Action.EXECUTE, overwrite="true")
    assert harness.batch(batch_id).state == "executed"


def test_of_two_orders_for_one_shortage_the_second_is_stopped(harness: BatchHarness) -> None:
    first, second = ordered(harness), ordered(harness)
    harness.run(second, Action.COMPLETE)
    placed(harness, first)
    told = (
        r"3 rows have records that changed since the last refresh: A1 \(on order was 0, now 24\), A3 \(on order was 0, now 1\),"
        r" B1 \(on order was 0, now 35\)\. Reopen the batch and refresh it to see that, or choose “Order as of the last refresh”\."
    )
    with pytest.raises(Conflict, match=told), harness.engine() as engine:
        engine.dry_run(second, {}, lambda *_: None)
    with pytest.raises(Conflict, match=told):
        harness.run(second, Action.EXECUTE)
    assert harness.batch(second).state == "complete"
    harness.run(second, Action.REOPEN, Action.REFRESH)
    assert [row.on_order for row in harness.rows(second)] == [24, 1, 35]
    harness.remove(second, 3)
    *_, lines = placed(harness, second)
    assert [line[1] for line in lines] == ["A1", "A3"]


def test_rows_that_are_ordered_by_choice_are_stopped_as_well(harness: BatchHarness) -> None:
    first, second = (ordered(harness, from_reorder_points="false") for _ in range(2))
    for batch_id in (first, second):
        harness.add(batch_id, item_code="B2", wanted="5")
        harness.add(batch_id, item_code="A5", wanted="6")
        harness.run(batch_id, Action.COMPLETE)
    choice = {"apply": ["other_vendor", "inactive"]}
    harness.run(first, Action.EXECUTE, **choice)
    with pytest.raises(Conflict, match=r"B2 \(on order was 0, now 5\), A5 \(on order was 0, now 6\)"):
        harness.run(second, Action.EXECUTE, **choice)


def test_a_second_order_for_a_shortage_is_placed_where_that_is_chosen(harness: BatchHarness) -> None:
    first, second = ordered(harness), ordered(harness)
    placed(harness, first)
    assert len(placed(harness, second, overwrite="true")[-1]) == 3


def test_a_number_is_used_once(harness: BatchHarness) -> None:
    batch_id = ordered(harness, order_number="old")
    with pytest.raises(Conflict, match=r"There is already an order old\. Give this one another number"):
        harness.run(batch_id, Action.COMPLETE)
    harness.edit_header(batch_id, order_number="new")
    assert placed(harness, batch_id)[0] == "new"


def test_of_two_orders_with_one_number_at_one_moment_one_is_placed(harness: BatchHarness) -> None:
    first, second = (ordered(harness, order_number="PO-7", from_reorder_points="false") for _ in range(2))
    for batch_id, code in ((first, "A1"), (second, "A3")):  # No product is in both.
        harness.add(batch_id, item_code=code, wanted="1")
        harness.run(batch_id, Action.COMPLETE)
    assert "There is already an order PO-7. Give this one another number." in told_second(
        harness, first, second
    )
    assert [harness.batch(one).state for one in (first, second)] == ["executed", "complete"]
    with transaction_scope(harness.database, read_only=True) as session:
        placed_by = select(PurchaseOrder.batch_id).where(PurchaseOrder.number == "PO-7")
        assert session.scalars(placed_by).all() == [first]


def test_an_order_of_nothing_is_not_placed(harness: BatchHarness) -> None:
    batch_id = ordered(harness, from_reorder_points="false")
    harness.add(batch_id, item_code="A1", wanted="0")
    with pytest.raises(Conflict, match="None of its rows orders anything"):
        harness.run(batch_id, Action.COMPLETE)


def test_scans_add_up(harness: BatchHarness) -> None:
    batch_id = ordered(harness, from_reorder_points="false")
    for code in ("A2", "12*A1", "A1", "000000000000"):
        harness.enter(batch_id, code)
    assert [(row.item_code, row.wanted) for row in harness.rows(batch_id)] == [("A2", 1), ("A1", 14)]
    with pytest.raises(BadInput):
        harness.enter(batch_id, "nobody knows")


def test_duplicates_are_told_and_not_ordered(harness: BatchHarness) -> None:
    batch_id = ordered(harness)
    sequence = harness.add(batch_id, item_code="a1", wanted="24")
    assert harness.statuses(batch_id) == ["duplicate", "no_vendor_item", "to_order", "duplicate"]
    harness.remove(batch_id, sequence)
    assert harness.statuses(batch_id)[0] == "to_order"


def test_the_next_proposal_knows_what_is_on_its_way(harness: BatchHarness) -> None:
    placed(harness, ordered(harness))
    assert harness.rows(ordered(harness)) == []


def test_what_people_are_told(harness: BatchHarness) -> None:
    batch_id = ordered(harness, expected_on="2026-12-24")
    harness.add(batch_id, item_code="B2", wanted="4")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        options = {"apply": ["to_order", "rounded"], "overwrite": False}
        told = context.handler.describe_execution(context.batch, options)
        totals = [(one.label, one.value) for one in context.handler.totals(context.batch)]
    assert told == [
        "Order 00000001 is placed with V1, expected on 2026-12-24: 2 items, 59 units in 8 cases, 153.65 in all.",
        "It is kept with the batch as PDF and CSV; open it there to send it.",
        "Left out: 1 no vendor code, 1 other vendor.",
    ]
    assert totals == [("Items to order", 3), ("Cases", 9), ("Units", 60), ("Amount", Decimal("154.20"))]


def test_two_orders_of_a_product_know_of_each_other(harness: BatchHarness) -> None:
    declared = harness.batch_type.handler.touched_records
    assert declared is not None
    assert declared.key_of(None, None) == (Product.item_code,)


def test_a_dry_run_places_nothing(harness: BatchHarness) -> None:
    batch_id = ordered(harness)
    harness.run(batch_id, Action.COMPLETE)
    with harness.engine() as engine:
        told = engine.dry_run(batch_id, {}, lambda session, batch: [*effects_of(session, batch.id)])
    assert [one.record_key for one in told] == ["00000001", "A1", "A3", "B1"]
    assert files_of(harness, batch_id) == {}


def test_the_handler_can_be_swapped(harness: BatchHarness) -> None:
    class Cautious(harness.batch_type.handler):  # type: ignore[misc, name-defined]
        def why_not_execute(self, batch: Any) -> str | None:
            return "Not today."

    swapped = replace(harness.batch_type, handler=Cautious)
    assert BatchTypes([swapped])["ordering"].handler is Cautious
    batch_id = ordered(harness)
    with pytest.raises(Conflict, match=r"Not today\."):
        harness.with_handler(Cautious).run(batch_id, Action.COMPLETE)


def test_a_delivery_made_of_its_rows_finds_the_order(harness: BatchHarness) -> None:
    batch_id = ordered(harness)
    assert getattr(harness.batch(batch_id), "order_number") is None  # noqa: B009 - It is the header's own.
    assert placed(harness, batch_id)[0] == "00000001"
    delivery = BatchType(
        "receiving", Receiving, SharedTable(ReceivingRow), ReceivingHandler, object, "Delivery", "Deliveries"
    )
    with harness.engine() as engine:
        engine.types.add(delivery)
        context = engine.context_of(engine.find(batch_id))
        chosen = choose_rows(context, delivery, [OrderingRow.item_code.in_(["A1", "B1"])])
        assert chosen.header == {"order_number": "00000001", "vendor_code": "V1"}
        made = make_batch(engine, "receiving", {}, chosen)
        engine.run(made.id, Action.POPULATE, {})
        table = ReceivingRow.__table__
        rows = engine.session.execute(
            select(table.c.item_code, table.c.ordered, table.c.received).order_by(table.c.sequence)
        ).all()
    # Nothing counts as received before it is.
    assert [tuple(row) for row in rows] == [("A1", 24, None), ("B1", 35, None)]
