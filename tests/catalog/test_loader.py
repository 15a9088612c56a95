from __future__ import annotations

import io
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import Engine, event, func, select

from batchbook.catalog.loader import COLUMNS, Loaded, load, load_file
from batchbook.catalog.models import Department, PriceHistory, Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.demo import CATALOG
from batchbook.errors import BadInput
from batchbook.master.models import DirectEdit

HEADER = ",".join(COLUMNS)
APPLES = "000000017,APPLES 3 LB,PRODUCE,FRUIT,Private,3 LB,V0001,2.49,7"
PEARS = "000000018,PEARS,PRODUCE,FRUIT,National,,V0002,0.99,0"


def load_lines(engine: Engine, *lines: str, header: str = HEADER, reason: str | None = None) -> Loaded:
    data = "".join(f"{line}\n" for line in (header, *lines)).encode()
    with transaction_scope(engine) as session:
        return load(session, "catalog.csv", io.BytesIO(data), by="test", reason=reason)


def product(engine: Engine, item_code: str) -> Product:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalars(select(Product).where(Product.item_code == item_code)).one()


def count(engine: Engine, model: type) -> int:
    with transaction_scope(engine, read_only=True) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_creates_products_with_their_department_and_vendor(engine: Engine) -> None:
    assert load_lines(engine, APPLES, PEARS) == Loaded(created=2, updated=0, unchanged=0)
    with transaction_scope(engine, read_only=True) as session:
        apples = session.scalars(select(Product).where(Product.item_code == "000000017")).one()
        assert (apples.description, apples.size, apples.category, apples.brand) == (
            "APPLES 3 LB", "3 LB", "FRUIT", "Private",
        )  # fmt: skip
        assert (apples.price, apples.on_hand, apples.active, apples.version) == (Decimal("2.49"), 7, True, 1)
        assert apples.vendor is not None
        assert apples.department is not None
        assert (apples.vendor.code, apples.department.name) == ("V0001", "PRODUCE")
    assert (count(engine, Department), count(engine, Vendor), count(engine, PriceHistory)) == (1, 2, 0)
    assert product(engine, "000000018").size is None


def test_marks_of_a_spreadsheet_for_texts_belong_to_no_code(engine: Engine) -> None:
    load_lines(
        engine,
        '="000000017",APPLES 3 LB,PRODUCE,FRUIT,Private,3 LB,V0001,2.49,7',
        "'000000018,'S-HERTOGENBOSCH CHEESE,PRODUCE,FRUIT,'t Hooft,,V0002,0.99,0",
        header=HEADER.replace("item_code", '="item_code"'),
    )
    assert product(engine, "000000017").description == "APPLES 3 LB"
    cheese = product(engine, "000000018")
    assert (cheese.description, cheese.brand) == ("'S-HERTOGENBOSCH CHEESE", "'t Hooft")


def test_loading_again_changes_nothing(engine: Engine) -> None:
    load_lines(engine, APPLES, PEARS)
    before = product(engine, "000000017")
    assert load_lines(engine, APPLES, PEARS) == Loaded(created=0, updated=0, unchanged=2)
    after = product(engine, "000000017")
    assert (after.version, after.modified_at) == (before.version, before.modified_at)


def test_updates_what_differs_and_keeps_the_old_price(engine: Engine) -> None:
    load_lines(engine, APPLES, PEARS)
    assert load_lines(engine, APPLES.replace("2.49", "2.99"), PEARS, reason="Moved here") == Loaded(
        created=0, updated=1, unchanged=1
    )
    apples = product(engine, "000000017")
    assert (apples.price, apples.version) == (Decimal("2.99"), 2)
    with transaction_scope(engine, read_only=True) as session:
        change = session.scalars(select(PriceHistory)).one()
        assert (change.product_id, change.item_code) == (apples.id, "000000017")
        assert (change.old_price, change.new_price) == (Decimal("2.49"), Decimal("2.99"))
        assert (change.changed_by, change.batch_id, change.changed_at) == ("test", None, apples.modified_at)
        assert change.reason == "Moved here"


def test_a_quantity_that_changes_is_kept_with_its_reason(engine: Engine) -> None:
    load_lines(engine, APPLES, PEARS)
    load_lines(engine, APPLES.replace(",7", ",12"), PEARS, reason="Moved here")
    with transaction_scope(engine, read_only=True) as session:
        (edit,) = session.scalars(select(DirectEdit)).all()
        assert (edit.record_key, edit.record_label) == (
            str(product(engine, "000000017").id),
            "product 000000017",
        )
        assert (edit.field, edit.old_value, edit.new_value) == ("on_hand", "7", "12")
        assert (edit.changed_by, edit.reason) == ("test", "Moved here")
        assert session.scalars(select(PriceHistory)).all() == []


