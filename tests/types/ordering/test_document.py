"""The files of an order: what stands in the PDF, page by page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pypdfium2
from sqlalchemy import create_engine, literal_column, select, union_all

from batchbook.grid import Column, Kind
from batchbook.types.ordering.document import order_csv, order_pdf

_TYPES = {
    "line": Kind.INTEGER, "vendor_item_code": Kind.TEXT, "item_code": Kind.TEXT, "description": Kind.TEXT,
    "case_pack": Kind.INTEGER, "cases": Kind.INTEGER, "quantity": Kind.INTEGER, "cost": Kind.DECIMAL, "amount": Kind.DECIMAL,
}  # fmt: skip
COLUMNS = [Column(name, name.title(), literal_column("1"), kind, scale=2) for name, kind in _TYPES.items()]


def lines(*texts: str) -> list[Any]:
    """Return lines with ``texts`` as descriptions."""
    values = [
        select(
            literal_column(str(number)).label("line"),
            literal_column("'V-1'").label("vendor_item_code"),
            literal_column("'000001'").label("item_code"),
            literal_column("'{}'".format(text.replace("'", "''"))).label("description"),
            literal_column("12").label("case_pack"),
            literal_column("100").label("cases"),
            literal_column("1200").label("quantity"),
            literal_column("NULL").label("cost"),
            literal_column("NULL").label("amount"),
        )
        for number, text in enumerate(texts, start=1)
    ]
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        return list(connection.execute(union_all(*values) if len(values) > 1 else values[0]).all())


def pages_of(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_bounded() for page in document]


def pdf(*texts: str) -> list[str]:
    with order_pdf("Order 7", ["Vendor V1", "Ordered"], COLUMNS, lines(*texts), Decimal("1234.5")) as file:
        return pages_of(file.read())


def test_a_page_has_title_facts_lines_and_total() -> None:
    (page,) = pdf("Tea")
    for text in ("Order 7", "Vendor V1", "Your code", "V-1", "Tea", "1,200", "Total 1,234.50", "Page 1"):
        assert text in page


def test_lines_go_on_on_the_next_page() -> None:
    pages = pdf(*(f"Item number {number}" for number in range(120)))
    assert len(pages) == 3
    assert [f"Page {number}" in page for number, page in enumerate(pages, start=1)] == [True] * 3
    assert all("Order 7" in page and "Your code" in page for page in pages)
    assert ["Total" in page for page in pages] == [False, False, True]
    together = " ".join(pages)
    assert [f"Item number {number}" in together for number in range(120)] == [True] * 120


def test_a_long_text_is_cut_and_a_strange_one_is_readable() -> None:
    (page,) = pdf("A description that goes on and on, and on, for a hundred characters", "Café \u01cduml 茶")
    assert "…" in page
    assert "Café Auml ?" in page


def test_the_csv_keeps_every_text() -> None:
    with order_csv(COLUMNS, lines("=1+1", "茶")) as file:
        text = file.read().decode("utf-8-sig")
    assert "'=1+1" in text
    assert "茶" in text
