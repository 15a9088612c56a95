from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Date, DateTime, literal

from batchbook.catalog.models import Product
from batchbook.db import ExactDecimal
from batchbook.errors import BadInput
from batchbook.grid import Column, Kind, parse
from batchbook.scaffold.type_columns import KINDS, joins_of, kind_of, read_columns


@pytest.mark.parametrize(
    ("text", "declaration"),
    [
        ("reason:text", "reason: Mapped[str | None] = editable(String(200))"),
        ("reason:text(60)", "reason: Mapped[str | None] = editable(String(60))"),
        ("copies : integer", "copies: Mapped[int | None] = editable()"),
        ("limit:price", "limit: Mapped[Decimal | None] = editable(PRICE)"),
        ("weight:decimal(9, 3)", "weight: Mapped[Decimal | None] = editable(ExactDecimal(9, 3))"),
        ("weight:decimal(9)", "weight: Mapped[Decimal | None] = editable(ExactDecimal(9, 0))"),
        ("urgent:boolean", "urgent: Mapped[bool | None] = editable()"),
        ("due:date", "due: Mapped[date | None] = editable()"),
        ("text:Product.description", "text: Mapped[str | None] = column(String(200))"),
        ("vendor:Vendor.code", "vendor: Mapped[str | None] = column(String(20))"),
        ("old_price:Product.price", "old_price: Mapped[Decimal | None] = column(PRICE)"),
        ("sold:Product.active", "sold: Mapped[bool | None] = column()"),
    ],
)
def test_a_column_is_declared_as_its_kind_says(text: str, declaration: str) -> None:
    (found,) = read_columns([text], of_rows=True)
    assert found.declaration == declaration


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reason", "“reason” is not of the form name:kind"),
        ("reason:", "“reason:” is not of the form name:kind"),
        ("Reason:text", "“Reason” cannot name a column: use small letters"),
        ("a__b:text", "“a__b” cannot name a column"),
        ("class:text", "“class” cannot name a column"),
        (f"{'a' * 41}:text", "cannot name a column"),
        ("status:text", "every row has “status” already; give the column another name"),
        ("item_code:text", "every row has “item_code” already"),
        ("metadata:text", "every row has “metadata” already"),
        ("reason:string", "“string” is no kind of column; there are text, integer, .*text\\(60\\)"),
        ("reason:text(0)", "“text\\(0\\)” is no kind of column"),
        ("reason:text(9,2)", "is no kind of column"),
        ("weight:decimal(2,3)", "is no kind of column"),
        ("weight:decimal(19,3)", "is no kind of column"),
        ("text:Product.colour", "the catalogue has no Product.colour"),
        ("text:Product.vendor", "the catalogue has no Product.vendor"),
        ("text:Shelf.name", "the catalogue has no Shelf.name"),
        ("changed:Product.modified_at", "there are no columns of UTCDateTime among"),
    ],
)
def test_what_describes_no_column_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        read_columns([text], of_rows=True)


def test_columns_of_the_header_take_nothing_from_the_catalogue() -> None:
    with pytest.raises(
        BadInput, match=r"“Product\.price” is no kind of column; there are .*decimal\(12, 4\)$"
    ):
        read_columns(["price:Product.price"], of_rows=False)
    with pytest.raises(BadInput, match="every batch has “notes” already"):
        read_columns(["notes:text"], of_rows=False)


def test_a_name_can_be_given_once() -> None:
    with pytest.raises(BadInput, match="“due:text” describes a second column due"):
        read_columns(["due:date", "due:text"], of_rows=True)


def test_columns_that_products_have_are_written_unless_batches_keep_a_record_of_them() -> None:
    texts = [
        "reorder_point:integer",
        "price:price",
        "size:integer",
        "due:date",
        "unit:text",
        "cost:Product.cost",
    ]
    assert [one.name for one in read_columns(texts, of_rows=True) if one.is_written] == [
        "reorder_point",
        "unit",
    ]


def test_other_models_are_joined_by_the_relationships_of_products() -> None:
    columns = read_columns(
        ["a:Vendor.code", "b:Product.size", "c:Department.name", "d:Vendor.name"], of_rows=True
    )
    assert joins_of(columns) == ["Product.department", "Product.vendor"]
    assert joins_of(columns[1:2]) == []


def test_the_sample_of_each_kind_is_a_value_of_it() -> None:
    kinds = {
        "str": Kind.TEXT,
        "int": Kind.INTEGER,
        "Decimal": Kind.DECIMAL,
        "bool": Kind.BOOLEAN,
        "date": Kind.DATE,
    }
    for kind in (*KINDS.values(), kind_of(ExactDecimal(5, 4)), kind_of(Product.size.type)):
        assert parse(Column("it", "It", literal(None), kinds[kind.python]), kind.sample) is not None
    assert Decimal(kind_of(ExactDecimal(1, 0)).sample) == 1
    assert kind_of(Date()) is KINDS["date"]
    with pytest.raises(BadInput):
        kind_of(DateTime())
