"""PDF of labels: pages of a sheet or a roll, written by reportlab as labels come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, BinaryIO

from reportlab.pdfgen.canvas import Canvas

from batchbook.types.labels.fonts import Fonts
from batchbook.types.labels.templates import LabelTemplate
from batchbook.types.labels.typesetting import POINT, Mark, TextMark, rectangles_of


class LabelPdf:
    """A PDF with labels of one template, each at the next place; close it to write it to ``file``.

    ``first`` is the number of the first place of the first sheet that has a label, from 0. Lengths of marks are in millimetres
    from the top left, those of PDF in points from the bottom left.
    """

    def __init__(
        self, file: BinaryIO, template: LabelTemplate, fonts: Fonts, title: str, first: int = 0
    ) -> None:
        self._template, self._fonts = template, fonts
        width, height = template.page_size
        self._height = height / POINT
        self._canvas: Any = Canvas(file, pagesize=(width / POINT, self._height), pageCompression=1)
        self._canvas.setTitle(title)
        self._canvas.setCreator("Batchbook")
        self._next = first % template.per_page
        self.pages = 0

    def add(self, marks: Iterable[Mark], copies: int = 1) -> None:
        """Print a label ``copies`` times."""
        code = self._code_of(marks)
        for _ in range(copies):
            if self._next == self._template.per_page:
                self._canvas.showPage()
                self._next = 0
                self.pages += 1
            left, top = self._template.place(self._next)
            self._canvas.addLiteral(
                f"q 1 0 0 1 {left / POINT:.3f} {self._height - top / POINT:.3f} cm {code} Q"
            )
            self._next += 1

    def close(self) -> None:
        """Write the document."""
        self._canvas.showPage()
        self.pages += 1
        self._canvas.save()

    def _code_of(self, marks: Iterable[Mark]) -> str:
        """Return the PDF's operators that draw ``marks`` from the top left corner of a label."""
        text = self._canvas.beginText()
        parts: list[str] = []
        for mark in marks:
            if isinstance(mark, TextMark):
                text.setTextOrigin(mark.x / POINT, -mark.y / POINT)
                text.setCharSpace(mark.spacing / POINT)
                for face, characters in self._fonts.runs(mark.text, bold=mark.bold):
                    text.setFont(face.name, mark.font)
                    text.textOut(characters)
            else:
                parts.extend(_rectangle(*one) for one in rectangles_of(mark))
        return f"{' '.join(parts)} f {text.getCode()}"


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f"{x / POINT:.3f} {-(y + height) / POINT:.3f} {width / POINT:.3f} {height / POINT:.3f} re"
