"""Typesetting of a label: the fields of a row on a template become marks at their places, whatever they are drawn with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from batchbook.types.labels.barcodes import Bar, Symbol, code_128_symbol, qr_symbol, retail_symbol
from batchbook.types.labels.fonts import Fonts
from batchbook.types.labels.templates import (
    Barcode,
    BarcodeKind,
    Box,
    LabelTemplate,
    Price,
    Text,
)

#: A point in millimetres.
POINT = 25.4 / 72
#: The distance of lines as a multiple of the font's size, and the size of raised decimals as a part of it.
_LINE, _DECIMALS = 1.14, 0.52
#: The part of a font's size by which it shrinks in a step until a text fits.
_STEP = 0.94
#: The steps by which lines become narrower at the most, until they are of the same length: they are half as long then.
_NARROWER = 11
#: The modules of a digit below a retail code, and the millimetres between bars and digits.
_DIGIT, _GAP = 6.2, 0.35
#: The width of a square of a QR code where there is room, in millimetres.
_QR_MODULE = 0.4
#: The modules by which guard bars reach down between the digits.
_GUARD = 5
_SMALL_DIGIT = 0.72
_ELLIPSIS = "…"
#: The size of the text below a Code 128, in points.
_CODE_FONT = 7.0
#: The parts of a formatted price: what stands before the digits, whole and decimals, and what stands behind.
_PRICE = re.compile(r"(?P<before>\D*)(?P<whole>[\d.,'\s]*\d)(?P<decimals>[.,]\d\d)(?P<after>\D*)")

_SHARES = {"left": 0.0, "center": 0.5, "right": 1.0}


@dataclass(frozen=True)
class TextMark:
    """A line of text: its left end and the line that it stands on, in millimetres, the font's size in points, its width.

    ``spacing`` is added behind each character, also behind the last one. ``align`` tells which end of it stays in its place
    where it is drawn with another font.
    """

    x: float
    y: float
    text: str
    font: float
    bold: bool
    width: float
    align: str = "left"
    spacing: float = 0


@dataclass(frozen=True)
class BoxMark:
    """A black rectangle, in millimetres."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class SymbolMark:
    """A barcode at the top left corner of its quiet zone, in millimetres, with the heights of its bars and long bars."""

    x: float
    y: float
    module: float
    height: float
    long_height: float
    symbol: Symbol

    def rectangles(self) -> Iterator[tuple[float, float, float, float]]:
        """Yield the dark rectangles: left, top, width and height in millimetres."""
        for bar in self.symbol.bars:
            height = self.long_height if bar.is_long else self.height
            yield self.x + bar.start * self.module, self.y, bar.width * self.module, height
        quiet = (self.symbol.modules - len(self.symbol.rows)) // 2
        for number, row in enumerate(self.symbol.rows, quiet):
            top = self.y + number * self.module
            yield from (self._square(bar, top) for bar in row)

    def _square(self, bar: Bar, top: float) -> tuple[float, float, float, float]:
        return self.x + bar.start * self.module, top, bar.width * self.module, self.module


Mark = TextMark | BoxMark | SymbolMark


def rectangles_of(mark: BoxMark | SymbolMark) -> Iterable[tuple[float, float, float, float]]:
    """Return the black rectangles of ``mark``: left, top, width and height in millimetres."""
    if isinstance(mark, SymbolMark):
        return mark.rectangles()
    return ((mark.x, mark.y, mark.width, mark.height),)


