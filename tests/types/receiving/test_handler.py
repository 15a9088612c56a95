"""Deliveries from their creation to stock, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update
from tests.batches.harness import BatchHarness, on_hand
from tests.types.racing import told_second

from batchbook.batches import Action
from batchbook.batches.effects.models import effects_of
from batchbook.catalog.models import CostHistory, Product, StockMovement
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict
from batchbook.purchasing.models import PurchaseOrder, PurchaseOrderLine, Receipt, ReceiptLine

Make = Callable[..., int]


def executed(harness: BatchHarness, batch_id: int, **options: Any) -> str:
    harness.run(batch_id, Action.COMPLETE)
    harness.run(batch_id, Action.EXECUTE, **options)
    outcome = harness.batch(batch_id).execution_outcome
    assert outcome is not None
    return str(outcome["summary"])


def receipt_lines(harness: BatchHarness, number: str) -> list[tuple[Any, ...]]:
    with transaction_scope(harness.database, read_only=True) as session:
        receipt = session.scalars(select(Receipt).where(Receipt.number == number)).one()
        return [
            (
                one.line,
                one.item_code,
                one.quantity,
                one.damaged,
                one.expired,
                one.missing,
                one.cost,
                one.credit,
            )
            for one in receipt.lines
        ]


def movements(harness: BatchHarness) -> list[tuple[Any, ...]]:
    m = StockMovement
    wanted = select(
        m.item_code, m.kind, m.before, m.change, m.after, m.cost, m.changed_by, m.batch_id, m.sequence
    )
    with transaction_scope(harness.database, read_only=True) as session:
        return [tuple(one) for one in session.execute(wanted.order_by(m.sequence))]


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"order_number": "PO-9"}, "no purchase order “PO-9”"),
        ({"order_number": "PO-0"}, "Order PO-0 is closed: nothing of it is expected"),
        ({"vendor_code": "V2"}, "Order PO-1 is with V1, not with V2"),
        ({"order_number": ""}, "Give the purchase order that is delivered, or the vendor"),
        ({"order_number": "", "vendor_code": "V9"}, "no vendor “V9”"),
    ],
)
def test_what_cannot_be_is_refused(
    harness: BatchHarness, delivery: Make, texts: dict[str, str], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        delivery(**texts)


def test_the_vendor_is_that_of_the_order(harness: BatchHarness, delivery: Make) -> None:
    assert harness.batch(delivery()).vendor_code == "V1"  # type: ignore[attr-defined]
    assert harness.batch(delivery(order_number="", vendor_code="v2")).vendor_code == "V2"  # type: ignore[attr-defined]


def test_what_came_goes_to_stock(
    harness: BatchHarness, delivery: Make, lines_of_order: Callable[[], Any]
) -> None:
    batch_id = delivery(receipt_number="DN-7")
    harness.edit(batch_id, 1, received="9", damaged="2", missing="1")
    harness.edit(batch_id, 2, received="6")
    summary = executed(harness, batch_id)
    assert summary == (
        "15 units of 2 items went into stock for 24.90; a credit of 6.30 is owed; order PO-1 is still open."
    )
    assert on_hand(harness.database) == {"A1": 12, "A2": 6, "A3": 7, "A4": 1, "A5": 0}
    assert receipt_lines(harness, "DN-7") == [
        (1, "A1", 9, 2, 0, 1, Decimal("2.10"), Decimal("6.30")),
        (2, "A2", 6, 0, 0, 0, Decimal("1.00"), Decimal("0.00")),
    ]
    assert movements(harness) == [
        ("A1", "receipt", 3, 9, 12, Decimal("2.10"), "staff", batch_id, 1),
        ("A2", "receipt", 0, 6, 6, Decimal("1.00"), "staff", batch_id, 2),
    ]
    # The lines of A2 are filled one after the other.
    assert lines_of_order() == ([12, 5, 0, 6, 3], "open")
    assert [(one.item_code, one.ordered) for one in harness.rows(delivery())] == [("A3", 10), ("A2", 2)]


def test_the_order_is_received_when_all_of_it_came(
    harness: BatchHarness, delivery: Make, lines_of_order: Callable[[], Any]
) -> None:
    batch_id = delivery(as_ordered="yes")
    harness.edit(batch_id, 2, received="11")  # Three more than were ordered.
    assert executed(harness, batch_id).endswith("order PO-1 is received.")
    assert lines_of_order() == ([12, 5, 10, 6, 8], "received")
    with pytest.raises(BadInput, match="Order PO-1 is received: nothing of it is expected"):
        delivery()


def test_the_order_can_be_closed(
    harness: BatchHarness, delivery: Make, lines_of_order: Callable[[], Any]
) -> None:
    batch_id = delivery()
    harness.edit(batch_id, 1, received="1")
    assert executed(harness, batch_id, close_order="true").endswith("order PO-1 is closed.")
    assert lines_of_order() == ([1, 2, 0, 6, 0], "closed")


def test_costs_change_where_that_is_chosen(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery()
    harness.edit(batch_id, 1, received="12", cost="2.20")
    harness.edit(batch_id, 2, received="8")  # As it was.
    harness.edit(batch_id, 3, received="10", cost="0.75")  # The first one.
    assert "2 costs changed" in executed(harness, batch_id, update_costs="true")
    h = CostHistory
    with transaction_scope(harness.database, read_only=True) as session:
        found = session.execute(select(Product.item_code, Product.cost))
        costs = {one.item_code: one.cost for one in found}
        history = session.execute(
            select(h.item_code, h.vendor_id, h.old_cost, h.new_cost, h.batch_id).order_by(h.sequence)
        )
        assert [tuple(one) for one in history] == [
            ("A1", None, Decimal("2.00"), Decimal("2.20"), batch_id),
            ("A3", None, None, Decimal("0.75"), batch_id),
        ]
    assert (costs["A1"], costs["A2"], costs["A3"]) == (Decimal("2.20"), Decimal("1.00"), Decimal("0.75"))


def test_costs_stay_unless_that_is_chosen(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery()
    harness.edit(batch_id, 1, received="12", cost="2.20")
    executed(harness, batch_id)
    with transaction_scope(harness.database, read_only=True) as session:
        assert session.scalar(select(Product.cost).where(Product.item_code == "A1")) == Decimal("2.00")
        assert session.scalar(select(func.count()).select_from(CostHistory)) == 0


def test_an_unusual_cost_has_to_be_confirmed(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery()
    harness.edit(batch_id, 1, received="12", cost="22.00")
    harness.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict, match=r"1 row changes the cost by more than 20 %"):
        harness.run(batch_id, Action.EXECUTE, update_costs="true", confirm="")
    harness.run(batch_id, Action.EXECUTE, update_costs="false", confirm="")


def test_goods_without_an_order(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery(order_number="", vendor_code="V1")
    for code in ("A5", "3*A5", "000000000001", "nobody knows"):
        harness.enter(batch_id, code)
    rows = [(one.item_code, one.received, one.status) for one in harness.rows(batch_id)]
    assert rows == [("A5", 4, "received"), ("A2", 1, "received"), ("nobody knows", 1, "not_found")]
    assert executed(harness, batch_id) == "5 units of 2 items went into stock for 19.00."
    assert on_hand(harness.database)["A5"] == 4
    assert [line[1] for line in receipt_lines(harness, f"{batch_id:08d}")] == ["A5", "A2"]


def test_what_was_not_ordered_is_received_where_that_is_chosen(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery()
    harness.add(batch_id, item_code="A5", received="2")
    harness.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict, match="no row has a status that was chosen"):
        harness.run(batch_id, Action.EXECUTE)
    harness.run(batch_id, Action.EXECUTE, apply=["not_ordered"])
    assert on_hand(harness.database)["A5"] == 2


def test_only_damaged_goods_move_no_stock(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery()
    harness.edit(batch_id, 1, damaged="12")
    assert "0 units of 1 item went into stock for 0.00; a credit of 25.20" in executed(harness, batch_id)
    assert movements(harness) == []
    assert on_hand(harness.database)["A1"] == 3


def test_what_came_meanwhile_stops_the_execution(harness: BatchHarness, delivery: Make) -> None:
    one, other = delivery(as_ordered="yes"), delivery(as_ordered="yes")
    for row in (2, 3):
        harness.remove(one, row)
    harness.run(other, Action.COMPLETE)
    executed(harness, one)
    with pytest.raises(Conflict, match=r"A1 \(still ordered was 12, now 0\)"):
        harness.run(other, Action.EXECUTE)
    assert on_hand(harness.database)["A1"] == 15


def test_an_order_that_was_closed_meanwhile_takes_nothing(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery(as_ordered="yes")
    harness.run(batch_id, Action.COMPLETE)
    with transaction_scope(harness.database) as session:
        session.execute(update(PurchaseOrder).where(PurchaseOrder.number == "PO-1").values(state="closed"))
    with pytest.raises(Conflict, match=r"Order PO-1 is no longer open\."):
        harness.run(batch_id, Action.EXECUTE)


def test_a_number_is_used_once(harness: BatchHarness, delivery: Make) -> None:
    one, other = (delivery(receipt_number="DN-1") for _ in range(2))
    for batch_id in (one, other):
        harness.edit(batch_id, 1, received="1")
    executed(harness, one)
    harness.run(other, Action.REFRESH)
    with pytest.raises(Conflict, match=r"There is already a receipt DN-1\. Give this one another number"):
        harness.run(other, Action.COMPLETE)


def test_nothing_is_not_received(harness: BatchHarness, delivery: Make) -> None:
    with pytest.raises(Conflict, match="Nothing came"):
        harness.run(delivery(), Action.COMPLETE)


def test_what_people_are_told(harness: BatchHarness, delivery: Make) -> None:
    batch_id = delivery()
    harness.edit(batch_id, 1, received="9", damaged="1", cost="2.50")
    harness.add(batch_id, item_code="A5", received="2")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        options = {"apply": ["cost_differs"], "update_costs": True, "close_order": True}
        told = context.handler.describe_execution(context.batch, options)
        totals = [(one.label, one.value) for one in context.handler.totals(context.batch)]
    assert told == [
        "9 units of 1 item from V1 go into stock, for 22.50.",
        "The vendor owes a credit of 2.50 for damaged, expired and missing units.",
        "Order PO-1 is closed.",
        "Costs that differ become the costs of the products.",
        "Left out: 1 not ordered, 2 nothing came.",
    ]
    assert totals == [
        ("Items that came", 1),
        ("Units into stock", 9),
        ("Amount", Decimal("22.50")),
        ("Credit", Decimal("2.50")),
    ]


def test_a_dry_run_moves_nothing(
    harness: BatchHarness, delivery: Make, lines_of_order: Callable[[], Any]
) -> None:
    batch_id = delivery(as_ordered="yes")
    harness.run(batch_id, Action.COMPLETE)
    with harness.engine() as engine:
        assert (
            engine.dry_run(batch_id, {}, lambda session, batch: len([*effects_of(session, batch.id)])) == 12
        )
    assert lines_of_order() == ([0, 2, 0, 6, 0], "open")
    assert on_hand(harness.database)["A1"] == 3


def test_rows_of_products_are_written_by_few_statements(harness: BatchHarness, delivery: Make) -> None:
    """Executing thousands of rows takes no statement for each, and every line gets its units."""
    with transaction_scope(harness.database) as session:
        order = session.scalars(select(PurchaseOrder).where(PurchaseOrder.number == "PO-1")).one()
        made = [Product(item_code=f"M{number}", description="M", price=Decimal(1)) for number in range(2_000)]
        session.add_all(made)
        session.flush()
        session.add_all(
            PurchaseOrderLine(
                order_id=order.id, line=100 + number, product_id=one.id, item_code=one.item_code, quantity=2
            )
            for number, one in enumerate(made)
        )
    batch_id = delivery(as_ordered="yes")
    assert "went into stock" in executed(harness, batch_id)
    with transaction_scope(harness.database, read_only=True) as session:
        came = select(func.count()).where(PurchaseOrderLine.received == 2, PurchaseOrderLine.line >= 100)
        assert session.scalar(came) == 2_000
        assert session.scalar(select(func.count()).select_from(ReceiptLine)) == 2_003


def test_of_two_receipts_with_one_number_at_one_moment_one_is_stored(
    harness: BatchHarness, delivery: Make
) -> None:
    header = {"order_number": "", "vendor_code": "V1", "receipt_number": "N-1"}
    first, second = delivery(**header), delivery(**header)
    for batch_id, code in ((first, "A1"), (second, "A2")):  # No product is in both.
        harness.add(batch_id, item_code=code, received="1")
        harness.run(batch_id, Action.COMPLETE)
    before = on_hand(harness.database)
    assert "There is already a receipt N-1. Give this one another number." in told_second(
        harness, first, second
    )
    assert [harness.batch(one).state for one in (first, second)] == ["executed", "complete"]
    assert on_hand(harness.database) == before | {"A1": before["A1"] + 1}
    assert len(receipt_lines(harness, "N-1")) == 1
