"""Declared sources: what could not work is told at start-up, and records are read with what they are related to."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.exceptions import ConfigurationError
from sqlalchemy import Engine
from tests.functional.harness import CatalogueDatabase

from batchbook.application import configure
from batchbook.batches import FromBatch, FromSearch
from batchbook.batches.handler_checks import check_handler
from batchbook.batches.sources.declaration import Source
from batchbook.catalog.models import Product, Vendor
from batchbook.db.transactions import transaction_scope
from batchbook.types.price_change.handler import PriceChangeHandler
from batchbook.types.price_change.models import PriceChange, PriceChangeRow


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (FromSearch(Product, columns={"colour": "item_code"}), "'colour', which is no attribute of Product"),
        (
            FromSearch(Product, columns={"vendor.town": "item_code"}),
            "'town', which is no attribute of Vendor",
        ),
        (FromSearch(Product, columns={"price_history.reason": "item_code"}), "no single related record"),
        (FromSearch(Product, columns={"vendor": "item_code"}), "'vendor', which is no attribute of Product"),
        (
            FromSearch(Product, columns={"item_code": "code"}),
            "fills 'code', which is no column of PriceChangeRow",
        ),
        (
            FromBatch("other", columns={"a": "item_code"}, header={"b": "town"}),
            "fills 'town', which is no column",
        ),
        (
            FromBatch("other", columns={"a": "item_code"}, adds=("new_price",)),
            "names 'new_price', which none of its",
        ),
        (FromBatch("other", columns={"a": "item_code"}, adds=("item_code",)), "is no column of numbers"),
        (FromBatch("other", columns={"a": "new_price"}, adds="new_price"), r"\.adds must be"),
        (FromBatch("other", columns=["item_code"]), "must be a mapping"),  # type: ignore[arg-type]
        (FromSearch(str, columns={"a": "item_code"}), "must be a model"),
        ("products", "must be a tuple of FromBatch and FromSearch"),
    ],
)
def test_a_source_that_could_not_work_is_refused(source: Source, words: str) -> None:
    handler = type("Wrong", (PriceChangeHandler,), {"sources": (source,)})
    with pytest.raises(ConfigurationError, match=words):
        check_handler(handler, PriceChange, PriceChangeRow)


def test_two_sources_of_the_same_rows_are_refused() -> None:
    twice = (
        FromSearch(Product, columns={"size": "size"}),
        FromSearch(Product, columns={"item_code": "item_code"}),
    )
    handler = type("Wrong", (PriceChangeHandler,), {"sources": twice})
    with pytest.raises(ConfigurationError, match="two sources of the same rows"):
        check_handler(handler, PriceChange, PriceChangeRow)


class OfUnknownColumns(PriceChangeHandler):
    """Price changes of rows with a column that they do not have."""

    sources = (FromBatch("price_change", columns={"colour": "size"}),)


class OfAbsentType(PriceChangeHandler):
    """Price changes of rows of a type that is not installed."""

    sources = (FromBatch("acme_list", columns={"colour": "size"}),)


def test_columns_of_another_type_are_checked_once_all_are_registered(settings: dict[str, Any]) -> None:
    def started_with(handler: type[Any]) -> None:
        swapped = {"batchbook.handler.price_change": f"{__name__}:{handler.__name__}"}
        configure(settings | swapped).commit()

    with pytest.raises(ConfigurationError, match=r"sources\[0\].columns names 'colour', which is no column"):
        started_with(OfUnknownColumns)
    started_with(OfAbsentType)


def test_records_come_with_related_ones_and_without_them_where_there_are_none(
    catalogue: CatalogueDatabase, engine: Engine
) -> None:
    source = FromSearch(Product, columns={})
    with transaction_scope(engine) as session:
        session.add(Product(item_code="X", description="LOOSE", price=1))
        session.flush()
        statement = source.selected(["item_code", "vendor.code", "vendor.name"]).order_by(Product.item_code)
        found = [tuple(row[1:]) for row in session.execute(statement)]
        vendors = {vendor.code for vendor in session.query(Vendor)}
    assert found[-1] == ("X", None, None)
    assert {row[1] for row in found[:-1]} == vendors