@pytest.mark.parametrize("changed", [APPLES.replace("2.49", "2.99"), APPLES.replace(",7", ",8")])
def test_prices_and_quantities_do_not_change_without_a_reason(engine: Engine, changed: str) -> None:
    load_lines(engine, APPLES)
    with pytest.raises(
        BadInput, match=r"the quantity on hand of 1 product without a batch, so nothing was loaded"
    ):
        load_lines(engine, changed, PEARS)
    assert (product(engine, "000000017").version, count(engine, Product)) == (1, 1)
    assert load_lines(engine, APPLES.replace("APPLES", "RED APPLES"), PEARS).updated == 1


def test_an_emptied_cell_is_a_difference(engine: Engine) -> None:
    load_lines(engine, APPLES)
    assert load_lines(engine, APPLES.replace(",3 LB,", ",,")).updated == 1
    assert product(engine, "000000017").size is None


def test_leaves_alone_what_the_file_does_not_say(engine: Engine) -> None:
    load_lines(engine, APPLES, PEARS)
    with transaction_scope(engine) as session:
        session.scalars(select(Vendor).where(Vendor.code == "V0001")).one().name = "Orchard"
        session.scalars(select(Product).where(Product.item_code == "000000017")).one().active = False
    load_lines(engine, APPLES.replace("APPLES", "RED APPLES"))
    with transaction_scope(engine, read_only=True) as session:
        apples = session.scalars(select(Product).where(Product.item_code == "000000017")).one()
        assert apples.vendor is not None
        assert (apples.description, apples.active, apples.vendor.name) == (
            "RED APPLES 3 LB",
            False,
            "Orchard",
        )
    assert count(engine, Product) == 2


