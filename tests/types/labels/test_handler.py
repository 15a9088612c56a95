"""Rows of labels: where they come from, what the catalogue says about them, and what executing prints."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update
from tests.batches.harness import BatchHarness
from tests.types.labels.label_batches import OPTIONS, files_of, opened, printed
from tests.types.labels.printed import barcodes, texts

from batchbook.batches import Action
from batchbook.catalog.models import Product
from batchbook.db.transactions import transaction_scope
from batchbook.errors import BadInput, Conflict
from batchbook.types.labels import printing
from batchbook.types.labels.models import LabelRow


def codes(harness: BatchHarness, number: int) -> list[str]:
    """Return the last digits of the item codes of a batch."""
    return [row.item_code[-1] for row in harness.rows(number)]


def set_product(engine: Engine, digit: str, **values: Any) -> None:
    with transaction_scope(engine) as session:
        session.execute(
            update(Product).where(Product.item_code == f"00000000{digit}").values(**Product.touch(Product.modified_at), **values)
        )  # fmt: skip


def described(harness: BatchHarness, number: int, **options: Any) -> list[str]:
    with harness.engine() as engine:
        context = engine.context_of(engine.find(number))
        chosen = {**OPTIONS, "start_at": 1, "keep": False, **options}
        return context.handler.describe_execution(context.batch, chosen)


# --- Where rows come from ---


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ({"department": "grocery"}, "12"), ({"vendor_code": "v2"}, "34"),
        ({"department": "PRODUCE", "vendor_code": "V1"}, ""), ({"price_changed_since": "2026-11-10"}, "2"),
        ({"price_changed_since": "2026-11-11"}, ""), ({"changed_since": "2026-11-10"}, "234"),
        ({"changed_since": "2026-11-10", "vendor_code": "V1"}, "2"), ({}, ""),
    ],
)  # fmt: skip
def test_the_header_asks_for_active_products(
    harness: BatchHarness, header: dict[str, str], found: str
) -> None:
    number = opened(harness, **header)
    assert "".join(codes(harness, number)) == found
    assert {row.copies for row in harness.rows(number)} <= {1}
    harness.assert_counted(number)


def test_names_are_spelled_as_the_catalogue_does(harness: BatchHarness) -> None:
    batch: Any = harness.batch(harness.create(department="grocery", vendor_code="v1"))
    assert (batch.department, batch.vendor_code) == ("GROCERY", "V1")
    with pytest.raises(BadInput, match="There is no vendor “V9” in the catalogue"):
        harness.create(vendor_code="V9")


def test_a_list_has_copies_and_sizes(harness: BatchHarness) -> None:
    number = harness.open(
        "item_code,copies,label_size\n000000001,3,large\n4006381333931,1,\n000000002,,small\n"
    )
    assert [(row.item_code, row.copies, row.label_size) for row in harness.rows(number)] == [
        ("000000001", 3, "large"),
        ("000000001", 1, None),  # Found by its UPC.
        ("000000002", 1, "small"),
    ]
    with pytest.raises(BadInput, match="Give either a list or the products"):
        harness.create("item_code\n000000001\n", department="GROCERY")


def test_scans_add_up(harness: BatchHarness) -> None:
    number = opened(harness)
    for scan in ("4006381333931", "000000003", "3*012000161155", "4006381333931"):
        harness.enter(number, scan)
    assert [(row.item_code[-1], row.copies, row.status) for row in harness.rows(number)] == [
        ("1", 2, "ready"), ("3", 1, "no_barcode"), ("2", 3, "ready"),
    ]  # fmt: skip


def test_a_scan_of_nothing_in_the_catalogue_is_refused(harness: BatchHarness) -> None:
    number = opened(harness)
    with pytest.raises(BadInput):
        harness.enter(number, "40170725")
    assert harness.rows(number) == []


# --- What the catalogue says ---


def test_rows_take_what_is_printed_from_the_catalogue(harness: BatchHarness) -> None:
    (row, *_) = harness.rows(opened(harness, vendor_code="V1"))
    assert (row.description, row.size, row.unit, row.upc) == ("Green tea", "100 G", "each", "4006381333931")
    assert row.price == row.catalogue_price == Decimal("2.49")


def test_statuses_tell_what_is_the_matter(harness: BatchHarness) -> None:
    number = harness.open("item_code\n" + "".join(f"00000000{digit}\n" for digit in "123459"))
    rows = {row.item_code[-1]: row for row in harness.rows(number)}
    assert {digit: row.status for digit, row in rows.items()} == {
        "1": "ready", "2": "ready", "3": "no_barcode", "4": "no_barcode", "5": "inactive", "9": "not_found",
    }  # fmt: skip
    assert rows["3"].status_text == "The label gets its item code as barcode."
    assert rows["4"].status_text.startswith("The UPC has a wrong length or check digit.")
    assert rows["9"].price is None


def test_a_price_that_the_catalogue_no_longer_has_is_told(engine: Engine, harness: BatchHarness) -> None:
    number = opened(harness, vendor_code="V1")
    with transaction_scope(engine) as session:
        session.execute(update(LabelRow).values(given_price=Decimal("2.49")))
    harness.run(number, Action.REFRESH)
    assert [(row.status, str(row.price), row.status_text) for row in harness.rows(number)] == [
        ("ready", "2.49", None),
        ("price_changed", "2.49", "The catalogue has 1.29."),
    ]


def test_texts_that_cannot_be_printed_are_issues_until_they_can(
    engine: Engine, harness: BatchHarness
) -> None:
    number = harness.open("item_code\n000000006\n000000001\n")
    (row, other) = harness.rows(number)
    (issue,) = row.issues
    assert (issue["field"], issue["code"], issue["severity"]) == ("description", "unprintable", "warning")
    assert "“中国茶”" in issue["message"]
    assert other.issues is None
    set_product(engine, "6", description="China tea")
    harness.run(number, Action.REFRESH)
    assert harness.rows(number)[0].issues is None


def test_an_edit_of_copies_and_size_keeps_the_rest(harness: BatchHarness) -> None:
    number = opened(harness, vendor_code="V1")
    assert harness.edit(number, 1, copies="12", label_size="small") == ["Label size", "Copies"]
    row = harness.row(number, 1)
    assert (row.copies, row.label_size, row.status) == (12, "small", "ready")


# --- What executing does ---


def test_executing_prints_the_labels_into_a_file_of_the_batch(harness: BatchHarness) -> None:
    number = opened(harness, department="GROCERY")
    harness.edit(number, 2, copies="3")
    assert described(harness, number) == [
        "4 labels are printed: 4 standard labels on 1 sheet.",
        "They are stored with the batch as PDF, to be downloaded from its page.",
    ]
    result = printed(harness, number)
    assert "4 labels printed: 4 standard labels on 1 sheet. 0 rows left out." in result.message
    ((name, pdf),) = files_of(harness, number).items()
    assert name == f"labels-{number:08d}-standard.pdf"
    assert [text for _, text in barcodes(pdf)] == [*["0012000161155"] * 3, "4006381333931"]
    (page,) = texts(pdf)
    assert page.count("Black tea") == 3
    assert "2.49" in page
    outcome = harness.batch(number).execution_outcome or {}
    assert outcome["figures"] == {"labels": 4, "sheets": 1, "left_out": 0}


def test_each_size_has_a_file_of_its_own(harness: BatchHarness) -> None:
    number = harness.open(
        "item_code,copies,label_size\n000000001,10,small\n000000002,2,\n000000003,1,large\n",
        paper="letter", label_size="large",
    )  # fmt: skip
    assert described(harness, number)[0] == (
        "13 labels are printed: 3 large labels on 1 sheet, 10 small labels on 1 sheet."
    )
    printed(harness, number, files=["pdf", "zpl"])
    files = files_of(harness, number)
    assert sorted(name.partition("-")[2].partition("-")[2] for name in files) == [
        "large.pdf", "large.zpl", "small.pdf", "small.zpl",
    ]  # fmt: skip
    assert files[f"labels-{number:08d}-large.zpl"].count(b"^XA") == 2
    assert b"^PQ10^XZ" in files[f"labels-{number:08d}-small.zpl"]


def test_rolls_are_printed_label_by_label(harness: BatchHarness) -> None:
    number = opened(harness, department="GROCERY", paper="roll")
    assert described(harness, number)[0] == "2 labels are printed: 2 standard labels on a roll."
    printed(harness, number)
    ((_, pdf),) = files_of(harness, number).items()
    assert [page.split("\r\n")[0] for page in texts(pdf)] == ["Green tea", "Black tea"]
    assert (harness.batch(number).execution_outcome or {})["figures"]["sheets"] == 0


def test_a_partly_used_sheet_is_used_from_its_first_free_label(harness: BatchHarness) -> None:
    number = harness.open("item_code,copies\n000000001,3\n")
    assert described(harness, number, start_at=23)[0].endswith("3 standard labels on 2 sheets.")
    assert described(harness, number, start_at=25) == [
        "There is no label 25 on the sheet, which has 24: A4 sheet, 3 × 8 labels of 70 × 37 mm."  # noqa: RUF001
    ]  # fmt: skip
    harness.run(number, Action.COMPLETE)
    with pytest.raises(BadInput, match="There is no label 25 on the sheet"):
        harness.run(number, Action.EXECUTE, **(OPTIONS | {"start_at": "25"}))
    harness.run(number, Action.EXECUTE, **(OPTIONS | {"start_at": "23"}))
    ((_, pdf),) = files_of(harness, number).items()
    assert [page.count("Green tea") for page in texts(pdf)] == [2, 1]


def test_rows_that_are_not_chosen_are_left_out(harness: BatchHarness) -> None:
    number = harness.open("item_code\n" + "".join(f"00000000{digit}\n" for digit in "1359"))
    assert described(harness, number)[-1] == "Left out: 1 not in catalogue, 1 not active."
    printed(harness, number, print=["inactive"])
    ((_, pdf),) = files_of(harness, number).items()
    assert barcodes(pdf) == [("EAN-8", "96385074")]
    assert (harness.batch(number).execution_outcome or {})["figures"]["left_out"] == 3


def test_without_a_chosen_row_nothing_is_printed(harness: BatchHarness) -> None:
    number = opened(harness, department="GROCERY")
    with pytest.raises(Conflict, match="no row has a status that was chosen"):
        printed(harness, number, print=["inactive"])
    assert files_of(harness, number) == {}
    assert harness.batch(number).state == "complete"


def test_a_batch_without_products_cannot_be_completed(harness: BatchHarness) -> None:
    number = harness.open("item_code\nunknown\n")
    with pytest.raises(Conflict, match="so there are no labels to print"):
        harness.run(number, Action.COMPLETE)


def test_a_price_that_changed_since_the_refresh_stops_the_printing(
    engine: Engine, harness: BatchHarness
) -> None:
    number = opened(harness, department="GROCERY")
    set_product(engine, "1", price=Decimal("9.99"))
    with pytest.raises(Conflict, match=r"9\.99"):
        printed(harness, number)
    assert files_of(harness, number) == {}
    harness.run(number, Action.EXECUTE, **(OPTIONS | {"keep": "yes"}))
    ((_, pdf),) = files_of(harness, number).items()
    assert "2.49" in texts(pdf)[0]


def test_prices_of_products_without_a_barcode_are_watched_as_well(
    engine: Engine, harness: BatchHarness
) -> None:
    number = harness.open("item_code\n000000003\n")
    set_product(engine, "3", price=Decimal("0.89"))
    with pytest.raises(Conflict, match=r"0\.89"):
        printed(harness, number)


def test_a_slip_in_the_copies_does_not_empty_the_printer(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "MOST_AT_ONCE", 1_000)
    number = harness.open("item_code,copies\n000000001,999\n000000002,2\n")
    sentence = (
        "These are 1,001 labels, and 1,000 are printed at once. Reduce the copies, or choose fewer rows."
    )
    assert described(harness, number) == [sentence]
    with pytest.raises(BadInput, match="1,001 labels"):
        printed(harness, number)
    harness.run(number, Action.REOPEN)
    harness.edit(number, 2, copies="1")
    printed(harness, number)
    assert len(texts(files_of(harness, number)[f"labels-{number:08d}-standard.pdf"])) == 42


def test_totals_count_the_labels(harness: BatchHarness) -> None:
    number = harness.open("item_code,copies\n000000001,5\n000000003,2\n000000009,7\n")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(number))
        (total,) = context.handler.totals(context.batch)
    assert (total.label, total.value, total.columns) == ("Labels", "7", ("copies",))


def test_many_rows_are_refreshed_by_few_statements(engine: Engine, harness: BatchHarness) -> None:
    with transaction_scope(engine) as session:
        session.execute(
            insert(Product),
            [
                {"item_code": f"A{number:06d}", "description": f"Item {number}", "price": Decimal("1.00")}
                for number in range(3_000)
            ],
        )
    number = harness.open("item_code\n" + "".join(f"A{one:06d}\n" for one in range(3_000)))
    assert harness.batch(number).status_counts == {"no_barcode": 3_000}
