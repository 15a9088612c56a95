"""Handhelds' files from their lines to the batches that they become, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, update
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.engine.making import made_links, make_batch
from batchbook.batches.models import Batch
from batchbook.batches.running.dry_run import dry_run, first
from batchbook.batches.sources.choosing import choose_rows
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict
from batchbook.security.models import Role, RolePermission
from batchbook.types.handheld.models import HandheldRow
from batchbook.types.labels.handler import LabelHandler

from .conftest import COUNT, DELIVERY, ORDER, ShopHarness

#: Without headings, as devices write it: a product by its UPC, as an EAN-13, by its item code, and with what scanners put before it.
SHELF = (
    "036000291452;2;2026-11-30 08:15:00;A-1\n"
    "0036000291452;1;2026-11-30 08:15:09;A-1\n"
    "]E04006381333931;3;2026-11-30 08:16:00;A-1\n"
    "036000291452;4;2026-11-30 08:17:00;B-2\n"
    "000000013;5;2026-11-30 08:18:00;B-2\n"
    "042100005264;1;2026-11-30 08:19:00;B-2\n"
)


def found(harness: BatchHarness, batch_id: int, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in harness.rows(batch_id)]


def made(harness: ShopHarness, batch_id: int, **options: Any) -> Batch:
    """Complete and execute the batch as an administrator; return the one that it made."""
    harness.run(batch_id, Action.COMPLETE)
    harness.by("admin").run(batch_id, Action.EXECUTE, **options)
    outcome: Any = harness.batch(batch_id).execution_outcome
    (number,) = outcome["figures"]["made"]
    return harness.batch(number)


# --- The file --------------------------------------------------------------------------------------------------------


def test_lines_of_a_code_and_location_are_added_up(harness: ShopHarness) -> None:
    batch_id = harness.open(SHELF, becomes="inventory_count")
    names = ("line", "lines", "item_code", "code", "description", "quantity", "location", "status")
    assert found(harness, batch_id, *names) == [
        (1, 2, "000000011", "036000291452", "Rye bread", 3, "A-1", "repeated"),
        (3, 1, "000000012", "]E04006381333931", "Wheat bread", 3, "A-1", "ready"),
        (4, 1, "000000011", "036000291452", "Rye bread", 4, "B-2", "repeated"),
        (5, 1, "000000013", "000000013", "Pretzel", 5, "B-2", "ready"),
        (6, 1, "000000014", "042100005264", "Old cake", 1, "B-2", "inactive"),
    ]
    assert harness.row(batch_id, 1).scanned_at == datetime(2026, 11, 30, 8, 15, 9, tzinfo=UTC)
    harness.assert_counted(batch_id)


def test_each_line_is_a_row_where_that_is_chosen(harness: ShopHarness) -> None:
    batch_id = harness.open(SHELF, becomes="inventory_count", repeated="keep")
    assert found(harness, batch_id, "line", "lines", "item_code", "quantity") == [
        (1, None, "000000011", 2), (2, None, "000000011", 1), (3, None, "000000012", 3),
        (4, None, "000000011", 4), (5, None, "000000013", 5), (6, None, "000000014", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "rows"),
    [
        ("036000291452\n036000291452\n4006381333931\n", [("000000011", 2), ("000000012", 1)]),
        ("BARCODE\tQTY\n036000291452\t12\n", [("000000011", 12)]),
        ("QTY|LOC|EAN\n2|A|036000291452\n3|B|036000291452\n", [("000000011", 2), ("000000011", 3)]),
        ("036000291452       000003 A-01\n4006381333931      000012 A-02\n000000013          000001 A-02\n", [("000000011", 3), ("000000012", 12), ("000000013", 1)]),
        ('"036000291452","7"\n"4006381333931","8"\n', [("000000011", 7), ("000000012", 8)]),
        ("code;quantity\n(01)04006381333931(30)12;2\n", [("000000012", 24)]),
        ("code;quantity\n036000291452;5\n036000291452;-2\n", [("000000011", 3)]),
        ("code;quantity\n036000291452;\n", [("000000011", 1)]),
        # A text that was read otherwise than it is written adds up; one that is no number stays by itself.
        ("code;quantity\n036000291452;$ 5\n036000291452;5\n036000291452;few\n", [("000000011", 10), ("000000011", None)]),
        # What is no scan at all, and half of something.
        ("code;quantity\n0*036000291452;5\n0.5*036000291452;5\n", [("0*036000291452", 5), ("000000011", None)]),
    ],
)  # fmt: skip
def test_the_formats_of_devices(harness: ShopHarness, file: str, rows: list[tuple[str, int]]) -> None:
    assert found(harness, harness.open(file, becomes="inventory_count"), "item_code", "quantity") == rows


def test_a_file_in_which_two_columns_may_be_the_code_is_asked_about(harness: ShopHarness) -> None:
    batch_id = harness.create(
        "036000291452;4006381333931\n96385074;036000291452\n", becomes="inventory_count"
    )
    with pytest.raises(BadInput, match="no column “code”"):
        harness.run(batch_id, Action.POPULATE)


def test_codes_that_mean_no_product_say_why(harness: ShopHarness) -> None:
    batch_id = harness.open(
        "code;quantity\n4006381333932;1\n5901234123457;2\n96385074;3\n036000291452;0\nABC-1;many\n",
        becomes="inventory_count",
    )
    assert found(harness, batch_id, "item_code", "quantity", "status") == [
        ("4006381333932", 1, "check_digit"),
        ("5901234123457", 2, "not_found"),
        ("96385074", 3, "several"),
        ("000000011", 0, "no_quantity"),
        ("ABC-1", None, "not_found"),
    ]
    texts = [row.status_text for row in harness.rows(batch_id)]
    assert (
        texts[0]
        == "The check digit of “4006381333932” is wrong: it should end in 1. Correct it, or remove the row."
    )
    assert texts[2] == "The products “000000021”, “000000022” have this code. Enter the item code of one."
    assert harness.row(batch_id, 5).issues[0]["raw"] == "many"
    harness.edit(batch_id, 1, item_code="4006381333931")
    harness.edit(batch_id, 3, item_code="000000021")
    harness.edit(batch_id, 4, quantity="2")
    assert harness.statuses(batch_id) == ["ready", "not_found", "ready", "ready", "not_found"]


def test_a_product_that_is_there_by_now_is_found_by_a_refresh(harness: ShopHarness, engine: Engine) -> None:
    batch_id = harness.open("5901234123457\n05901234123457\n", becomes="inventory_count", repeated="keep")
    assert harness.statuses(batch_id) == ["not_found", "not_found"]
    with transaction_scope(engine) as session:
        session.execute(update(Product).where(Product.item_code == "000000013").values(upc="5901234123457"))
    harness.run(batch_id, Action.REFRESH)
    assert found(harness, batch_id, "item_code", "status") == [("000000013", "repeated")] * 2


def test_codes_are_looked_up_once_in_every_part_of_a_long_file(
    harness: ShopHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchbook.batches.quick_entry._TOGETHER", 7)
    monkeypatch.setattr("batchbook.types.handheld.handler.HandheldHandler.chunk_size", 2)
    monkeypatch.setattr("batchbook.types.handheld.handler._TOGETHER", 2)
    batch_id = harness.open(SHELF * 3, becomes="inventory_count")
    assert found(harness, batch_id, "lines", "item_code", "quantity") == [
        (6, "000000011", 9), (3, "000000012", 9), (3, "000000011", 12), (3, "000000013", 15), (3, "000000014", 3),
    ]  # fmt: skip


# --- Scans -----------------------------------------------------------------------------------------------------------


def test_scans_add_up_unless_each_is_kept(harness: ShopHarness) -> None:
    adding, keeping = (harness.create(becomes="inventory_count", repeated=mode) for mode in ("add", "keep"))
    for batch_id in (adding, keeping):
        harness.run(batch_id, Action.POPULATE)
        for code in ("036000291452", "2*036000291452", "5901234123457"):
            harness.enter(batch_id, code)
        with pytest.raises(BadInput, match="check digit"):
            harness.enter(batch_id, "4006381333932")
    names = ("item_code", "code", "quantity", "status")
    unknown = ("5901234123457", "5901234123457", 1, "not_found")
    assert found(harness, adding, *names) == [("000000011", "036000291452", 3, "ready"), unknown]
    assert [row[2:] for row in found(harness, keeping, *names)] == [
        (1, "repeated"),
        (1, "repeated"),
        (1, "not_found"),
    ]


# --- What it becomes -------------------------------------------------------------------------------------------------


def test_what_it_can_become_comes_from_the_types(harness: ShopHarness) -> None:
    batch_id = harness.open(SHELF, becomes="ORDER", vendor_code="v1")
    batch: Any = harness.batch(batch_id)
    assert (batch.becomes, batch.vendor_code) == ("ordering", "V1")
    known = "“Delivery”, “Inventory count”, “Order”"
    for unfit in ("price_promotion", "handheld", "lost"):
        with pytest.raises(BadInput, match=f"cannot become “{unfit}”. Choose one of these: {known}."):
            harness.create(SHELF, becomes=unfit)
    with pytest.raises(BadInput, match="no vendor “V9”"):
        harness.create(SHELF, becomes="ordering", vendor_code="V9")


def test_a_count_keeps_the_shelves_apart(harness: ShopHarness) -> None:
    batch_id = harness.open(SHELF, becomes="inventory_count", description="Aisle A")
    batch = made(harness, batch_id)
    assert (batch.type, batch.state, batch.created_by, batch.description) == (
        "inventory_count", "open", "staff", "Aisle A",
    )  # fmt: skip
    rows = found(harness.of(COUNT), batch.id, "item_code", "counted", "status")
    assert rows == [
        ("000000011", 3, "over"), ("000000012", 3, "over"), ("000000011", 4, "part"),
        ("000000013", 5, "over"), ("000000014", 1, "over"),
    ]  # fmt: skip
    summary = (
        "5 rows with 16 units passed on, 0 left out. Made a batch of the type Inventory count with 5 rows."
    )
    outcome: Any = harness.batch(batch_id).execution_outcome
    assert outcome["summary"] == summary
    with harness.engine() as engine:
        links = made_links(engine.session, engine.types, engine.find(batch_id))
    assert [(label, one.id) for label, one in links] == [("Made into", batch.id)]


def test_an_order_adds_up_what_is_on_several_shelves(harness: ShopHarness) -> None:
    batch = made(
        harness, harness.open(SHELF, becomes="ordering", vendor_code="V1"), take=["ready", "repeated"]
    )
    assert getattr(batch, "vendor_code") == "V1"  # noqa: B009 - It is a header of another type.
    rows = found(harness.of(ORDER), batch.id, "item_code", "wanted", "status")
    assert [row[:2] for row in rows] == [("000000011", 7), ("000000012", 3), ("000000013", 5)]
    assert "duplicate" not in [row[2] for row in rows]


def test_an_order_without_a_vendor_is_refused_before_it_is_complete(harness: ShopHarness) -> None:
    batch_id = harness.open(SHELF, becomes="ordering")
    with pytest.raises(Conflict, match="Vendor code is missing, which a batch of the type Order needs"):
        harness.run(batch_id, Action.COMPLETE)
    harness.edit_header(batch_id, vendor_code="V9")
    with pytest.raises(Conflict, match="no vendor “V9”"):
        harness.run(batch_id, Action.COMPLETE)
    harness.edit_header(batch_id, vendor_code="V1", becomes="lost")
    with pytest.raises(Conflict, match="no batch type “lost”"):
        harness.run(batch_id, Action.COMPLETE)


def test_a_delivery_counts_what_came(harness: ShopHarness) -> None:
    batch_id = harness.open(SHELF, becomes="receiving")
    with pytest.raises(Conflict, match="the vendor that delivers without one"):
        harness.run(batch_id, Action.COMPLETE)
    harness.edit_header(batch_id, vendor_code="V1")
    batch = made(harness, batch_id)
    rows = found(harness.of(DELIVERY), batch.id, "item_code", "received", "status")
    assert rows[:2] == [("000000011", 7, "received"), ("000000012", 3, "received")]


def test_rows_are_left_out_or_go_on_by_themselves(harness: ShopHarness) -> None:
    file = "036000291452;1\n5901234123457;2\n4006381333932;3\n4006381333931;-1\n"
    batch_id = harness.open(file, becomes="inventory_count")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        options = {"take": ["ready"], "follow_up": False}
        assert context.handler.describe_execution(context.batch, options) == [
            (
                "A batch of the type Inventory count is made of 1 row with 1 unit. It belongs to staff and stays open, so that"
                " it can be checked before it is executed."
            ),
            "Left out: 1 not in catalogue, 1 wrong check digit, 1 no quantity.",
        ]
        totals = [(one.label, one.value) for one in context.handler.totals(context.batch)]
        assert totals == [("Units scanned", 5), ("Different codes", 4), ("Locations", 0)]
    batch = made(harness, batch_id, take=["not_found"], follow_up="true")
    assert found(harness.of(COUNT), batch.id, "item_code", "counted") == [("5901234123457", 2)]
    outcome: Any = harness.batch(batch_id).execution_outcome
    rest = outcome["figures"]["follow_up"]
    assert found(harness, rest, "item_code") == [("000000011",), ("4006381333932",), ("000000012",)]


def test_nothing_is_made_of_rows_that_cannot_be_used(harness: ShopHarness) -> None:
    batch_id = harness.open("4006381333932;3\n4006381333931;-1\n", becomes="inventory_count")
    with pytest.raises(Conflict, match="None of its rows can go into another batch"):
        harness.run(batch_id, Action.COMPLETE)
    harness.edit(batch_id, 2, quantity="1")
    harness.run(batch_id, Action.COMPLETE)
    with pytest.raises(Conflict, match="no row has a status that was chosen"):
        harness.by("admin").run(batch_id, Action.EXECUTE, take=["inactive"])


def test_a_dry_run_makes_nothing(harness: ShopHarness) -> None:
    batch_id = harness.open(SHELF, becomes="inventory_count")
    harness.run(batch_id, Action.COMPLETE)
    with harness.by("admin").engine() as engine:
        told = dry_run(engine, batch_id, {}, first(10)).summary
    assert "Made a batch of the type Inventory count with 5 rows" in told
    with harness.engine() as engine:
        assert made_links(engine.session, engine.types, engine.find(batch_id)) == []


def allow(engine: Engine, role: str, *permissions: str) -> None:
    """Give a role these permissions, in place of its own."""
    with transaction_scope(engine) as session:
        found = session.query(Role).filter(Role.name == role).one()
        found.permissions = [RolePermission(permission=one) for one in permissions]


def test_nobody_makes_a_batch_that_their_role_does_not_allow(harness: ShopHarness, engine: Engine) -> None:
    batch_id = harness.open(SHELF, becomes="inventory_count")
    harness.run(batch_id, Action.COMPLETE)
    allow(engine, "admin", "batch:handheld:*")
    with pytest.raises(
        Conflict, match="a batch of the type Inventory count, which the role of admin does not"
    ):
        harness.by("admin").run(batch_id, Action.EXECUTE)
    with pytest.raises(BadInput, match="does not allow you to make a batch of the type Order"):
        harness.by("admin").create(SHELF, becomes="ordering", vendor_code="V1")


def test_rows_that_somebody_chooses_become_a_batch_as_well(harness: ShopHarness) -> None:
    batch_id = harness.open(SHELF, becomes="inventory_count")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(batch_id))
        chosen = choose_rows(context, ORDER, [HandheldRow.item_code == "000000011"])
        order = make_batch(engine, "ordering", {"vendor_code": "V1"}, chosen).id
    harness.of(ORDER).run(order, Action.POPULATE)
    assert found(harness.of(ORDER), order, "item_code", "wanted") == [("000000011", 7)]


def test_labels_are_made_of_it_with_copies() -> None:
    source = next(one for one in LabelHandler.sources if one.name == "batch:handheld")
    assert (source.columns["quantity"], source.adds) == ("copies", ("copies",))