def test_columns_may_stand_in_any_order_with_a_byte_order_mark(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    reverse = "\n".join(",".join(reversed(line.split(","))) for line in (HEADER, APPLES))
    file.write_text(reverse, encoding="utf-8-sig")
    with transaction_scope(engine) as session:
        assert load_file(session, file, by="test").created == 1
    assert product(engine, "000000017").price == Decimal("2.49")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (APPLES.replace("2.49", "two"), "Row 3, column price: “two” "),
        (APPLES.replace("2.49", "2.499"), "Row 3, column price: “2.499” "),
        (APPLES.replace("2.49", '"2,499"'), "Row 3, column price: “2,499” is 2499 or 2.499: "),
        (APPLES.replace("2.49", "-1"), "Row 3, column price: “-1” "),
        (APPLES.replace("2.49", ""), "Row 3, column price: Price needs a value."),
        (APPLES.replace(",7", ",many"), "Row 3, column on_hand: “many” "),
        (APPLES.replace("000000017", " "), "Row 3, column item_code: Item code needs a value."),
        (APPLES.replace("APPLES", "A" * 300), "Row 3, column description: "),
        (APPLES.replace(",PRODUCE", ""), "Row 3 has 8 columns instead of 9."),
        (PEARS, "Row 3, column item_code: 000000018 is in the file more than once."),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_bad_row_is_named_and_nothing_is_loaded(engine: Engine, line: str, sentence: str) -> None:
    with pytest.raises(BadInput) as refusal:
        load_lines(engine, PEARS, line)
    assert refusal.value.message.startswith(sentence)
    assert refusal.value.message.endswith("Nothing was loaded; correct the file and load it again.")
    assert (count(engine, Product), count(engine, Vendor)) == (0, 0)
    assert load_lines(engine, PEARS).created == 1  # The refused load left nothing behind.


def test_what_stops_being_csv_is_refused_whole(engine: Engine) -> None:
    with pytest.raises(
        BadInput, match=r"stops being readable as CSV in line 3: .* Nothing was taken from it"
    ):
        load_lines(engine, PEARS, APPLES.replace("APPLES", 'APPLES"').replace("0017,", '0017,"'))
    assert (count(engine, Product), count(engine, Vendor)) == (0, 0)
    assert load_lines(engine, PEARS).created == 1


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_workbook_does_what_csv_does(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "catalog.xlsx"
    book = xlsxwriter.Workbook(str(file))
    page = book.add_worksheet()
    *texts, price, on_hand = APPLES.split(",")
    page.write_row(0, 0, COLUMNS)
    page.write_row(1, 0, [*texts, float(price), int(on_hand)])
    book.close()
    with transaction_scope(engine) as session:
        assert load_file(session, file, by="test").created == 1
    assert product(engine, "000000017").price == Decimal("2.49")


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (HEADER.replace("price", "cost"), "has no column “price”. Found: .*“cost”.* Expected: .*“price”"),
        (HEADER + ",Price", "has the column “price” more than once"),
        (
            HEADER + ",colour",
            "should not have the column “colour”, so nothing was loaded. Expected are the columns item_code",
        ),
        ("\x01binary", "has no column “item_code”"),
        ("\x00binary", "is not text: it holds NUL bytes, the first of them in line 1"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_wrong_header_row_says_what_was_found(engine: Engine, header: str, found: str) -> None:
    with pytest.raises(BadInput, match=f"“catalog.csv” {found}"):
        load_lines(engine, APPLES, header=header)
    assert count(engine, Product) == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "“catalog.csv” is empty"),
        (b"\xff\xfe\x00PK", "“catalog.csv” is not text in utf-16"),
        (b"item_code,\x81", "“catalog.csv” is not UTF-8, and what its characters are is a guess"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_is_no_csv(engine: Engine, tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "catalog.csv"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=sentence), transaction_scope(engine) as session:
        load_file(session, file, by="test")


def test_costs_are_taken_from_a_file_that_has_them_and_kept_otherwise(engine: Engine) -> None:
    header = f"{HEADER},cost"
    load_lines(engine, f"{APPLES},1.20", f"{PEARS},", header=header)
    assert (product(engine, "000000017").cost, product(engine, "000000018").cost) == (Decimal("1.20"), None)
    assert load_lines(engine, APPLES, PEARS).unchanged == 2
    assert product(engine, "000000017").cost == Decimal("1.20")
    assert load_lines(engine, f"{APPLES},", f"{PEARS},0.40", header=header).updated == 2
    assert (product(engine, "000000017").cost, product(engine, "000000018").cost) == (None, Decimal("0.40"))
    with pytest.raises(BadInput, match=r"column cost: “1,234” is 1234 or 1.234"):
        load_lines(engine, f'{APPLES},"1,234"', header=header)


def test_statements_do_not_grow_with_the_rows(engine: Engine) -> None:
    statements: list[str] = []
    with transaction_scope(engine) as session:
        session.execute(select(Product.id))  # SQLite is told once for a connection whether it only reads.
    event.listen(engine, "before_cursor_execute", lambda *event_: statements.append(event_[2]))
    load_lines(engine, APPLES)
    few = len(statements)
    with transaction_scope(engine) as session:
        load_file(session, CATALOG, by="test")
    assert len(statements) == 2 * few


def test_a_price_changed_during_the_load_is_not_lost(engine: Engine) -> None:
    """Whoever changes the product then waits: the load would set the price back, and no history would say so."""
    load_lines(engine, APPLES)
    seen: list[Decimal] = []

    def change() -> None:
        with transaction_scope(engine) as session:
            wanted = select(Product).where(Product.item_code == "000000017").with_for_update()
            apples = session.scalars(wanted).one()
            seen.append(apples.price)
            apples.price = Decimal("5.00")

    thread = threading.Thread(target=change)

    def meanwhile(*args: Any) -> None:
        if "INTO price_history" in args[2] and thread.ident is None:
            thread.start()
            thread.join(0.3)
            assert seen == []

    event.listen(engine, "after_cursor_execute", meanwhile)
    load_lines(engine, APPLES)
    event.remove(engine, "after_cursor_execute", meanwhile)
    thread.join()
    assert seen == [Decimal("2.49")]
    assert product(engine, "000000017").price == Decimal("5.00")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            PEARS.replace("PRODUCE", "Produce"),
            "Row 2, column department: “Produce” is written like “PRODUCE”",
        ),
        (PEARS.replace("V0002", "v 0001"), "Row 2, column vendor_code: “v 0001” is written like “V0001”"),
        (
            PEARS.replace("000000018", "0000 00017"),
            "column item_code: “0000 00017” is written like “000000017”",
        ),
    ],
)
def test_a_key_that_is_written_like_another_one_is_refused(engine: Engine, line: str, sentence: str) -> None:
    load_lines(engine, APPLES)
    with pytest.raises(BadInput, match=sentence):
        load_lines(engine, line)
    assert count(engine, Product) == 1
    with pytest.raises(BadInput, match="Row 3, column department: “TOYS” is written like “Toys”"):
        load_lines(engine, PEARS.replace("PRODUCE", "Toys"), APPLES.replace("PRODUCE", "TOYS"))
