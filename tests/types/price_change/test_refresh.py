from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import Engine
from tests.batches.harness import BatchHarness

from batchbook.batches import Action
from batchbook.batches.editing import CellProblems

HEADER = "item_code,description,size,price\n"
LIST = HEADER + (
    "000000001,,,1.00\n"  # unchanged
    "000000002,Theirs,9 OZ,2.50\n"  # increase
    "000000003,,,2.00\n"  # decrease
    "000000099,New,,1.00\n"  # not in catalogue
    "000000004,,,3.99\n"  # twice
    "000000004,,,4.99\n"  # twice
    "000000005,,,\n"  # no price
    ",No code,,1.00\n"  # no code
)


BAD_PRICES = [
    ("1.0055", "too-many-decimals"),
    ("0", "too-small"),
    ("0.00", "too-small"),
    ("-1", "too-small"),
    ("10000000000", "too-large"),
    ("NaN", "not-a-number"),
    ("1_000", "not-a-number"),
    ("٣½", "not-a-number"),
]


def facts(harness: BatchHarness, batch_id: int) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (row.status, row.old_price and str(row.old_price), row.change_percent and str(row.change_percent))
        for row in harness.rows(batch_id)
    ]


def test_each_row_is_compared_with_the_catalogue(harness: BatchHarness) -> None:
    batch_id = harness.open(LIST, warn_above="")
    assert facts(harness, batch_id) == [
        ("unchanged", "1.00", Decimal("0.00")),
        ("increase", "2.00", "25.00"),
        ("decrease", "3.00", "-33.33"),
        ("not_in_catalogue", None, None),
        ("duplicate", "4.00", "-0.25"),
        ("duplicate", "4.00", "24.75"),
        ("invalid", "0.05", None),
        ("invalid", None, None),
    ]
    texts = [row.status_text for row in harness.rows(batch_id)]
    assert texts == [None] * 6 + ["It has no usable new price.", "It has no item code."]
    harness.assert_counted(batch_id)


def test_the_catalogues_words_stand_beside_those_of_the_list(harness: BatchHarness) -> None:
    batch_id = harness.open(LIST)
    assert [(row.description, row.size, row.product) for row in harness.rows(batch_id)][:4] == [
        (None, None, "Item 1"),
        ("Theirs", "9 OZ", "Item 2"),
        (None, None, "Item 3"),
        ("New", None, None),
    ]


def test_another_item_code_is_another_product(harness: BatchHarness) -> None:
    batch_id = harness.open(f"{HEADER}000000001,Theirs,,1.50\n")
    harness.edit(batch_id, 1, item_code="000000002")
    assert (harness.row(batch_id, 1).description, harness.row(batch_id, 1).product) == ("Theirs", "Item 2")
    harness.edit(batch_id, 1, item_code="000000099")
    assert (harness.row(batch_id, 1).description, harness.row(batch_id, 1).product) == ("Theirs", None)


def test_codes_keep_their_zeros_and_are_not_guessed(harness: BatchHarness) -> None:
    batch_id = harness.open(f"{HEADER}1,,,1.00\n000000001,,,1.00\n")
    assert [(row.item_code, row.status) for row in harness.rows(batch_id)] == [
        ("1", "not_in_catalogue"),
        ("000000001", "unchanged"),
    ]


def test_a_bad_price_is_an_invalid_row_with_its_text(
    harness: BatchHarness, subtests: pytest.Subtests
) -> None:
    for price, code in BAD_PRICES:
        with subtests.test(str(price)):
            batch_id = harness.open(f"{HEADER}000000001,,,{price}\n")
            row = harness.row(batch_id, 1)
            assert (row.status, row.new_price, str(row.old_price)) == ("invalid", None, "1.00")
            assert [(i["field"], i["code"], i["raw"]) for i in row.issues] == [
                ("new_price", code, price.strip('"'))
            ]
            harness.edit(batch_id, 1, new_price="1.50")
            assert (harness.row(batch_id, 1).status, harness.row(batch_id, 1).issues) == ("increase", None)


def test_a_price_with_its_currency_is_understood_and_its_row_says_so(harness: BatchHarness) -> None:
    (row,) = harness.rows(harness.open(f"{HEADER}000000001,,,$1.50\n"))
    assert (row.status, str(row.new_price)) == ("increase", "1.50")
    assert [(i["code"], i["severity"], i["raw"]) for i in row.issues] == [("taken-as", "info", "$1.50")]


