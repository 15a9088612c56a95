"""Batches of chosen rows and records: populated from them in the order of the choice, from executed batches as well."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import delete, select
from tests.batches.harness import BatchHarness
from tests.functional.harness import PRICE_LIST

from batchbook.batches import Action, FromBatch, FromSearch
from batchbook.batches.engine.engine import Engine
from batchbook.batches.engine.making import made_links, make_batch
from batchbook.batches.sources.choosing import choose_rows
from batchbook.batches.sources.chosen_rows import ChosenRows
from batchbook.catalog.models import PriceHistory, Product
from batchbook.errors import Conflict
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.matching import SOURCES
from batchbook.types.price_change.models import PriceChangeRow

from .conftest import made_of_rows

OF_ROWS, OF_PRODUCTS = SOURCES


def values(harness: BatchHarness, batch_id: int) -> list[tuple[object, ...]]:
    """Return the rows that a batch has."""
    return [
        (row.sequence, row.line, row.item_code, row.new_price, row.status) for row in harness.rows(batch_id)
    ]


@pytest.mark.parametrize("executed", [False, True])
def test_the_rows_become_those_of_the_new_batch_as_long_as_they_are_kept(
    harness: BatchHarness, executed: bool
) -> None:
    first = harness.open(PRICE_LIST, vendor_code="V1", warn_above="7")
    harness.remove(first, 2)
    if executed:
        harness.run(first, Action.COMPLETE, Action.EXECUTE)
    before = harness.operations(first)
    with harness.engine() as engine:
        made = made_of_rows(engine, first, PriceChangeRow.status.in_(["increase", "decrease"])).id
    if not executed:
        harness.remove(first, 3)  # It is not a row of it any more when the other one is populated.
    harness.run(made, Action.POPULATE)
    rise = (1, 2, "000000011", Decimal("2.20"), "unchanged" if executed else "increase")
    fall = (2, 4, "000000012", Decimal("2.70"), "unchanged")
    assert values(harness, made) == ([rise, fall] if executed else [rise])
    header = harness.batch(made)
    assert (header.made_from, header.vendor_code, header.warn_above) == (first, "V1", Decimal(7))
    assert harness.operations(made)[0] == ("made-of", "staff", f"Made of 2 rows of batch {first:08d}.", 0)
    note = ("made-into", "staff", "Made batch 00000002, price change, of 2 of its rows.", 0)
    assert harness.operations(first)[len(before) :][:1] == ([] if executed else [note])
    with harness.engine() as engine:
        assert [
            (label, one.id) for label, one in made_links(engine.session, engine.types, engine.find(first))
        ] == [("Made into", made)]
        assert [
            (label, one.id) for label, one in made_links(engine.session, engine.types, engine.find(made))
        ] == [("Made from", first)]


def test_what_is_no_longer_there_when_it_is_populated_is_left_out_or_told(harness: BatchHarness) -> None:
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        made = made_of_rows(engine, first).id
    harness.delete(first)
    with pytest.raises(Conflict, match="what it was made from is no longer there"):
        harness.run(made, Action.POPULATE)
    assert harness.batch(made).state == "new"


def test_a_clone_without_rows_is_populated_from_the_same_rows(harness: BatchHarness) -> None:
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        made = made_of_rows(engine, first).id
    clone = harness.clone(made)
    harness.run(clone, Action.POPULATE)
    assert [row.item_code for row in harness.rows(clone)] == [row.item_code for row in harness.rows(first)]


def test_records_are_read_in_the_order_of_the_choice(harness: BatchHarness) -> None:
    with harness.engine() as engine:
        ids = engine.session.scalars(select(Product.id).order_by(Product.item_code.desc())).all()
        chosen = ChosenRows(OF_PRODUCTS, ids, OF_PRODUCTS.columns, one="product", many="products")
        made = make_batch(engine, "price_change", {"percent": "10"}, chosen).id
        engine.session.execute(delete(PriceHistory))
        engine.session.execute(delete(Product).where(Product.id == ids[1]))
    harness.run(made, Action.POPULATE)
    rows = harness.rows(made)
    assert [row.item_code for row in rows] == sorted((row.item_code for row in rows), reverse=True)
    assert len(rows) == len(ids) - 1
    assert {row.status for row in rows} == {"increase"}
    assert harness.operations(made)[0][2] == f"Made of {len(ids)} products."


class OfOtherKinds(PriceChangeHandler):
    """Price changes with numbers in columns of texts."""

    sources = (
        FromBatch(
            "price_change", columns={"new_price": "item_code", "line": "size", "over_limit": "description"}
        ),
        FromSearch(Product, columns={"price": "item_code"}),
    )


def test_values_of_another_kind_become_texts(harness: BatchHarness) -> None:
    harness = harness.with_handler(OfOtherKinds)
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(first))
        made = make_batch(engine, "price_change", {}, choose_rows(context, harness.batch_type, [])).id
    harness.run(made, Action.POPULATE)
    row = harness.row(made, 2)
    assert (row.item_code, row.size, row.description) == ("8.00", "3", "yes")


def test_thousands_of_rows_are_read_in_parts(harness: BatchHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchbook.batches.sources.chosen_rows._TOGETHER", 3)
    first = harness.open(PRICE_LIST, vendor_code="V1")
    with harness.engine() as engine:
        context = engine.context_of(engine.find(first))
        numbers = [8, 1, 7, 2, 6, 3, 5, 4]
        chosen = ChosenRows(OF_ROWS, numbers, {"line": "line", "item_code": "item_code"}, context.batch)
        made = make_batch(engine, "price_change", {}, chosen).id
    harness.run(made, Action.POPULATE)
    assert [row.line for row in harness.rows(made)] == [number + 1 for number in numbers]


class OfLines(PriceChangeHandler):
    """Price changes whose prices are the sums of others by size."""

    sources = (
        FromBatch(
            "price_change", columns={"size": "item_code", "new_price": "new_price"}, adds=("new_price",)
        ),
    )


class OfSizes(PriceChangeHandler):
    """Price changes with a row for each size."""

    sources = (FromBatch("price_change", columns={"size": "item_code"}, adds=()),)


@pytest.mark.parametrize(
    ("handler", "rows"),
    [
        (OfLines, [("1 kg", Decimal(11)), ("", Decimal(4)), ("2 l", Decimal(5))]),
        (OfSizes, [("1 kg", None), ("", None), ("2 l", None)]),
    ],
)
def test_rows_that_are_the_same_add_up_where_the_source_declares_it(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch, handler: type[PriceChangeHandler], rows: object
) -> None:
    monkeypatch.setattr("batchbook.batches.sources.chosen_rows._TOGETHER", 2)
    harness = harness.with_handler(handler)
    lines = ["1 kg,2", "1 kg,3", ",4", "2 l,5", "1 kg,6"]
    table = ["item_code,description,size,price", *(f"X{at},Item,{one}" for at, one in enumerate(lines))]
    first = harness.open("\n".join(table))
    with harness.engine() as engine:
        made = made_of_rows_by(engine, harness, first)
    harness.run(made, Action.POPULATE)
    found = [(row.item_code, row.new_price) for row in harness.rows(made)]
    assert found == rows


class OfPercent(PriceChangeHandler):
    """Price changes with negative prices, which nobody could enter."""

    sources = (FromBatch("price_change", columns={"item_code": "item_code", "change_percent": "new_price"}),)


def test_a_number_that_people_could_not_enter_is_left_out_and_told(harness: BatchHarness) -> None:
    harness = harness.with_handler(OfPercent)
    first = harness.open(PRICE_LIST, vendor_code="V1")
    falls = [row.sequence for row in harness.rows(first) if row.status == "decrease"]
    with harness.engine() as engine:
        made = made_of_rows_by(engine, harness, first)
    harness.run(made, Action.POPULATE)
    row = harness.row(made, falls[0])
    assert row.new_price is None
    issue = next(one for one in row.issues if one["field"] == "new_price" and one["raw"])
    assert (issue["code"], issue["raw"]) == ("too-small", str(harness.row(first, falls[0]).change_percent))


def made_of_rows_by(engine: Engine, harness: BatchHarness, batch_id: int) -> int:
    """Make a batch of all rows of another one by the handler of ``harness``; return its number."""
    context = engine.context_of(engine.find(batch_id))
    return make_batch(engine, "price_change", {}, choose_rows(context, harness.batch_type, [])).id
