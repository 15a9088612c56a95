"""Options for reading a file, and the report on what was found in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from batchbook.grid.parsers import DateOrder
from batchbook.statuses import Severity

#: Which marks are left out of a column: none; those of formulas and of what would be one; those before codes of digits as
#: well; every apostrophe in front. Empty where that is to be decided.
TextMarks = Literal["", "kept", "formulas", "codes", "all"]


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


@dataclass(frozen=True)
class Note:
    """Something that was noticed: a ``code`` for programs, a ``message`` for people with the evidence in it.

    ``column`` is the position of the column that it is about, counted from 0, ``columns`` those of several; ``rows`` are some
    of the rows.
    """

    code: str
    message: str
    severity: Severity = Severity.INFO
    column: int | None = None
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()


@dataclass(frozen=True)
class TextReading:
    """Some texts of a file, read in an encoding that it may be in, and the language that they seem to be then."""

    encoding: str
    language: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class ColumnReport:
    """What one column holds: its heading, what it seems to be, how many of its cells hold something, some examples.

    ``kind`` is ``text``, ``number``, ``date``, ``yes-no`` or ``empty``. ``lengths`` counts texts of digits by their
    length: it shows codes that lost their zeros. ``evidence`` says in a sentence how the column's reading was decided.
    """

    heading: str
    kind: str
    filled: int
    blank: int
    examples: tuple[str, ...]
    lengths: Mapping[int, int]
    evidence: str = ""


@dataclass(frozen=True)
class SheetReport:
    """A sheet of a workbook: its name, and how many rows it has, as far as is known."""

    name: str
    rows: int | None = None


@dataclass(frozen=True)
class Report:
    """All that was found. ``reading`` is complete: what a person said, and the guesses for the rest.

    ``rows`` counts the records, ``blank_rows`` the blank rows between them; ``first_rows`` are the first records with
    the numbers of their rows, cells as they stand in the file.
    """

    name: str
    size: int
    reading: Reading
    sheets: tuple[SheetReport, ...]
    rows: int
    blank_rows: int
    columns: tuple[ColumnReport, ...]
    notes: tuple[Note, ...]
    first_rows: tuple[tuple[int, tuple[str, ...]], ...]
    readings: tuple[TextReading, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings as they stand in the file, by position."""
        return tuple(column.heading for column in self.columns)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON can keep it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what :meth:`to_json` made of it."""
        return cls(
            **{
                **stored,
                "reading": Reading.from_json(stored["reading"]),
                "sheets": tuple(SheetReport(**sheet) for sheet in stored["sheets"]),
                "columns": tuple(_column_from_json(column) for column in stored["columns"]),
                "notes": tuple(_note_from_json(note) for note in stored["notes"]),
                "first_rows": tuple((number, tuple(cells)) for number, cells in stored["first_rows"]),
                "readings": tuple(map(_text_reading_from_json, stored.get("readings", ()))),
            }
        )


def _column_from_json(stored: Mapping[str, Any]) -> ColumnReport:
    lengths = {int(length): count for length, count in stored["lengths"].items()}
    return ColumnReport(**{**stored, "examples": tuple(stored["examples"]), "lengths": lengths})


def _text_reading_from_json(stored: Mapping[str, Any]) -> TextReading:
    return TextReading(stored["encoding"], stored["language"], tuple(stored["texts"]))


def _note_from_json(stored: Mapping[str, Any]) -> Note:
    severity = Severity(stored["severity"])
    columns = tuple(stored.get("columns", ()))
    return Note(**{**stored, "severity": severity, "rows": tuple(stored["rows"]), "columns": columns})
