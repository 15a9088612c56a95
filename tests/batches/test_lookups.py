"""What rows take from the records that they name, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine, event, func, insert, null, update

from batchbook.batches import Action, BatchHandler, Rows
from batchbook.batches.handler_checks import check_handler
from batchbook.catalog.models import Product, ProductMatch, Vendor
from batchbook.db.transactions import transaction_scope

from .harness import BatchHarness
from .tallies import PRODUCTS, ShelvedHandler, Tally, TallyHandler, TallyRow, TallyStatus, tally


@pytest.fixture
def tallies(tally_tables: None, engine: Engine) -> BatchHarness:
    return BatchHarness(engine, tally())


def taken(tallies: BatchHarness, batch_id: int) -> list[tuple[Any, ...]]:
    return [
        (row.item_code, row.status, row.description, row.price, row.vendor, row.value)
        for row in tallies.rows(batch_id)
    ]


def test_rows_take_what_their_records_have(tallies: BatchHarness) -> None:
    batch_id = tallies.open("item,counted\nA-1,1\nB-1,2\nZ-9,3\n,4\n")
    assert taken(tallies, batch_id) == [
        ("A-1", "ok", "Apples", Decimal("1.00"), "V1", Decimal("1.00")),
        ("B-1", "ok", "Plums", Decimal("3.00"), None, Decimal("3.00")),
        ("Z-9", "not_found", None, None, None, None),
        (None, "not_found", None, None, None, None),
    ]
    tallies.assert_counted(batch_id)


def test_the_first_condition_that_holds_gives_the_status(tallies: BatchHarness) -> None:
    batch_id = tallies.open("item,counted\nA-1,1\nA-2,1\nB-1,1\nC-1,1\n", vendor_code="V2")
    assert tallies.statuses(batch_id) == ["other_vendor", "ok", "ok", "inactive"]
    # The header's value is that of the batch at the refresh.
    tallies.edit_header(batch_id, vendor_code="V1")
    tallies.run(batch_id, Action.REFRESH)
    assert tallies.statuses(batch_id) == ["ok", "other_vendor", "ok", "inactive"]


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("a-1", "A-1", "ok"),
        (" A - 1", "A-1", "ok"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}-1", "A-1", "ok"),
        ("900", "A-1", "ok"),
        ("X1", "A-1", "ok"),
        ("902", "B-1", "ok"),  # One record has it twice.
        ("903", "C-1", "inactive"),
        ("777", "777", "not_found"),  # Two records have it.
        ("E1", "E1", "not_found"),  # Two keys are written like it.
        ("e1", "e1", "ok"),
        ("E 1", "E 1", "ok"),
        ("A1", "E 1", "ok"),
        ("zzz", "zzz", "not_found"),
    ],
)
def test_keys_are_spelled_as_their_records(tallies: BatchHarness, text: str, code: str, status: str) -> None:
    batch_id = tallies.open("item,counted\nA-2,1\n")
    sequence = tallies.add(batch_id, item_code=text)
    row = tallies.row(batch_id, sequence)
    assert (row.item_code, row.status) == (code, status)
    if text != code:
        assert row.version > tallies.row(batch_id, 1).version


def test_keys_are_spelled_before_the_first_rows_are_refreshed(tallies: BatchHarness) -> None:
    seen: list[list[str]] = []

    class Chunked(TallyHandler):
        refresh_chunk_size = 1

        def refresh(self, batch: Tally, rows: Rows) -> None:
            whole = Rows.of_batch(self.session, batch, TallyRow)
            seen.append([row.item_code for row in whole])
            super().refresh(batch, rows)

    tallies.with_handler(Chunked).open("item,counted\n900,1\na-1,1\n901,3\n")
    assert seen == [["A-1", "A-1", "A-2"]] * 3


def test_more_unknown_keys_than_are_looked_for_by_themselves(tallies: BatchHarness) -> None:
    unknown = "".join(f"u{number},1\n" for number in range(150))
    batch_id = tallies.open(f"item,counted\n{unknown}a-1,1\n777,1\n901,1\n")
    assert [row.item_code for row in tallies.rows(batch_id)[150:]] == ["A-1", "777", "A-2"]
    assert tallies.batch(batch_id).status_counts == {"not_found": 151, "ok": 2}


def test_an_author_goes_on_from_the_lookups(tallies: BatchHarness) -> None:
    class Comparing(TallyHandler):
        def refresh(self, batch: Tally, rows: Rows) -> None:
            super().refresh(batch, rows)
            few = (TallyRow.status == TallyStatus.OK) & (TallyRow.counted < 1)
            rows.update(few, status=TallyStatus.NO_SHELF, status_text="None.")

    harness = tallies.with_handler(Comparing)
    batch_id = harness.open("item,counted\nA-1,0\nA-1,1\nZ-9,0\n")
    assert harness.statuses(batch_id) == ["no_shelf", "ok", "not_found"]
    # Statuses and notes of the last refresh are gone with the next one.
    harness.edit(batch_id, 1, counted="2")
    row = harness.row(batch_id, 1)
    assert (row.status, row.status_text) == ("ok", None)


def test_several_lookups_give_one_status(tallies: BatchHarness) -> None:
    harness = tallies.with_handler(ShelvedHandler)
    batch_id = harness.open(
        "item,counted,shelf\nA-1,1,front\nA-1,1,CLOSED\nZ-9,1,CLOSED\nA-1,1,nowhere\nA-1,1,\n"
    )
    assert harness.statuses(batch_id) == ["ok", "no_shelf", "not_found", "ok", "ok"]
    rows = harness.rows(batch_id)
    assert [row.shelf for row in rows] == ["FRONT", "CLOSED", "CLOSED", "nowhere", None]
    assert [row.shelf_id is not None for row in rows] == [True, True, True, False, False]


def test_a_pair_of_model_and_condition_is_joined(tallies: BatchHarness) -> None:
    class OfVendor(TallyHandler):
        lookups = (
            replace(
                PRODUCTS,
                joins=((Vendor, (Vendor.id == Product.vendor_id) & (Vendor.code == Tally.vendor_code)),),
                unless=((Vendor.id.is_(None), TallyStatus.OTHER_VENDOR),),
                overridden_by=None,
            ),
        )

    harness = tallies.with_handler(OfVendor)
    batch_id = harness.open("item,counted\nA-1,1\nA-2,1\nB-1,1\n", vendor_code="V2")
    assert [(row.status, row.vendor) for row in harness.rows(batch_id)] == [
        ("other_vendor", None),
        ("ok", "V2"),
        ("other_vendor", None),
    ]


def test_a_column_of_texts_takes_the_text_of_another_value(tallies: BatchHarness) -> None:
    # SQLAlchemy does not know the type of this function, and PostgreSQL compares no number with a text.
    counting = replace(PRODUCTS, take=PRODUCTS.take | {"description": func.length(Product.description)})

    class Counting(TallyHandler):
        lookups = (counting,)

    harness = tallies.with_handler(Counting)
    batch_id = harness.open("item,counted\nA-1,1\nZ-9,1\n")
    assert [row.description for row in harness.rows(batch_id)] == ["6", None]
    with transaction_scope(tallies.database) as session:
        session.execute(update(Product).values(description="Apple"))
    harness.run(batch_id, Action.REFRESH)
    assert [row.description for row in harness.rows(batch_id)] == ["5", None]


def test_a_removed_row_is_left_alone(tallies: BatchHarness) -> None:
    batch_id = tallies.open("item,counted\nA-1,1\nA-2,1\n")
    tallies.remove(batch_id, 1)
    with transaction_scope(tallies.database) as session:
        session.execute(update(Product).values(price=Decimal(9)))
    tallies.run(batch_id, Action.REFRESH)
    assert [row.price for row in tallies.rows(batch_id)] == [Decimal("1.00"), Decimal("9.00")]


@contextmanager
def counting(engine: Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_20_000_rows_take_as_many_statements_as_20(tallies: BatchHarness) -> None:
    with transaction_scope(tallies.database) as session:
        made = [
            {"item_code": f"P{number}", "description": "P", "price": Decimal(1)} for number in range(20_000)
        ]
        session.execute(insert(Product), made)
    statements = []
    for rows in (20, 20_000):
        lines = "".join(f"{'p' if number % 10 else 'P'}{number},1\n" for number in range(rows))
        batch_id = tallies.open(f"item,counted\n{lines}")
        assert tallies.batch(batch_id).status_counts == {"ok": rows}
        with counting(tallies.database) as noted:
            tallies.run(batch_id, Action.REFRESH)
        statements.append([one for one in noted if "tally_row" in one and "SELECT" in one])
        with transaction_scope(tallies.database) as session:
            session.execute(update(Product).where(Product.item_code == "P7").values(price=Decimal(rows)))
        with counting(tallies.database) as noted, pytest.raises(Exception, match=f"price was .*, now {rows}"):
            tallies.run(batch_id, Action.COMPLETE, Action.EXECUTE)
        statements[-1] += noted
    # The digests of the rows are read in parts; nothing else is.
    few, many = (
        [one for one in each if "printf" not in one and "::text" not in one.lower()] for each in statements
    )
    assert len(few) == len(many)


# --- At start-up -----------------------------------------------------------------------------------------------------


def made(**arguments: Any) -> type[BatchHandler[Any, Any]]:
    return type("Mended", (TallyHandler,), {"lookups": (replace(PRODUCTS, **arguments),)})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"column": "item"}, "no column “item”"),
        ({"column": "counted"}, "'counted' of rows has the type"),
        ({"key": "item_code"}, "'item_code' is no attribute of a model"),
        ({"key": Product.brand}, "key Product.brand is not unique"),
        ({"key": ProductMatch.key}, "key ProductMatch.key is not unique"),
        ({"also": (Vendor.code,)}, "Vendor.code, among also, is no attribute of Product"),
        ({"also": ("brand",)}, "'brand' is no attribute of a model"),
        ({"take": {"prize": Product.price}, "watch": ()}, "no column “prize”"),
        ({"take": {"counted": Product.on_hand}, "watch": ()}, "fills 'counted', which people edit"),
        ({"take": {"removed": Product.active}, "watch": ()}, "fills 'removed', which must be nullable"),
        ({"take": {"price": Product.description}, "watch": ()}, "'price' of rows has the type"),
        ({"take": {"vendor": Product.description}, "watch": ()}, "stores 20 characters, and .* may have 200"),
        ({"watch": ("counted",)}, "watches 'counted', which is not among"),
        ({"missing": "gone"}, "gives the status 'gone', which the handler's statuses lack"),
        ({"unless": ((~Product.active, "off"),)}, "gives the status 'off'"),
        ({"also_watched": ("ok",)}, "also watches rows with the status 'ok', which is none of unless"),
        ({"found": "fine"}, "gives the status 'fine'"),
        ({"overridden_by": "force"}, "overridden_by 'force', which is no option .* Kind.BOOLEAN"),
        ({"overridden_by": "most"}, "overridden_by 'most', which is no option"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_start_up(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        check_handler(made(**arguments), Tally, TallyRow)
    assert "Mended.lookups, number 1," in str(refused.value)
    assert "\n" not in str(refused.value)


def test_lookups_are_a_tuple() -> None:
    with pytest.raises(ConfigurationError, match=r"Mended\.lookups must be a tuple of Lookups, and is"):
        check_handler(type("Mended", (TallyHandler,), {"lookups": PRODUCTS}), Tally, TallyRow)


def test_what_can_work_is_taken() -> None:
    check_handler(TallyHandler, Tally, TallyRow)
    check_handler(ShelvedHandler, Tally, TallyRow)
    check_handler(made(take={"price": null()}, watch=(), unless=()), Tally, TallyRow)
