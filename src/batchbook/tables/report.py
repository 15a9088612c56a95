"""What was found in a file before anything is decided: for the page that shows it, and kept with the batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from batchbook.statuses import Severity
from batchbook.tables.choices import Reading


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
                "columns": tuple(_column(column) for column in stored["columns"]),
                "notes": tuple(_note(note) for note in stored["notes"]),
                "first_rows": tuple((number, tuple(cells)) for number, cells in stored["first_rows"]),
                "readings": tuple(map(_reading, stored.get("readings", ()))),
            }
        )


def _column(stored: Mapping[str, Any]) -> ColumnReport:
    lengths = {int(length): count for length, count in stored["lengths"].items()}
    return ColumnReport(**{**stored, "examples": tuple(stored["examples"]), "lengths": lengths})


def _reading(stored: Mapping[str, Any]) -> TextReading:
    return TextReading(stored["encoding"], stored["language"], tuple(stored["texts"]))


def _note(stored: Mapping[str, Any]) -> Note:
    severity = Severity(stored["severity"])
    columns = tuple(stored.get("columns", ()))
    return Note(**{**stored, "severity": severity, "rows": tuple(stored["rows"]), "columns": columns})