def test_a_price_beyond_all_reason_is_still_compared(harness: BatchHarness) -> None:
    """As where a list has article numbers in its price column."""
    batch_id = harness.open(f"{HEADER}000000005,,,9999999999.99\n", warn_above="10")
    row = harness.row(batch_id, 1)
    assert (row.status, row.over_limit, row.change_percent) == ("increase", True, Decimal("999999999999.99"))


def test_staff_cannot_enter_what_is_no_price(harness: BatchHarness) -> None:
    batch_id = harness.open(LIST)
    for text in ("0", "-1", "1.005", "x"):
        with pytest.raises(CellProblems):
            harness.edit(batch_id, 1, new_price=text)


def test_the_prices_of_now_are_looked_up_at_a_refresh(
    harness: BatchHarness, set_price: Callable[[str, str], None]
) -> None:
    batch_id = harness.open(LIST)
    set_price("2", "3.00")
    assert facts(harness, batch_id)[1] == ("increase", "2.00", "25.00")
    harness.run(batch_id, Action.REFRESH)
    assert facts(harness, batch_id)[1] == ("decrease", "3.00", "-16.67")


# --- Doubles ---------------------------------------------------------------------------------------------------------


def test_a_double_is_one_as_long_as_the_other_is_there(harness: BatchHarness) -> None:
    batch_id = harness.open(LIST)
    harness.remove(batch_id, 5)
    assert harness.statuses(batch_id)[4:6] == ["duplicate", "increase"]
    harness.remove(batch_id, 5, removed=False)
    assert harness.statuses(batch_id)[4:6] == ["duplicate", "duplicate"]
    harness.edit(batch_id, 5, item_code="000000005")
    assert harness.statuses(batch_id)[4:7] == ["duplicate", "increase", "invalid"]
    harness.edit(batch_id, 7, item_code="")
    assert harness.statuses(batch_id)[4:8] == ["increase", "increase", "invalid", "invalid"]
    harness.assert_counted(batch_id)


def test_the_same_item_in_another_batch_is_no_double(harness: BatchHarness) -> None:
    harness.open(LIST)
    assert harness.statuses(harness.open(f"{HEADER}000000001,,,2.00\n")) == ["increase"]


LIMITS = [
    ("25", "2.00", "2.50", False),
    ("25", "2.00", "2.51", True),
    ("24.99", "2.00", "2.50", True),
    ("25", "2.00", "1.50", False),
    ("25", "2.00", "1.49", True),
    ("33.33", "3.00", "4.00", True),  # A third is more than 33.33 %, though it is shown as that.
    ("33.34", "3.00", "4.00", False),
    ("0", "2.00", "2.00", False),
    ("0", "2.00", "2.01", True),
    ("99999.99", "0.01", "9999999.99", True),
    ("12.5", "8.00", "9.00", False),
    ("12.49", "8.00", "9.00", True),
    ("", "2.00", "200.00", False),
]


# --- The limit -------------------------------------------------------------------------------------------------------


def test_the_limit_is_exact(
    harness: BatchHarness, set_price: Callable[[str, str], None], subtests: pytest.Subtests
) -> None:
    for limit, old, new, over in LIMITS:
        with subtests.test(str((limit, old, new))):
            set_price("1", old)
            batch_id = harness.open(f"{HEADER}000000001,,,{new}\n", warn_above=limit)
            row = harness.row(batch_id, 1)
            assert row.over_limit is over
            words = f"Changes by more than {Decimal(limit):.2f} %." if over else None
            assert row.status_text == words


def test_a_product_that_costs_nothing_yet_is_over_any_limit(
    harness: BatchHarness, set_price: Callable[[str, str], None]
) -> None:
    set_price("1", "0.00")
    row = harness.row(harness.open(f"{HEADER}000000001,,,1.00\n", warn_above="500"), 1)
    assert (row.status, row.change_percent, row.over_limit) == ("increase", None, True)


def test_another_limit_in_the_header_marks_the_rows_anew(engine: Engine, harness: BatchHarness) -> None:
    batch_id = harness.open(LIST, warn_above="50")
    assert [row.over_limit for row in harness.rows(batch_id)] == [False] * 8
    harness.edit_header(batch_id, warn_above="25")
    assert [row.sequence for row in harness.rows(batch_id) if row.over_limit] == [3]
    harness.edit(batch_id, 3, new_price="2.90")
    assert not any(row.over_limit for row in harness.rows(batch_id))
    harness.edit_header(batch_id, warn_above="")
    assert not any(row.over_limit for row in harness.rows(batch_id))
