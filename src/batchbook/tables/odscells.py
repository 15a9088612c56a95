"""The cells of a row of an OpenDocument spreadsheet, as a person would have typed them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from batchbook.tables.archive import TooMuch
from batchbook.tables.extent import NotASheet
from batchbook.tables.refusals import too_far, too_long
from batchbook.tables.rows import MAX_CELL, MAX_COLUMNS
from batchbook.tables.values import LongNumbers, number_text

_BLANKS = re.compile(r"[ \t\r\n]+")
_TIME = re.compile(r"PT(\d{1,5})H(\d{1,2})M(\d{1,2})(?:[.,]\d+)?S")
_DIGITS = re.compile(r"0[0-9]{1,20}")
# What somebody noted about a cell is none of its text.
_ASIDE = "office:annotation"
_CELLS = frozenset(["table:table-cell", "table:covered-table-cell"])
_BLANK_ELEMENTS = frozenset(["text:s", "text:tab", "text:line-break"])
_NUMBERS = ("float", "currency", "percentage")


class CellReader:
    """Collects the cells of a row from the elements of the document, and counts what is to be told of them."""

    def __init__(self) -> None:
        self.formulas, self.errors, self.zeros = 0, 0, 0
        self.error_rows: set[int] = set()
        self.merged: list[str] = []
        self.long = LongNumbers()
        self._row, self._cells, self._empty = 0, list[str](), 0
        self._attributes: dict[str, str] | None = None
        self._paragraphs: list[list[str]] = []
        self._length, self._aside, self._in_paragraph, self._after_blank = 0, 0, 0, True

    def begin_row(self, number: int) -> None:
        """Begin the row with the number ``number``."""
        self._row, self._cells, self._empty = number, [], 0

    def end_row(self) -> Sequence[str]:
        """Return the cells of the row, up to the last with something in it."""
        return tuple(self._cells)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element within a row."""
        if tag in _CELLS:
            self._attributes, self._paragraphs, self._length = attributes, [], 0
        elif tag == _ASIDE:
            self._aside += 1
        elif self._attributes is None or self._aside:
            return
        elif tag == "text:p":
            self._paragraphs.append([])
            self._in_paragraph += 1
            self._after_blank = True
        elif self._in_paragraph and tag in _BLANK_ELEMENTS:
            self._blank(tag, attributes)
            self._after_blank = False

    def end(self, tag: str) -> None:
        """Take the end of an element within a row."""
        if tag in _CELLS:
            self._end_cell()
        elif tag == _ASIDE:
            self._aside -= 1
        elif tag == "text:p" and self._in_paragraph and not self._aside:
            self._in_paragraph -= 1

    def text(self, part: str) -> None:
        """Take a part of a text."""
        if self._in_paragraph and not self._aside:
            text = _BLANKS.sub(" ", part)
            # One of several blanks counts, and none at the start: those that are meant have elements of their own.
            self._add(text.removeprefix(" ") if self._after_blank else text)
            self._after_blank = text.endswith(" ")

    def _blank(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "text:s":
            count = attributes.get("text:c", "1")
            self._add(" " * (int(count) if count.isdigit() and len(count) < 8 else 1))
        else:
            self._add("\t" if tag == "text:tab" else "\n")

    def _add(self, text: str) -> None:
        self._length += len(text)
        if self._length > MAX_CELL:
            raise TooMuch(too_long(self._row))
        if text:
            self._paragraphs[-1].append(text)

    def _end_cell(self) -> None:
        attributes, self._attributes = self._attributes or {}, None
        times = repeated(attributes, "columns")
        text = self._value(attributes)
        if not text:
            self._empty += times
            return
        if len(self._cells) + self._empty + times > MAX_COLUMNS:
            raise TooMuch(too_far(self._row, len(self._cells) + self._empty + times))
        self._cells += [*[""] * self._empty, *[text] * times]
        self._empty = 0

    def _value(self, attributes: dict[str, str]) -> str:
        shown = "\n".join(map("".join, self._paragraphs))
        kind = attributes.get("office:value-type", "")
        if not kind and not shown:
            return ""
        self._count(attributes)
        if kind in _NUMBERS:
            return self._number(attributes.get("office:value", ""), shown)
        if kind == "date":
            return attributes.get("office:date-value", shown)
        if kind == "time":
            return _time(attributes.get("office:time-value", "")) or shown
        if kind == "boolean":
            return attributes.get("office:boolean-value", shown)
        return shown if self._paragraphs else attributes.get("office:string-value", "")[: MAX_CELL + 1]

    def _number(self, value: str, shown: str) -> str:
        try:
            number = float(value)
        except ValueError:
            raise NotASheet(f"{value[:40]!r} is said to be a number") from None
        self.long.look(self._row, [number])
        if _DIGITS.fullmatch(shown) and float(shown) == number:
            self.zeros += 1
            return shown
        return number_text(number) if abs(number) < float("inf") else shown

    def _count(self, attributes: dict[str, str]) -> None:
        self.formulas += "table:formula" in attributes
        if attributes.get("calcext:value-type") == "error":
            self.errors += 1
            self.error_rows.add(self._row)
        spanned = [attributes.get(f"table:number-{what}-spanned", "1") for what in ("columns", "rows")]
        if spanned != ["1", "1"]:
            self.merged.append(f"{spanned[0]} by {spanned[1]} cells in row {self._row:,}")


def repeated(attributes: dict[str, str], what: str) -> int:
    """Return how often something is repeated; raise :class:`NotASheet` for what is no such number."""
    text = attributes.get(f"table:number-{what}-repeated", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise NotASheet(f"something is repeated {text[:40]!r} times")
    return int(text) or 1


def _time(value: str) -> str:
    match = _TIME.fullmatch(value)
    return ":".join(f"{int(part):02d}" for part in match.groups()) if match else ""
