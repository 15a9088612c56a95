"""Options for reading a file, and the report on what was found in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from batchbook.grid.parsers import DateOrder
from batchbook.statuses import Severity

#: The markers that are removed from a column: none; those of formulas and against formulas; those before codes of digits as
#: well; every apostrophe in front. Empty where that is to be decided.
TextMarks = Literal["", "kept", "formulas", "codes", "all"]


#: What a percent sign does to a number: 7.5% is 7.5 by ``points``, and 0.075 by ``fraction``. Empty where that is to be decided.
Percent = Literal["", "points", "fraction"]

#: What happens to codes in digits of other scripts, such as Arabic or full-width ones: they become 0 to 9, or are kept.
OtherDigits = Literal["", "plain", "kept"]

#: What quotation marks in a text mean: nothing; those in a cell are doubled, or behind a backslash; cells are in apostrophes;
#: each line is quoted as a whole; or they quote cells behind a blank. Empty where that is to be guessed.
Quoting = Literal["", "none", "doubled", "backslash", "apostrophe", "lines", "spaced"]

#: What happens to cells that are merged over several rows: their value is filled down into all of them, or is kept in the first.
#: Empty where that is to be decided; until then it is kept.
Merged = Literal["", "filled", "kept"]

#: The code of the note about a table that cannot be read by the reading of its report.
UNREADABLE = "unreadable"

#: The code of the note about texts that were read in a code page that the file does not state.
ASSUMED_PAGE = "code-page"

#: The formats that can be read. Pasted text is ``csv``, and so is text separated by tabs.
Format = Literal["csv", "xlsx", "xlsb", "xls", "ods", "json", "html", "xml", "dbf", "parquet"]


@dataclass(frozen=True)
class ColumnReading:
    """Options for reading the cells of one column; an empty option is to be guessed.

    ``nothing`` are the texts that mean an empty cell in this column, such as “N/A” or “-”. ``text_marks`` are the spreadsheet
    markers in front of texts that are removed, ``percent`` what a percent sign does, and ``other_digits`` what happens to codes in
    digits of other scripts.
    """

    decimal_sign: Literal["", ".", ","] = ""
    date_order: DateOrder | Literal[""] = ""
    nothing: tuple[str, ...] = ()
    text_marks: TextMarks = ""
    percent: Percent = ""
    other_digits: OtherDigits = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the options from their JSON, as :meth:`Reading.to_json` makes it."""
        return cls(
            stored["decimal_sign"],
            stored["date_order"],
            tuple(stored["nothing"]),
            stored.get("text_marks", ""),
            stored.get("percent", ""),
            stored.get("other_digits", ""),
        )


@dataclass(frozen=True)
class Reading:
    """Options for reading a file; an option that is empty, or ``None``, is to be guessed.

    ``encoding``, ``delimiter`` and ``quoting`` apply to text files; ``odd_lines`` is the encoding of single lines that are not UTF-8 in a file
    that otherwise is. ``sheet`` is the name of a workbook's sheet. ``header_row`` is the number of the header row, counted from
    1 as spreadsheet programs count; 0 means that there is none. ``header_rows`` is the number of rows that the headings take.
    ``left_out`` are the numbers of rows to skip, such as totals. ``columns`` has the options of each column, by position.
    ``taken`` and ``skipped`` are the kinds of rows unlike the table, such as subtotals, that are records, or are skipped; ``merged`` is
    what happens to cells that are merged over several rows.
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
    taken: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    quoting: Quoting = ""
    merged: Merged = ""

    def to_json(self) -> dict[str, Any]:
        """Return the options as data for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the options from their JSON."""
        left_out = stored["left_out"]
        return cls(
            **{
                **stored,
                "left_out": None if left_out is None else tuple(left_out),
                "taken": tuple(stored.get("taken", ())),
                "skipped": tuple(stored.get("skipped", ())),
                "columns": tuple(map(ColumnReading.from_json, stored["columns"])),
            }
        )

    def column(self, position: int) -> ColumnReading:
        """Return the options of the column at ``position``, counted from 0."""
        return self.columns[position] if position < len(self.columns) else ColumnReading()


@dataclass(frozen=True)
class Chunk:
    """Some records of a table, in their order: the row number of each in the file, and its cells as they are in the file.

    Each record has as many cells as the table has columns. ``surplus`` has further cells, by row number.
    """

    numbers: Sequence[int]
    records: Sequence[Sequence[str]]
    surplus: Mapping[int, Sequence[str]]


@dataclass(frozen=True)
class Note:
    """A note about a file: a ``code`` for programs, and a ``message`` for people that includes the evidence.

    ``column`` is the position of the column that it is about, counted from 0; ``columns`` are the positions where there are
    several. ``rows`` are the numbers of some of the rows.
    """

    code: str
    message: str
    severity: Severity = Severity.INFO
    column: int | None = None
    rows: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the note from its JSON."""
        severity, columns = Severity(stored["severity"]), tuple(stored.get("columns", ()))
        return cls(**{**stored, "severity": severity, "rows": tuple(stored["rows"]), "columns": columns})


@dataclass(frozen=True)
class TextReading:
    """Some texts of a file in one of the encodings that it may be in, and the language that they seem to be then."""

    encoding: str
    language: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class ColumnReport:
    """The report on one column.

    ``kind`` is ``text``, ``number``, ``date``, ``yes-no`` or ``empty``. ``lengths`` counts texts of digits by their length, which
    shows codes that lost their leading zeros. ``evidence`` is a sentence that gives the reason for the column's options.
    """

    heading: str
    kind: str
    filled: int
    blank: int
    examples: tuple[str, ...]
    lengths: Mapping[int, int]
    evidence: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the report from its JSON."""
        lengths = {int(length): count for length, count in stored["lengths"].items()}
        return cls(**{**stored, "examples": tuple(stored["examples"]), "lengths": lengths})


@dataclass(frozen=True)
class SheetReport:
    """A sheet of a workbook: its name, and its number of rows where that is known."""

    name: str
    rows: int | None = None


@dataclass(frozen=True)
class Report:
    """The report on a file. ``reading`` is complete: the options that were requested, and guesses for the rest.

    ``rows`` counts the records, ``blank_rows`` the blank rows between them; ``first_rows`` are the first records with their row
    numbers, cells as they are in the file. That of a table that cannot be read has a ``problem``, no columns, and first rows as they
    look without any.
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
        """The headings as they are in the file, by position."""
        return tuple(column.heading for column in self.columns)

    @property
    def problem(self) -> str:
        """The reason why the table cannot be read by its reading; empty where it was read."""
        return next((note.message for note in self.notes if note.code == UNREADABLE), "")

    def to_json(self) -> dict[str, Any]:
        """Return the report as data for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the report from its JSON."""
        return cls(
            **{
                **stored,
                "reading": Reading.from_json(stored["reading"]),
                "sheets": tuple(SheetReport(**sheet) for sheet in stored["sheets"]),
                "columns": tuple(map(ColumnReport.from_json, stored["columns"])),
                "notes": tuple(map(Note.from_json, stored["notes"])),
                "first_rows": tuple((number, tuple(cells)) for number, cells in stored["first_rows"]),
                "readings": tuple(
                    TextReading(**{**one, "texts": tuple(one["texts"])}) for one in stored.get("readings", ())
                ),
            }
        )