class Typesetter:
    """Sets labels of one template with ``fonts``."""

    def __init__(self, template: LabelTemplate, fonts: Fonts) -> None:
        self._fonts = fonts
        setters = {Text: self._text, Price: self._price, Barcode: self._barcode, Box: self._box}
        self._setters = [partial(setters[type(element)], element) for element in template.elements]

    def marks(self, fields: Mapping[str, str]) -> list[Mark]:
        """Return the marks of the label with ``fields``, texts by the names of fields; those that are not given are empty."""
        return [mark for setter in self._setters for mark in setter(fields)]

    def _box(self, box: Any, _fields: Mapping[str, str]) -> Iterable[Mark]:
        yield BoxMark(box.x, box.y, box.width, box.height)

    # --- Texts ---

    def _text(self, element: Any, fields: Mapping[str, str]) -> Iterable[Mark]:
        text = self._fonts.printable(element.text or fields.get(element.field, ""))
        font, lines = self._fitted(element, text) if text else (0, [])
        y = element.y + font * POINT * Fonts.CAPITALS
        for line in lines:
            yield self._line(element, line, y, font, bold=element.bold)
            y += font * POINT * _LINE

    def _fitted(self, element: Text, text: str) -> tuple[float, list[str]]:
        """Return the largest size at which ``text`` fits its box, and its lines; they are cut if there is none."""
        least = min(element.least or element.font, element.font)
        font = element.font
        while True:
            ems = element.width / (font * POINT)
            lines = list(self._wrapped(text, ems, bold=element.bold))
            possible = max(1, min(element.lines, self._lines_in(element.height, font)))
            if len(lines) <= possible:
                return font, self._balanced(text, lines, ems, bold=element.bold)
            if font <= least:
                rest = " ".join(lines[possible - 1 :])
                return font, [*lines[: possible - 1], self._cut(rest, ems, bold=element.bold)]
            font = max(font * _STEP, least)

    def _balanced(self, text: str, lines: list[str], ems: float, *, bold: bool) -> list[str]:
        """Return as many ``lines`` of ``text``, as even as possible, so that no word stands alone."""
        narrower = ems
        for _ in range(_NARROWER if len(lines) > 1 else 0):
            narrower *= _STEP
            others = list(self._wrapped(text, narrower, bold=bold))
            if len(others) > len(lines) or max(map(len, others)) < max(map(len, text.split(" "))):
                break
            lines = others
        return lines

    @staticmethod
    def _lines_in(height: float, font: float) -> int:
        one = font * POINT
        return 1 + max(0, int((height - one * (Fonts.CAPITALS + Fonts.DEPTH)) / (one * _LINE) + 0.001))

    def _wrapped(self, text: str, ems: float, *, bold: bool) -> Iterator[str]:
        """Yield the lines of ``text`` that are at most ``ems`` wide; words that are wider are broken."""
        line = ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if self._fonts.width(longer, bold=bold) <= ems:
                line = longer
                continue
            if line:
                yield line
            line = word
            while len(line) > 1 and self._fonts.width(line, bold=bold) > ems:
                count = self._count_in(line, ems, bold=bold)
                yield line[:count]
                line = line[count:]
        if line:
            yield line

    def _count_in(self, text: str, ems: float, *, bold: bool) -> int:
        """Return how many characters of ``text`` are at most ``ems`` wide, at least 1."""
        count = 1
        while count < len(text) and self._fonts.width(text[: count + 1], bold=bold) <= ems:
            count += 1
        return count

    def _cut(self, text: str, ems: float, *, bold: bool) -> str:
        if self._fonts.width(text, bold=bold) <= ems:
            return text
        room = ems - self._fonts.width(_ELLIPSIS, bold=bold)
        return text[: self._count_in(text, room, bold=bold)].rstrip() + _ELLIPSIS

    def _line(self, box: Box, text: str, y: float, font: float, *, bold: bool) -> TextMark:
        width = self._fonts.width(text, bold=bold) * font * POINT
        align = getattr(box, "align", "left")
        return TextMark(box.x + (box.width - width) * _SHARES[align], y, text, font, bold, width, align)

    # --- Prices ---

    def _price(self, element: Any, fields: Mapping[str, str]) -> Iterable[Mark]:
        text = self._fonts.printable(fields.get("price", ""))
        if not text:
            return
        found = _PRICE.fullmatch(text)
        parts = [text] if found is None else list(found.groups())
        scales = [1.0] if found is None else [_DECIMALS, 1.0, _DECIMALS, _DECIMALS]
        if found is not None:  # The separator stands on the line, in front of the raised decimals.
            parts[1:3] = [parts[1] + parts[2][:1], parts[2][1:]]
        ems = [self._fonts.width(part, bold=True) * scale for part, scale in zip(parts, scales, strict=True)]
        most = min(element.width / (sum(ems) * POINT), element.height / (Fonts.CAPITALS * POINT))
        font = min(element.font, most)
        x = element.x + (element.width - sum(ems) * font * POINT) * _SHARES[element.align]
        bottom = element.y + element.height
        for part, scale, em in zip(parts, scales, ems, strict=True):
            raised = font * POINT * Fonts.CAPITALS * (1 - scale)
            width = em * font * POINT
            if part.strip():
                yield TextMark(x, bottom - raised, part, font * scale, True, width)
            x += width

    # --- Barcodes ---

    def _barcode(self, element: Any, fields: Mapping[str, str]) -> Iterable[Mark]:
        symbol = symbol_of(element, fields)
        if symbol is None:
            return
        if symbol.rows:
            yield self._qr(element, symbol)
            return
        module = element.whole(min(element.module, element.width / symbol.modules))
        font = self._font_of_digits(symbol, module, element.height)
        low = font * POINT * Fonts.CAPITALS + _GAP if element.digits else 0
        height = element.height - low
        long_height = min(element.height, height + _GUARD * module) if element.digits else height
        x = element.x + (element.width - symbol.modules * module) * _SHARES[element.align]
        yield SymbolMark(x, element.y, module, height, long_height, symbol)
        if element.digits:
            yield from self._digits(symbol, x, element.y + element.height, module, font)

    def _qr(self, element: Barcode, symbol: Symbol) -> SymbolMark:
        room = min(element.width, element.height) / symbol.modules
        module = min(room, max(element.module, _QR_MODULE))
        module = element.whole(module) or module
        side = module * symbol.modules
        x = element.x + (element.width - side) * _SHARES[element.align]
        return SymbolMark(x, element.y, module, side, side, symbol)

    def _font_of_digits(self, symbol: Symbol, module: float, height: float) -> float:
        """Return the size of the digits, which are as wide as their bars, and take at most a third of the height."""
        most = height / 3 / (POINT * Fonts.CAPITALS)
        if symbol.symbology == "Code 128":
            room = (symbol.modules - 20) * module / (self._fonts.width(symbol.data) * POINT)
            return min(_CODE_FONT, room, most)
        return min(_DIGIT * module / (self._fonts.width("0") * POINT), most)

    def _digits(self, symbol: Symbol, x: float, y: float, module: float, font: float) -> Iterator[TextMark]:
        if symbol.symbology == "Code 128":
            width = self._fonts.width(symbol.data) * font * POINT
            left = x + (symbol.modules * module - width) / 2
            yield TextMark(left, y, symbol.data, font, False, width, "center")
            return
        for group in symbol.digits:
            size = font * (_SMALL_DIGIT if group.is_small else 1)
            digit = self._fonts.width("0") * size * POINT
            spacing = group.width * module / len(group.text) - digit
            left = x + group.start * module + spacing / 2
            width = group.width * module
            yield TextMark(left, y, group.text, size, False, width, spacing=spacing)


def symbol_of(barcode: Barcode, fields: Mapping[str, str]) -> Symbol | None:
    """Return the symbol that ``barcode`` is for a label with ``fields``; ``None`` if it has nothing to encode.

    A Code 128 whose bars would be too narrow to be read becomes a QR code.
    """
    kind = barcode.kind
    if kind in (BarcodeKind.AUTO, BarcodeKind.RETAIL):
        symbol = retail_symbol(fields.get("upc"))
        if symbol is not None or kind is BarcodeKind.RETAIL:
            return symbol
    text = (barcode.content or "{item_code}").format_map(_Fields(fields))
    if kind is BarcodeKind.QR:
        return qr_symbol(text)
    symbol = code_128_symbol(text)
    fits = symbol is not None and symbol.modules * barcode.least_module <= barcode.width
    return symbol if fits else qr_symbol(text)


class _Fields(dict[str, str]):
    """Fields of a label, with empty texts for those that are not given."""

    def __missing__(self, name: str) -> str:
        return ""
