"""The PDF: places and copies, texts that are found in it, and what thousands of labels cost."""

from __future__ import annotations

import time
import tracemalloc
from contextlib import closing
from io import BytesIO

import pypdfium2
import pytest
from tests.types.labels.printed import barcodes, pdf_of, pictures, texts

from batchbook.types.labels.barcodes import check_digit
from batchbook.types.labels.fonts import fonts_of
from batchbook.types.labels.pdf import LabelPdf
from batchbook.types.labels.shipped_templates import SHIPPED
from batchbook.types.labels.templates import LabelSize, LabelTemplate, Paper, Text
from batchbook.types.labels.typesetting import Typesetter

ON_A4, ROLL = SHIPPED[0], SHIPPED[6]
TEA = {"description": "Tea", "price": "2.49", "upc": "4006381333931", "item_code": "000032456"}


def product(number: int) -> dict[str, str]:
    body = f"4{number:010d}"
    return {
        "description": f"Product {number} with a name of some length", "size": "12 OZ", "unit": "each",
        "item_code": f"{number:09d}", "upc": body + check_digit(body), "price": f"${number % 100}.99", "date": "30 Nov 2026",
    }  # fmt: skip


def test_labels_fill_the_sheet_from_the_first_free_place() -> None:
    (page,) = pictures(pdf_of(ON_A4, TEA, first=4), dpi=72)
    width, height = page.size
    dark = [
        (column, row)
        for row in range(8)
        for column in range(3)
        if page.crop(
            (column * width // 3, row * height // 8, (column + 1) * width // 3, (row + 1) * height // 8)
        ).getextrema()[0] < 128
    ]  # fmt: skip
    assert dark == [(1, 1)]


def test_a_full_sheet_is_followed_by_another_one() -> None:
    pages = texts(pdf_of(ON_A4, TEA, first=20, copies=30))
    assert [page.count("000032456") for page in pages] == [4, 24, 2]
    assert [page.count("000032456") for page in texts(pdf_of(ROLL, TEA, copies=3))] == [1, 1, 1]


def test_a_file_without_labels_is_a_page_all_the_same() -> None:
    assert len(texts(pdf_of(ON_A4))) == 1


def test_pages_have_the_size_of_the_paper() -> None:
    with closing(pypdfium2.PdfDocument(pdf_of(ROLL, TEA))) as document:
        assert document[0].get_size() == pytest.approx((57 / 25.4 * 72, 32 / 25.4 * 72), abs=0.01)
    with closing(pypdfium2.PdfDocument(pdf_of(ON_A4, TEA))) as document:
        assert document[0].get_size() == pytest.approx((210 / 25.4 * 72, 297 / 25.4 * 72), abs=0.01)


@pytest.mark.parametrize(
    "text", ["a) Tj ET Q (b", "\\", "((((", "<</Type>>", "%%EOF", "Ünïcode", "Гречка", "100 % & <b>", "🐎 □"]
)
def test_whatever_a_text_says_it_is_text(text: str) -> None:
    label = LabelTemplate(
        paper=Paper.ROLL, size=LabelSize.SMALL, title="A text", width=90, height=20,
        elements=(Text(field="description", x=2, y=2, width=80, height=10, font=12),),
    )  # fmt: skip
    (page,) = texts(pdf_of(label, {"description": text}))
    assert page == text.replace("🐎", "□")


def test_the_title_is_that_of_the_document() -> None:
    file = BytesIO()
    pdf = LabelPdf(file, ROLL, fonts_of(), "Labels 00000012 (roll)")
    pdf.add([])
    pdf.close()
    with closing(pypdfium2.PdfDocument(file.getvalue())) as document:
        assert document.get_metadata_value("Title") == "Labels 00000012 (roll)"


def test_all_barcodes_of_a_page_are_read() -> None:
    products = [product(number) for number in range(24)]
    assert {text for _, text in barcodes(pdf_of(ON_A4, *products))} == {
        one["upc"].zfill(13) for one in products
    }


def test_200_labels_take_well_under_a_second() -> None:
    products = [product(number) for number in range(200)]
    pdf_of(ON_A4, products[0])  # The fonts are read once.
    began = time.process_time()
    pdf = pdf_of(ON_A4, *products)
    assert time.process_time() - began < 0.6  # Seconds; it takes a tenth of one.
    assert len(texts(pdf)) == 9


def test_memory_grows_by_the_pages_only() -> None:
    file, typesetter = BytesIO(), Typesetter(ON_A4, fonts_of())
    pdf = LabelPdf(file, ON_A4, fonts_of(), "Labels")
    tracemalloc.start()
    try:
        for number in range(2_400):
            pdf.add(typesetter.marks(product(number)))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    pdf.close()
    assert pdf.pages == 100
    assert used < 2_400 * 4_000  # Bytes; a label has about 2,200 of them on its page.
    assert len(file.getvalue()) < used / 5
