"""The order as it goes to the vendor: a PDF and a CSV file, written line by line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import Row

from batchbook.grid import Column, csv_chunks, render

#: The fonts that reportlab brings: they have the characters of Western European languages.
_FONT, _BOLD = "Vera", "VeraBd"
_SIZE, _LINE = 8, 5 * mm
_LEFT, _RIGHT, _TOP, _BOTTOM = 15 * mm, 195 * mm, 282 * mm, 18 * mm
_IN_MEMORY = 8 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    """Where a column stands on a page: its left and right edge in millimetres, and whether numbers stand at the right one."""

    name: str
    left: float
    right: float
    numeric: bool = False


_PLACES = (
    Place("line", 15, 23, numeric=True),
    Place("vendor_item_code", 25, 52),
    Place("item_code", 53, 77),
    Place("description", 78, 128),
    Place("case_pack", 128, 138, numeric=True),
    Place("cases", 138, 149, numeric=True),
    Place("quantity", 149, 162, numeric=True),
    Place("cost", 162, 177, numeric=True),
    Place("amount", 177, 195, numeric=True),
)
_HEADINGS = {
    "line": "",
    "vendor_item_code": "Your code",
    "item_code": "Our code",
    "description": "Description",
}
_HEADINGS |= {"case_pack": "Pack", "cases": "Cases", "quantity": "Units", "cost": "Cost", "amount": "Amount"}


def order_csv(columns: Sequence[Column], lines: Iterable[Row[Any]]) -> BinaryIO:
    """Return the lines as CSV, as grids are exported, open at its start; the caller closes it."""
    file = _spooled()
    for chunk in csv_chunks(columns, lines):
        file.write(chunk)
    file.seek(0)
    return file


def order_pdf(
    title: str, facts: Sequence[str], columns: Sequence[Column], lines: Iterable[Row[Any]], total: Decimal
) -> BinaryIO:
    """Return the order as a PDF in A4, open at its start; the caller closes it.

    ``title`` and ``facts`` (one line each) are at the top of the first page. Characters that the font lacks lose their
    accents, or become question marks; the CSV has them.
    """
    file = _spooled()
    pages = _Pages(file, title)
    for number, fact in enumerate(facts):
        pages.write(fact, _LEFT, bold=number == 0)
        pages.down()
    pages.head()
    for line in lines:
        pages.line(columns, line)
    pages.end(f"Total {total:,.2f}")
    file.seek(0)
    return file


def _spooled() -> BinaryIO:
    return cast("BinaryIO", SpooledTemporaryFile(max_size=_IN_MEMORY))


class _Pages:
    """The pages of a document, from top to bottom."""

    def __init__(self, file: BinaryIO, title: str) -> None:
        for name in (_FONT, _BOLD):
            if name not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
        self._known = pdfmetrics.getFont(_FONT).face.charToGlyph
        self._canvas = Canvas(file, pagesize=A4)
        self._canvas.setTitle(title)
        self._title, self._page, self._y = title, 1, float(_TOP)
        self.write(title, _LEFT, bold=True, size=14)
        self.down(8 * mm)

    def write(
        self, text: str, at: float, *, bold: bool = False, right: bool = False, size: float = _SIZE
    ) -> None:
        """Write ``text`` with its left edge, or its ``right`` one, at ``at``, in points."""
        self._canvas.setFont(_BOLD if bold else _FONT, size)
        draw = self._canvas.drawRightString if right else self._canvas.drawString
        draw(at, self._y, self._printable(text))

    def down(self, by: float = _LINE) -> None:
        """Go to the next line; at the end of a page to the first one of the next page."""
        self._y -= by
        if self._y < _BOTTOM:
            self._foot()
            self._canvas.showPage()
            self._page, self._y = self._page + 1, float(_TOP)
            self.write(self._title, _LEFT, bold=True)
            self.down()
            self.head()

    def head(self) -> None:
        """Write the headings of the columns, with a rule below them."""
        self._y -= 2 * mm
        for place in _PLACES:
            at = place.right * mm if place.numeric else place.left * mm
            self.write(_HEADINGS[place.name], at, bold=True, right=place.numeric)
        self._canvas.line(_LEFT, self._y - 1.5 * mm, _RIGHT, self._y - 1.5 * mm)
        self._y -= _LINE + 1 * mm

    def line(self, columns: Sequence[Column], line: Row[Any]) -> None:
        """Write one line of the order."""
        texts = {one.name: render(one, line._mapping[one.name]) for one in columns}
        for place in _PLACES:
            at = place.right * mm if place.numeric else place.left * mm
            width = (place.right - place.left - 1) * mm
            self.write(self._cut(texts[place.name], width), at, right=place.numeric)
        self.down()

    def end(self, total: str) -> None:
        """Write the total, and end the document."""
        self._canvas.line(_LEFT, self._y + 3.5 * mm, _RIGHT, self._y + 3.5 * mm)
        self.write(total, _RIGHT, bold=True, right=True)
        self._foot()
        self._canvas.save()

    def _foot(self) -> None:
        self._canvas.setFont(_FONT, _SIZE)
        self._canvas.drawRightString(_RIGHT, 10 * mm, f"Page {self._page}")

    def _printable(self, text: str) -> str:
        if all(ord(character) in self._known for character in text):
            return text
        plain = (
            character
            if ord(character) in self._known
            else "".join(one for one in unicodedata.normalize("NFKD", character) if ord(one) in self._known)
            or "?"
            for character in text
        )
        return "".join(plain)

    def _cut(self, text: str, width: float) -> str:
        """Return ``text``, cut with an ellipsis where it is wider than ``width`` points."""
        text = self._printable(text)
        if pdfmetrics.stringWidth(text, _FONT, _SIZE) <= width:
            return text
        while text and pdfmetrics.stringWidth(f"{text}…", _FONT, _SIZE) > width:
            text = text[:-1]
        return f"{text}…"
