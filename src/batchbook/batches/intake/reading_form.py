"""The form by which people correct how a file is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from batchbook.batches.intake.field_mapping import IntakeField, column_title
from batchbook.batches.intake.file_inspection import Intake
from batchbook.forms import BoundForm, Field, Form
from batchbook.grid import Kind, choices_of
from batchbook.grid.columns import NUMERIC_KINDS
from batchbook.tables.formats.file_type import TEXT_FORMATS
from batchbook.tables.layout.encoding import ODD_LINES
from batchbook.tables.layout.languages import text_encodings
from batchbook.tables.layout.merged_cells import MERGED_DOWN
from batchbook.tables.layout.unlike_rows import UNLIKE_ROWS
from batchbook.tables.profile.conventions import OPEN_ORDER, OPEN_SIGN, PERCENT_SIGNS
from batchbook.tables.profile.findings import APOSTROPHES, TEXT_MARKS
from batchbook.tables.report import ColumnReading, Reading, TextReading

#: The delimiters that have a name, by it.
DELIMITERS = {
    "comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "colon": ":", "caret": "^", "tilde": "~", "bars": "||", "ctrl-a": "\x01",
}  # fmt: skip
_DELIMITER_LABELS = {
    "comma": "Comma ,", "semicolon": "Semicolon ;", "tab": "Tab", "bar": "Vertical bar |", "colon": "Colon :",
    "caret": "Caret ^", "tilde": "Tilde ~", "bars": "Two vertical bars ||", "ctrl-a": "Control character A",
}  # fmt: skip
_OTHER = "other"
#: The formats as which a text can be read.
FORMATS = (
    ("csv", "Delimited text"),
    ("json", "JSON"),
    ("html", "Web page (HTML)"),
    ("xml", "XML Spreadsheet 2003"),
)
#: What quotation marks can mean.
QUOTINGS = (
    ("doubled", 'Quote cells; written twice within a cell: "3/4"" board"'),
    ("backslash", 'Quote cells; behind a backslash within a cell: "3/4\\" board"'),
    ("spaced", 'Quote cells behind a blank: 1, "board, 3/4", 2'),
    ("none", "Are part of the texts"),
    ("apostrophe", "Apostrophes quote cells: 'board'"),
    ("lines", "Quote each line as a whole"),
)
_SIGNS = ((".", "Point: 1,234.50"), (",", "Comma: 1.234,50"))
_MARKS = (
    ("kept", "Keep everything as in the file"),
    ("formulas", 'Leave out ="…", and apostrophes before = + - @'),
    ("codes", "Drop these, and apostrophes before digits"),
    ("all", "Drop every apostrophe at the start"),
)
_WAYS = (("skipped", "Skip them"), ("taken", "Read them as records"))
_MERGED = (("kept", "Value in the first row only"), ("filled", "Fill the value down into all rows"))
_PERCENT = (("points", "7.5% is 7.5"), ("fraction", "7.5% is 0.075"))
_OTHER_DIGITS = (("plain", "Read as 0 to 9"), ("kept", "Keep as in the file"))
_PARTS = {
    "decimal": "decimal_sign", "date": "date_order", "marks": "text_marks", "percent": "percent", "digits": "other_digits",
}  # fmt: skip
#: By the code of a finding that leaves several readings open, the part of the column's reading that decides it.
_OPEN = {OPEN_SIGN: "decimal", OPEN_ORDER: "date", PERCENT_SIGNS: "percent"}
_ORDERS = (("ymd", "Year, month, day"), ("dmy", "Day, month, year"), ("mdy", "Month, day, year"))

#: The columns of a wide file that are shown, and that can be set although nothing is open about them.
MOST_COLUMNS_SHOWN = 200
#: The highest number of a header row, and of the rows that headings may take.
_LAST_HEADER, _MOST_HEADERS = 1_000, 10
_NUMBERS = re.compile(r"[0-9]{1,9}")


def reading_form(intake: Intake, fields: Sequence[IntakeField]) -> Form:
    """Return the form for the choices about the file: as a whole, and of each column whose cells may mean two things."""
    return Form(
        [*_structure_fields(intake), *_column_fields(intake, fields)],
        [_left_out_is_numbers, _other_encoding_is_chosen],
    )


def reading_form_values(intake: Intake) -> dict[str, Any]:
    """Return the values that the form shows: the present reading of the file."""
    reading = intake.reading
    known = {mark: name for name, mark in DELIMITERS.items()}
    delimiter = known.get(reading.delimiter, _OTHER)
    values = {
        "format": reading.format,
        "encoding": reading.encoding,
        "odd_lines": reading.odd_lines,
        "delimiter": delimiter,
        "delimiter_other": reading.delimiter if delimiter == _OTHER else "",
        "quoting": reading.quoting or "doubled",
        "sheet": reading.sheet,
        "header_row": reading.header_row,
        "header_rows": reading.header_rows or 1,
        "left_out": ", ".join(map(str, reading.left_out or ())),
    }
    for kind, (code, _, _) in UNLIKE_ROWS.items():
        if any(note.code == code for note in intake.report.notes):
            open_ = kind == "hidden" and kind not in (*reading.taken, *reading.skipped)
            values[f"rows.{kind}"] = "" if open_ else "taken" if kind in reading.taken else "skipped"
    values["merged"] = reading.merged or "kept"
    for place, column in enumerate(reading.columns):
        values |= {f"decimal.{place}": column.decimal_sign, f"date.{place}": column.date_order}
        values |= {f"marks.{place}": column.text_marks, f"digits.{place}": column.other_digits}
        values[f"percent.{place}"] = column.percent
    return values


def reading_from_form(bound: BoundForm, intake: Intake) -> Reading:
    """Return the choices about the file: those made before, and those that the valid form ``bound`` changes.

    Values that it leaves as they are stay guesses, or earlier choices. Choices for columns are void with other columns.
    """
    now, guessed = reading_form_values(intake), _guessed(intake)
    # An empty box shows as an empty text and reads as nothing.
    sent = {item.name: bound.values.get(item.name) for item in bound.fields}
    if guessed and sent.get(guessed) == _OTHER:
        sent[guessed] = sent.get(_other_of(guessed))
    changed: dict[str, Any] = {
        name: value for name, value in sent.items() if (value or "") != (now.get(name) or "")
    }
    structure = _structure_in(changed)
    # A guess that was confirmed needs no change, and is chosen all the same.
    chosen: dict[str, Any] = {guessed: sent[guessed] or ""} if guessed in sent else {}
    if structure:
        return replace(intake.chosen, **{**structure, **chosen}, columns=(), left_out=None)
    confirmed = {name: sent[name] for name in _asked_of_columns(intake) if sent.get(name)}
    rows = _unlike_rows_in(sent)
    if (rows["taken"], rows["skipped"]) != (intake.chosen.taken, intake.chosen.skipped):
        chosen |= {**rows, "left_out": None}
    reading = replace(intake.chosen, columns=_columns_in(changed | confirmed, intake), **chosen)
    if "merged" in changed:
        reading = replace(reading, merged=changed["merged"], left_out=None)
    if "left_out" in changed:
        reading = replace(reading, left_out=tuple(map(int, _NUMBERS.findall(changed["left_out"] or ""))))
    return reading


def _unlike_rows_in(sent: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the kinds of rows unlike the table that are taken and skipped."""
    kinds = {name.removeprefix("rows."): value for name, value in sent.items() if name.startswith("rows.")}
    return {way: tuple(kind for kind, value in kinds.items() if value == way) for way in ("taken", "skipped")}


