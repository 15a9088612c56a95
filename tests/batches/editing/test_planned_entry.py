"""Scans that add up, or add a row: what they store, what the history tells, how they are undone, and many of them at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness, snapshot, stock
from tests.batches.shelf_count import COUNTS, ShelfCountHandler

from batchbook.batches import FieldRule, Policy, QuickEntry
from batchbook.batches.editing import EntryResult, RowEditor, Undoer
from batchbook.batches.editing.undo import OvertakenError
from batchbook.batches.policies.stored import set_policy
from batchbook.catalog.models import Product
from batchbook.db import Base, utc_now
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict

FILE = "item,counted,remark\n007,7,\n008,,\n009,many,look\n"
UPC = "036000291452"


class Counting(ShelfCountHandler):
    """Counts add up, and unknown codes become rows."""

    quick_entry = QuickEntry(
        label="Scan an item", find=(Product.description, Product.item_code), key="item_code", adds="counted", unknown=True
    )  # fmt: skip


@pytest.fixture
def counting(harness: BatchHarness) -> BatchHarness:
    return harness.with_handler(Counting)


@pytest.fixture
def batch_id(engine: Engine, counting: BatchHarness) -> int:
    stock(engine, ("007", 7), ("008", 8), ("009", 9), (UPC, 1))
    return counting.open(FILE, shelf="A")


def unchanged(engine: Engine) -> Any:
    return snapshot(engine, Base.metadata, COUNTS)


def scan(harness: BatchHarness, batch_id: int, text: str) -> EntryResult:
    with harness.engine() as engine:
        return RowEditor(engine).enter(batch_id, text)


def test_a_scan_adds_up_in_the_row_that_is_there(counting: BatchHarness, batch_id: int) -> None:
    done = scan(counting.by("ann"), batch_id, "007")
    assert (done.message, done.sequence, done.is_new) == ("Row 1: 7 + 1 = 8 of 007 (Differs)", 1, False)
    assert counting.row(batch_id, 1).counted == 8
    assert scan(counting, batch_id, "3*007").message == "Row 1: 8 + 3 = 11 of 007 (Differs)"
    assert scan(counting, batch_id, "-4*7").message == "Row 1: 11 \N{MINUS SIGN} 4 = 7 of 007"
    assert scan(counting, batch_id, "2*008").message == "Row 2: 2 of 008 (Differs)"
    assert [one[2] for one in counting.operations(batch_id)[-4:]] == [
        "Changed Counted in row 1 by quick entry of “007”: 7 + 1 = 8.",
        "Changed Counted in row 1 by quick entry of “3*007”: 8 + 3 = 11.",
        "Changed Counted in row 1 by quick entry of “-4*7”: 11 \N{MINUS SIGN} 4 = 7.",
        "Changed Counted in row 2 by quick entry of “2*008”: 2.",
    ]
    assert counting.operations(batch_id)[-4][:2] == ("edit", "ann")
    counting.assert_counted(batch_id)


def test_a_scan_adds_a_row_and_the_next_one_adds_to_it(counting: BatchHarness, batch_id: int) -> None:
    done = scan(counting, batch_id, f"]E00{UPC}")
    assert (done.message, done.is_new) == (f"Row 4, new: 1 of {UPC}", True)
    assert scan(counting, batch_id, UPC[:-1]).message == f"Row 4: 1 + 1 = 2 of {UPC} (Differs)"
    assert counting.operations(batch_id)[-2][:3] == (
        "add",
        "staff",
        f"Added row 4 by quick entry of “]E00{UPC}”.",
    )


class Remarking(Counting):
    """Each scan is a row of its own, with a remark."""

    quick_entry = QuickEntry(
        label="Scan",
        key="item_code",
        row_for=lambda _handler, _batch, scan: {"item_code": scan.code, "remark": "scanned"},
    )


@pytest.mark.parametrize(
    ("handler", "field", "label"),
    [(Counting, "item_code", "Item code"), (Counting, "counted", "Counted"), (Remarking, "remark", "Remark")],
)
def test_a_scan_fills_no_column_that_the_person_may_not_edit(
    counting: BatchHarness,
    batch_id: int,
    engine: Engine,
    users: dict[str, str],
    handler: type[Counting],
    field: str,
    label: str,
) -> None:
    harness = counting.with_handler(handler)
    with transaction_scope(engine) as session:
        policy = Policy(fields=(FieldRule(field=field, edit=("admin",)),))
        set_policy(session, "shelf_count", policy, utc_now(), "admin", 0)
    before = unchanged(engine)
    with pytest.raises(BadInput, match=f"^{label} is read-only for you: your role does not allow editing it"):
        scan(harness, batch_id, UPC)
    assert unchanged(engine) == before
    assert scan(harness.by("admin"), batch_id, UPC).is_new


def test_a_scan_adds_up_in_a_row_whose_key_the_person_may_not_edit(
    counting: BatchHarness, batch_id: int, engine: Engine, users: dict[str, str]
) -> None:
    with transaction_scope(engine) as session:
        policy = Policy(fields=(FieldRule(field="item_code", edit=("admin",)),))
        set_policy(session, "shelf_count", policy, utc_now(), "admin", 0)
    assert scan(counting, batch_id, "007").message.startswith("Row 1: 7 + 1 = 8 of 007")


def test_an_unknown_code_is_a_row_in_whatever_spelling_it_comes_next(
    counting: BatchHarness, batch_id: int
) -> None:
    first = scan(counting, batch_id, "4006381333931")
    assert first.message == "Row 4, new: 1 of 4006381333931 (Unknown)"
    assert (
        scan(counting, batch_id, "2*]E004006381333931").message
        == "Row 4: 1 + 2 = 3 of 4006381333931 (Unknown)"
    )
    assert len(counting.rows(batch_id)) == 4


def test_a_known_code_is_not_added_to_another_product_whose_code_has_other_zeros(
    engine: Engine, counting: BatchHarness, batch_id: int
) -> None:
    stock(engine, ("7", 70))
    assert scan(counting, batch_id, "7").message == "Row 4, new: 1 of 7 (Differs)"
    assert scan(counting, batch_id, "007").message == "Row 1: 7 + 1 = 8 of 007 (Differs)"
    assert scan(counting, batch_id, "7").message == "Row 4: 1 + 1 = 2 of 7 (Differs)"


def test_an_unknown_code_is_not_added_to_a_product_that_is_not_found_by_such_codes(
    counting: BatchHarness, batch_id: int
) -> None:
    # As where UPCs are scanned, and rows have item codes: an item code is no spelling of an unknown UPC.
    entry = QuickEntry(
        label="Scan", find=(Product.brand,), value=Product.item_code, key="item_code", adds="counted", unknown=True
    )  # fmt: skip
    by_brand = counting.with_handler(type("ByBrand", (Counting,), {"quick_entry": entry}))
    assert scan(by_brand, batch_id, "0007").message == "Row 4, new: 1 of 0007 (Unknown)"
    assert scan(by_brand, batch_id, "00007").message == "Row 4: 1 + 1 = 2 of 0007 (Unknown)"


@pytest.mark.parametrize("text", ["1e999999", "NaN", "1_0"])
def test_a_text_that_is_not_stored_as_a_number_is_not_added_to(
    engine: Engine, counting: BatchHarness, batch_id: int, text: str
) -> None:
    other = counting.open(f"item,counted,remark\n007,{text},\n", shelf="B")
    before = unchanged(engine)
    with pytest.raises(BadInput, match=f"Row 1 has “{text}” as Counted, to which nothing can be added"):
        scan(counting, other, "007")
    assert unchanged(engine) == before


def test_a_removed_row_is_not_added_to(counting: BatchHarness, batch_id: int) -> None:
    counting.remove(batch_id, 1)
    assert scan(counting, batch_id, "007").message == "Row 4, new: 1 of 007 (Differs)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "4006381333932",
            "The check digit of “4006381333932” is wrong: it should end in 1. Scan or type it again",
        ),
        ("]E04006381333932", "Scan it again; nothing was entered."),
        ("009", "Row 3 has “many” as Counted, to which nothing can be added. Correct it, then scan again."),
        ("-8*007", "Counted: “-1” is too small: the least is 0. Nothing was entered."),
        ("1,5*007", "Counted: “8.5” is not a whole number"),
        ("-1*4006381333931", "Counted: “-1” is too small"),
        ("999999999*007", None),
        ("A" * 21, "Item code:"),
        ("", "“” was not found, so no row was added."),
    ],
)
def test_what_cannot_be_entered_is_refused_and_nothing_is_left_of_it(
    engine: Engine, counting: BatchHarness, batch_id: int, text: str, words: str | None
) -> None:
    before = unchanged(engine)
    if words is None:
        assert scan(counting, batch_id, text).sequence == 1
        return
    with pytest.raises(BadInput) as refused:
        scan(counting, batch_id, text)
    assert words in refused.value.message
    assert unchanged(engine) == before


def test_a_code_that_is_known_as_it_is_needs_no_check_digit(
    engine: Engine, counting: BatchHarness, batch_id: int
) -> None:
    stock(engine, ("4006381333932", 1))
    assert scan(counting, batch_id, "4006381333932").is_new


def test_a_type_whose_rows_come_from_its_source_takes_scans_of_those_only(
    counting: BatchHarness, batch_id: int
) -> None:
    closed = counting.with_handler(type("Closed", (Counting,), {"rows_can_be_added": False}))
    assert scan(closed, batch_id, "007").sequence == 1
    with pytest.raises(Conflict, match="its type takes rows from its source only"):
        scan(closed, batch_id, UPC)


def test_the_author_may_say_what_a_scan_means_and_where_it_adds(
    engine: Engine, counting: BatchHarness, batch_id: int
) -> None:
    def row_for(_handler: Any, _batch: Any, scan: Any) -> Any:
        if scan.code == "pair":
            return {"item_code": "007", "counted": 2 * scan.quantity}
        return {"item_code": "008", "remark": "seen"} if scan.code == "seen" else None

    entry = QuickEntry(
        label="Scan", find=(Product.item_code,), key="item_code", adds=lambda _handler, _batch: "counted", row_for=row_for,
        named_by=("remark",),
    )  # fmt: skip
    special = counting.with_handler(type("Special", (Counting,), {"quick_entry": entry}))
    assert scan(special, batch_id, "3*pair").message == "Row 1: 7 + 6 = 13 of 007 (Differs)"
    assert scan(special, batch_id, "007").message == "Row 1: 13 + 1 = 14 of 007 (Differs)"
    counting.remove(batch_id, 2)
    assert scan(special, batch_id, "5*seen").message == "Row 4, new: 5 seen (Differs)"
    with pytest.raises(BadInput, match="was not found"):
        scan(special, batch_id, "nothing")


# --- Undo --------------------------------------------------------------------------------------------------------------


def test_a_scan_is_undone_as_one_operation(counting: BatchHarness, batch_id: int) -> None:
    changed, added = scan(counting, batch_id, "2*007"), scan(counting, batch_id, UPC)
    with counting.engine() as engine:
        Undoer(engine).reverse(batch_id, added.operation)
        Undoer(engine).reverse(batch_id, changed.operation)
    assert (counting.row(batch_id, 1).counted, counting.row(batch_id, 4).removed) == (7, True)
    counting.assert_counted(batch_id)


def test_a_scan_to_which_somebody_added_is_not_undone(counting: BatchHarness, batch_id: int) -> None:
    first = scan(counting.by("ann"), batch_id, "007")
    scan(counting.by("ben"), batch_id, "007")
    with (
        pytest.raises(OvertakenError, match="was changed by ben since"),
        counting.by("ann").engine() as engine,
    ):
        Undoer(engine).reverse(batch_id, first.operation)
    # It is taken back by a count below zero instead.
    assert scan(counting.by("ann"), batch_id, "-1*007").message.startswith("Row 1: 9 \N{MINUS SIGN} 1 = 8")


# --- Many at once ------------------------------------------------------------------------------------------------------

CLIENTS = 20


@pytest.mark.parametrize("code", ["007", UPC, "4006381333931"])
def test_scans_of_the_same_code_by_many_at_once_all_count(
    counting: BatchHarness, batch_id: int, code: str
) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(lambda _: scan(counting, batch_id, code), range(CLIENTS)))
    (sequence,) = {one.sequence for one in done}
    assert sum(one.is_new for one in done) == (code != "007")
    assert counting.row(batch_id, sequence).counted == CLIENTS + (7 if code == "007" else 0)
    assert len({one.operation for one in done}) == CLIENTS
    counting.assert_counted(batch_id)
