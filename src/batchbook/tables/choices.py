"""How a table is read: everything that is guessed about a file, and that a person can say otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from batchbook.grid.conventions import DateOrder
from batchbook.tables.textmarks import TextMarks

#: The kinds of files that can be read. A block that was pasted is ``csv``, and so is what is separated by tabs.
Format = Literal["csv", "xlsx", "xls", "ods"]


@dataclass(frozen=True)
class ColumnReading:
    """How the cells of one column are understood; what is empty is to be guessed.

    ``nothing`` are the texts that stand for an empty cell there, such as “N/A” or “-”. ``text_marks`` says which marks of a
    spreadsheet in front of texts are left out.
    """

    decimal_sign: Literal["", ".", ","] = ""
    date_order: DateOrder | Literal[""] = ""
    nothing: tuple[str, ...] = ()
    text_marks: TextMarks = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what :meth:`Reading.to_json` made of it."""
        return cls(
            stored["decimal_sign"],
            stored["date_order"],
            tuple(stored["nothing"]),
            stored.get("text_marks", ""),
        )


@dataclass(frozen=True)
class Reading:
    """How a file is read; what is empty, or ``None``, is to be guessed.

    ``encoding`` and ``delimiter`` are those of a text, ``odd_lines`` is the encoding of those of its lines that are not
    UTF-8 where the rest is, ``sheet`` names the sheet of a workbook. ``header_row`` is the
    number of the row with the headings, counted from 1 as the file's own program counts; 0 says that there is none.
    ``header_rows`` says how many rows the headings take. ``left_out`` are the numbers of rows that are no records, such
    as totals. ``columns`` has a part for each column, by position.
    """

    format: Format | Literal[""] = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: int | None = None
    header_rows: int | None = None
    left_out: tuple[int, ...] | None = None
    columns: tuple[ColumnReading, ...] = ()
    odd_lines: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can keep it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what :meth:`to_json` made of it."""
        left_out = stored["left_out"]
        return cls(
            **{
                **stored,
                "left_out": None if left_out is None else tuple(left_out),
                "columns": tuple(map(ColumnReading.from_json, stored["columns"])),
            }
        )

    def column(self, position: int) -> ColumnReading:
        """Return how the column at ``position``, counted from 0, is understood."""
        return self.columns[position] if position < len(self.columns) else ColumnReading()


@dataclass(frozen=True)
class Chunk:
    """Some records of a table, in their order: the number of each one's row in the file, and its cells as they stand.

    Each record has as many cells as the table has columns. ``surplus`` has what stands behind them, by number of row.
    """

    numbers: Sequence[int]
    records: Sequence[Sequence[str]]
    surplus: Mapping[int, Sequence[str]]


def date_order(reading: ColumnReading) -> DateOrder:
    """Return the order that dates of a column are written in, year first where nothing is said."""
    return reading.date_order or "ymd"