def _structure_in(changed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes that concern the file as a whole: with one of these, its columns are different ones."""
    structure = {name: changed[name] for name in ("header_row", "header_rows") if name in changed}
    structure |= {
        name: changed[name] or ""
        for name in ("format", "encoding", "odd_lines", "sheet", "quoting")
        if name in changed
    }
    if "delimiter" in changed or "delimiter_other" in changed:
        known = DELIMITERS.get(changed.get("delimiter", _OTHER))
        structure["delimiter"] = known or changed.get("delimiter_other") or ""
    return structure


def _columns_in(changed: Mapping[str, Any], intake: Intake) -> tuple[ColumnReading, ...]:
    columns = list(intake.chosen.columns) + [ColumnReading()] * (
        len(intake.report.columns) - len(intake.chosen.columns)
    )
    for name, value in changed.items():
        what, _, place = name.partition(".")
        part = _PARTS.get(what)
        if part:
            columns[int(place)] = replace(columns[int(place)], **{part: value})
    return tuple(columns) if any(column != ColumnReading() for column in columns) else ()


def _structure_fields(intake: Intake) -> Iterator[Field]:
    """Yield the fields for how the file is read as a table, in the order of its parts."""
    yield from _text_fields(intake)
    if len(intake.report.sheets) > 1:
        names = [sheet.name for sheet in intake.report.sheets]
        yield Field.of("sheet", Kind.CHOICE, choices=choices_of(_choices_with(names, intake.reading.sheet)))
    yield from _header_fields()
    yield from _noted_fields({note.code for note in intake.report.notes})
    yield Field.of(
        "left_out",
        Kind.TEXT,
        label="Rows to skip",
        help="Numbers of rows that are not records, such as totals, separated by commas.",
        max_length=50_000,
    )


def _text_fields(intake: Intake) -> Iterator[Field]:
    """Yield the fields for texts: which format, in which encoding, and how cells are told from each other."""
    if intake.reading.format in TEXT_FORMATS:
        yield Field.of("format", Kind.CHOICE, label="File format", choices=choices_of(FORMATS))
    if intake.reading.format in ("csv", "json", "html", "dbf"):
        yield from _encoding_fields(intake)
    if intake.reading.format != "csv":
        return
    labels = [*_DELIMITER_LABELS.items(), (_OTHER, "Another")]
    yield Field.of("delimiter", Kind.CHOICE, label="Separator", choices=choices_of(labels))
    yield Field.of(
        "delimiter_other",
        Kind.TEXT,
        label="Other separator",
        help="Up to three characters; or where columns of a fixed width begin, such as fixed:0,10,25.",
        max_length=400,
    )
    yield Field.of("quoting", Kind.CHOICE, label="Quotation marks", choices=choices_of(QUOTINGS))


def _header_fields() -> Iterator[Field]:
    yield Field.of(
        "header_row",
        Kind.INTEGER,
        label="Header row",
        help="Counted from 1; 0 if there are no headings.",
        minimum=0,
        maximum=_LAST_HEADER,
        required=True,
    )
    yield Field.of(
        "header_rows",
        Kind.INTEGER,
        label="Number of header rows",
        minimum=1,
        maximum=_MOST_HEADERS,
        required=True,
    )


def _noted_fields(noted: Collection[str]) -> Iterator[Field]:
    """Yield the fields for rows unlike the table and merged cells, where there are ``noted`` ones."""
    for kind, (code, _, many) in UNLIKE_ROWS.items():
        if code in noted:
            label = f"Rows that {many}"
            yield Field.of(f"rows.{kind}", Kind.CHOICE, label=label, choices=choices_of(_WAYS), required=True)
    if MERGED_DOWN in noted:
        label = "Cells merged over several rows"
        yield Field.of("merged", Kind.CHOICE, label=label, choices=choices_of(_MERGED), required=True)


def _encoding_fields(intake: Intake) -> Iterator[Field]:
    """Yield the fields for the encoding: where it is a guess, with some texts as they read in each of the likely ones."""
    guessed, every = _guessed(intake), text_encodings()
    if guessed != "encoding":
        yield Field.of(
            "encoding", Kind.CHOICE, choices=choices_of(_choices_with(every, intake.reading.encoding))
        )
    if guessed:
        readings = [(reading.encoding, _reading_label(reading)) for reading in intake.report.readings]
        label = (
            "Which of these is right?"
            if guessed == "encoding"
            else "Which of these is right for the odd lines?"
        )
        choices = choices_of([*readings, (_OTHER, "Another encoding")])
        yield Field.of(guessed, Kind.CHOICE, label=label, widget="radio", choices=choices, required=True)
        yield Field.of(
            _other_of(guessed),
            Kind.CHOICE,
            label="The other encoding",
            choices=choices_of(_choices_with(every, "")),
        )
    elif intake.reading.odd_lines:
        odd = _choices_with(every, intake.reading.odd_lines)
        yield Field.of("odd_lines", Kind.CHOICE, label="Encoding of odd lines", choices=choices_of(odd))


def _guessed(intake: Intake) -> str:
    """Return which part of the reading is a guess of an encoding; empty if none is."""
    if not intake.report.readings:
        return ""
    return "odd_lines" if any(note.code == ODD_LINES for note in intake.report.notes) else "encoding"


def _asked_of_columns(intake: Intake) -> list[str]:
    """Return the names of the form's fields about columns that can be read in several ways."""
    return [
        f"{_OPEN[note.code]}.{note.column}"
        for note in intake.report.notes
        if note.code in _OPEN and note.column is not None
    ]


def _other_of(name: str) -> str:
    return f"{name}_other"


def _reading_label(reading: TextReading) -> str:
    named = f"{reading.language}, {reading.encoding}" if reading.language else reading.encoding
    return f"{' · '.join(reading.texts)} ({named})"


def _other_encoding_is_chosen(values: dict[str, Any]) -> dict[str, str]:
    names = [name for name in ("encoding", "odd_lines") if values.get(name) == _OTHER]
    return {_other_of(name): "Choose the encoding." for name in names if not values.get(_other_of(name))}


def _column_fields(intake: Intake, fields: Sequence[IntakeField]) -> Iterator[Field]:
    kinds = {place: wanted.column.kind for place, wanted in intake.mapping.placed(fields)}
    noted = {(note.column, note.code) for note in intake.report.notes}
    for place, column in enumerate(intake.report.columns):
        kind, label = kinds.get(place), column_title(column.heading, place)
        if place >= MOST_COLUMNS_SHOWN and kind is None:
            continue
        if column.kind == "number" or kind in NUMERIC_KINDS:
            yield Field.of(
                f"decimal.{place}",
                Kind.CHOICE,
                label=f"Decimal separator of {label}",
                choices=choices_of(_SIGNS),
            )
        if column.kind == "date" or kind is Kind.DATE:
            yield Field.of(
                f"date.{place}", Kind.CHOICE, label=f"Dates of {label}", choices=choices_of(_ORDERS)
            )
        if (place, PERCENT_SIGNS) in noted:
            yield Field.of(
                f"percent.{place}",
                Kind.CHOICE,
                label=f"Percent signs of {label}",
                widget="radio",
                choices=choices_of(_PERCENT),
                required=kind in NUMERIC_KINDS,
            )
        if (place, "other-digits") in noted:
            yield Field.of(
                f"digits.{place}", Kind.CHOICE, label=f"Digits of {label}", choices=choices_of(_OTHER_DIGITS)
            )
        if not {(place, TEXT_MARKS), (place, APOSTROPHES)}.isdisjoint(noted):
            yield Field.of(
                f"marks.{place}", Kind.CHOICE, label=f"Text marks of {label}", choices=choices_of(_MARKS)
            )


def _choices_with(names: Sequence[str], now: str) -> list[tuple[str, str]]:
    """Return ``names`` and the present one as choices that are their own labels."""
    return [(name, name) for name in dict.fromkeys((*names, *([now] if now else [])))]


def _left_out_is_numbers(values: dict[str, Any]) -> dict[str, str]:
    parts = [part.strip() for part in (values.get("left_out") or "").split(",")]
    wrong = next((part for part in parts if part and not _NUMBERS.fullmatch(part)), None)
    if wrong is not None:
        return {"left_out": f"“{wrong[:40]}” is not a row number: enter numbers separated by commas."}
    return {}
