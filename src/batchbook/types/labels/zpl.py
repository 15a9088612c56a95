"""Labels in ZPL II, the language of Zebra's label printers and of those that understand it.

Texts are UTF-8 (``^CI28``) with every character that ZPL reads as a command written in hexadecimal (``^FH``), so no text of
a product can become one. Barcodes are the printer's own, whose bars are whole dots.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from batchbook.types.labels.barcodes import Symbol
from batchbook.types.labels.templates import LabelTemplate
from batchbook.types.labels.typesetting import POINT, BoxMark, Mark, SymbolMark, TextMark

#: The dots per millimetre of printers, by the dots per inch by which they are called.
DOTS = {"203": 8, "300": 12, "600": 24}
_SYMBOLOGIES = {"EAN-13": "BE", "UPC-A": "BU", "EAN-8": "B8"}

_ALIGNED = {"left": 0, "center": 0, "right": 1}
_MOST_COPIES = 99_999_999
_LEAST_HEIGHT, _MOST_DOTS, _LARGEST_QR = 10, 10, 10


class LabelZpl:
    """A file of ZPL with labels of one template, each a format of its own, for printers with ``dots`` per millimetre."""

    def __init__(self, file: BinaryIO, template: LabelTemplate, dots: int) -> None:
        self._file, self._dots = file, dots
        width, height = self._scaled(template.width), self._scaled(template.height)
        self._head = f"^XA^CI28^LH0,0^PW{width}^LL{height}"

    def add(self, marks: Iterable[Mark], copies: int = 1) -> None:
        """Print a label ``copies`` times."""
        fields = "".join(part for mark in marks for part in self._fields(mark))
        for count in _portions(copies):
            self._file.write(f"{self._head}{fields}^PQ{count}^XZ\n".encode())

    def close(self) -> None:
        """Leave the file as it is; there is nothing behind the last label."""

    def _scaled(self, millimetres: float) -> int:
        return round(millimetres * self._dots)

    def _fields(self, mark: Mark) -> Iterator[str]:
        if isinstance(mark, TextMark):
            yield from self._text(mark)
        elif isinstance(mark, BoxMark):
            width, height = (max(1, self._scaled(side)) for side in (mark.width, mark.height))
            yield f"^FO{self._scaled(mark.x)},{self._scaled(mark.y)}^GB{width},{height},{min(width, height)}^FS"
        else:
            yield self._symbol(mark)

    def _text(self, mark: TextMark) -> Iterator[str]:
        font = f"^A0N,{max(_LEAST_HEIGHT, self._scaled(mark.font * POINT))}^FH_"
        if mark.spacing:  # Its digits stand below their bars, whatever the printer's font.
            pitch = mark.width / len(mark.text)
            for number, digit in enumerate(mark.text):
                yield f"^FT{self._scaled(mark.x + number * pitch)},{self._scaled(mark.y)}{font}^FD{digit}^FS"
            return
        align = _ALIGNED[mark.align]
        x = mark.x + mark.width if align else mark.x
        yield f"^FT{self._scaled(x)},{self._scaled(mark.y)},{align}{font}^FD{escaped(mark.text)}^FS"

    def _symbol(self, mark: SymbolMark) -> str:
        symbol = mark.symbol
        if symbol.rows:
            return self._qr(mark)
        # A bar is a whole number of dots; more than there are would not fit the place.
        module = min(max(1, int(mark.module * self._dots + 0.01)), _MOST_DOTS)
        quiet = symbol.bars[0].start
        free = self._scaled(mark.module * symbol.modules) - module * symbol.modules
        x = self._scaled(mark.x) + max(0, free // 2) + module * quiet
        height = max(_LEAST_HEIGHT, self._scaled(mark.height))
        field = f"^FO{x},{self._scaled(mark.y)}^BY{module}"
        return f"{field}{_bars(symbol, height)}^FS"

    def _qr(self, mark: SymbolMark) -> str:
        side = len(mark.symbol.rows)
        quiet = (mark.symbol.modules - side) // 2
        magnified = min(max(1, int(mark.module * self._dots + 0.01)), _LARGEST_QR)
        x, y = (self._scaled(place + quiet * mark.module) for place in (mark.x, mark.y))
        # M is the error correction, and A lets the printer choose the input mode.
        return f"^FO{x},{y}^BQN,2,{magnified}^FH_^FDMA,{escaped(mark.symbol.data)}^FS"


def _bars(symbol: Symbol, height: int) -> str:
    """Return the command for a linear code without its text, which is a field of its own, with its data."""
    command = _SYMBOLOGIES.get(symbol.symbology)
    if command is None:
        return f"^BCN,{height},N,N,N^FH_^FD{_code_128(symbol.data)}"
    # The printer adds the check digit itself.
    return f"^{command}N,{height},N,N^FH_^FD{symbol.data[:-1]}"


def _code_128(text: str) -> str:
    """Return the data of a Code 128, begun in the code set that suits it: pairs of digits, or characters."""
    if text.isdigit() and len(text) % 2 == 0:
        return f">;{text}"
    # A > introduces a command of the code itself; as data it is written >0.
    return ">:" + escaped(text.replace(">", ">0"))


def escaped(text: str) -> str:
    """Return ``text`` for ``^FD`` behind ``^FH_``: control characters and those that ZPL reads as commands as hexadecimal."""
    return "".join(
        character if character.isprintable() and character not in "^~_\\" else _hexadecimal(character)
        for character in text
    )


def _hexadecimal(character: str) -> str:
    return "".join(f"_{byte:02X}" for byte in character.encode("utf-8", "replace"))


def _portions(copies: int) -> Iterator[int]:
    """Yield ``copies`` in numbers that the printer takes at once."""
    while copies > 0:
        yield min(copies, _MOST_COPIES)
        copies -= _MOST_COPIES
