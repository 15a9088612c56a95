"""Reading of what was printed: pages as pictures, and the barcodes that a decoder finds in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from typing import Any

import pypdfium2
import zxingcpp

from batchbook.types.labels.fonts import Fonts, fonts_of
from batchbook.types.labels.pdf import LabelPdf
from batchbook.types.labels.templates import LabelTemplate
from batchbook.types.labels.typesetting import Typesetter

#: The dots per inch of a common office printer, and those of a common label printer.
OFFICE, THERMAL = 300, 203
_POINTS = 72


def pdf_of(template: LabelTemplate, *labels: dict[str, str], first: int = 0, copies: int = 1) -> bytes:
    fonts: Fonts = fonts_of()
    file, typesetter = BytesIO(), Typesetter(template, fonts)
    pdf = LabelPdf(file, template, fonts, "Labels", first)
    for fields in labels:
        pdf.add(typesetter.marks(fields), copies)
    pdf.close()
    return file.getvalue()


def pictures(pdf: bytes, dpi: int = OFFICE) -> Iterator[Any]:
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        for page in document:
            yield page.render(scale=dpi / _POINTS, grayscale=True).to_pil()


def barcodes(pdf: bytes, dpi: int = OFFICE) -> list[tuple[str, str]]:
    """Return symbology and text of all barcodes, page by page, sorted."""
    return [
        found
        for picture in pictures(pdf, dpi)
        for found in sorted((str(one.format), one.text) for one in zxingcpp.read_barcodes(picture))
    ]


def texts(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        return [page.get_textpage().get_text_bounded() for page in document]
