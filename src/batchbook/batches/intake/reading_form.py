"""The form by which people say how a file is to be read, in place of what was guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from batchbook.batches.intake.fields import IntakeField
from batchbook.batches.intake.kept import Intake
from batchbook.batches.intake.mapping import heading_or_number
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.grid.kinds import NUMERIC_KINDS
from batchbook.tables.choices import ColumnReading, Reading
from batchbook.tables.encoding import ENCODINGS

#: The delimiters that have a name, by it.
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "colon": ":"}
_DELIMITER_LABELS = {
    "comma": "Comma ,", "semicolon": "Semicolon ;", "tab": "Tab", "bar": "Vertical bar |", "colon": "Colon :",
}  # fmt: skip
_OTHER = "other"
_SIGNS = ((".", "Point: 1,234.50"), (",", "Comma: 1.234,50"))
_ORDERS = (("ymd", "Year, month, day"), ("dmy", "Day, month, year"), ("mdy", "Month, day, year"))

#: The highest number of a header row, and of the rows that headings may take.
_LAST_HEADER, _MOST_HEADERS = 1_000, 10
_NUMBERS = re.compile(r"[0-9]{1,9}")


def reading_form(intake: Intake, fields: Sequence[IntakeField]) -> Form:
    """Return the form for what can be said of the file: as a whole, and of each column whose cells may mean two things."""
    return Form([*_structure(intake), *_columns(intake, fields)], [_left_out_is_numbers])


def shown(intake: Intake) -> dict[str, Any]:
    """Return what the form shows: how the file is read now."""
    reading = intake.reading
    known = {mark: name for name, mark in DELIMITERS.items()}
    delimiter = known.get(reading.delimiter, _OTHER)
    values = {
        "encoding": reading.encoding,
        "delimiter": delimiter,
        "delimiter_other": reading.delimiter if delimiter == _OTHER else "",
        "sheet": reading.sheet,
        "header_row": reading.header_row,
        "header_rows": reading.header_rows,
        "left_out": ", ".join(map(str, reading.left_out or ())),
    }
    for place, column in enumerate(reading.columns):
        values |= {f"decimal.{place}": column.decimal_sign, f"date.{place}": column.date_order}
    return values


def said_by(bound: BoundForm, intake: Intake) -> Reading:
    """Return what has been said of the file, with what the valid form ``bound`` says otherwise than it is read now.

    What it leaves as it is stays a guess, or what was said before. What was said of columns is void with other columns.
    """
    now = shown(intake)
    # An empty box shows as an empty text and reads as nothing.
    sent = {item.name: bound.values.get(item.name) for item in bound.fields}
    changed = {name: value for name, value in sent.items() if (value or "") != (now.get(name) or "")}
    structure = _structure_in(changed)
    if structure:
        return replace(intake.said, **structure, columns=(), left_out=None)
    said = replace(intake.said, columns=_said_of_columns(changed, intake))
    if "left_out" in changed:
        said = replace(said, left_out=tuple(map(int, _NUMBERS.findall(changed["left_out"] or ""))))
    return said


def _structure_in(changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``changed`` says of the file as a whole: with another one of these its columns are others."""
    structure = {name: changed[name] for name in ("header_row", "header_rows") if name in changed}
    structure |= {name: changed[name] or "" for name in ("encoding", "sheet") if name in changed}
    if "delimiter" in changed or "delimiter_other" in changed:
        known = DELIMITERS.get(changed.get("delimiter", _OTHER))
        structure["delimiter"] = known or changed.get("delimiter_other") or ""
    return structure


def _said_of_columns(changed: Mapping[str, Any], intake: Intake) -> tuple[ColumnReading, ...]:
    columns = list(intake.said.columns) + [ColumnReading()] * (
        len(intake.report.columns) - len(intake.said.columns)
    )
    for name, value in changed.items():
        what, _, place = name.partition(".")
        if what in ("decimal", "date"):
            part = "decimal_sign" if what == "decimal" else "date_order"
            columns[int(place)] = replace(columns[int(place)], **{part: value})
    return tuple(columns) if any(column != ColumnReading() for column in columns) else ()


def _structure(intake: Intake) -> Iterator[Field]:
    if intake.reading.format == "csv":
        yield Field.of("encoding", Kind.CHOICE, choices=choices_of(_with(ENCODINGS, intake.reading.encoding)))
        labels = [*_DELIMITER_LABELS.items(), (_OTHER, "Another character")]
        yield Field.of("delimiter", Kind.CHOICE, label="Cells are separated by", choices=choices_of(labels))
        yield Field.of("delimiter_other", Kind.TEXT, label="The other character", max_length=1)
    elif len(intake.report.sheets) > 1:
        names = [sheet.name for sheet in intake.report.sheets]
        yield Field.of("sheet", Kind.CHOICE, choices=choices_of(_with(names, intake.reading.sheet)))
    yield Field.of(
        "header_row",
        Kind.INTEGER,
        label="Row with the headings",
        help="Counted from 1; 0 if there are no headings.",
        minimum=0,
        maximum=_LAST_HEADER,
        required=True,
    )
    yield Field.of(
        "header_rows",
        Kind.INTEGER,
        label="Rows that the headings take",
        minimum=1,
        maximum=_MOST_HEADERS,
        required=True,
    )
    yield Field.of(
        "left_out",
        Kind.TEXT,
        label="Rows that are left out",
        help="Numbers of rows that are no records, such as totals, with commas between them.",
        max_length=2_000,
    )


def _columns(intake: Intake, fields: Sequence[IntakeField]) -> Iterator[Field]:
    kinds = {place: wanted.column.kind for place, wanted in intake.mapping.placed(fields)}
    for place, column in enumerate(intake.report.columns):
        kind, label = kinds.get(place), heading_or_number(column.heading, place)
        if column.kind == "number" or kind in NUMERIC_KINDS:
            yield Field.of(
                f"decimal.{place}", Kind.CHOICE, label=f"Decimal sign of {label}", choices=choices_of(_SIGNS)
            )
        if column.kind == "date" or kind is Kind.DATE:
            yield Field.of(
                f"date.{place}", Kind.CHOICE, label=f"Dates of {label}", choices=choices_of(_ORDERS)
            )


def _with(names: Sequence[str], now: str) -> list[tuple[str, str]]:
    """Return choices that are called as they are: ``names``, and what it is now."""
    return [(name, name) for name in dict.fromkeys((*names, *([now] if now else [])))]


def _left_out_is_numbers(values: dict[str, Any]) -> dict[str, str]:
    parts = [part.strip() for part in (values.get("left_out") or "").split(",")]
    wrong = next((part for part in parts if part and not _NUMBERS.fullmatch(part)), None)
    if wrong is not None:
        return {"left_out": f"“{wrong[:40]}” is no number of a row: write numbers with commas between them."}
    return {}
