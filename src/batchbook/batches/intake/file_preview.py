"""Previews of a file: its first cells with their meaning, rows as they would become, and texts that are not recognised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

from sqlalchemy import null

from batchbook.batches.intake.cell_reader import CellReader
from batchbook.batches.intake.field_mapping import IntakeField, headings_of
from batchbook.batches.intake.file_inspection import Intake
from batchbook.grid import CANONICAL, Column, Conventions, Kind, render, shown_text, to_text
from batchbook.tables.source import open_source

#: How many records are searched for texts that are not recognised, and how many of these are shown of a field.
_MOST_SEARCHED, _MOST_TEXTS = 50_000, 12

_KINDS = {"number": Kind.DECIMAL, "date": Kind.DATE, "yes-no": Kind.BOOLEAN}


@dataclass(frozen=True)
class CellPreview:
    """A cell of a file: its text ``raw``, its ``meaning`` where that looks different, and the ``problem`` with it."""

    raw: str
    meaning: str = ""
    problem: str = ""


def preview_cells(
    intake: Intake, fields: Sequence[IntakeField], most: int, conventions: Conventions = CANONICAL
) -> list[tuple[int, list[CellPreview]]]:
    """Return up to ``most`` of the first rows with their numbers, each cell with its text and its meaning by ``conventions``.

    A column is read as the field that it fills, or else by the kind that its cells seem to have.
    """
    filled = dict(intake.mapping.placed(fields))
    readers = [
        _reader_of(filled.get(place) or _field_by_content(heading, place, intake), place, intake)
        for place, heading in enumerate(intake.report.headings)
    ]
    return [
        (
            number,
            [_preview_cell(reader, text, conventions) for reader, text in zip(readers, cells, strict=False)],
        )
        for number, cells in intake.report.first_rows[:most]
    ]


def _field_by_content(heading: str, place: int, intake: Intake) -> IntakeField:
    kind = _KINDS.get(intake.report.columns[place].kind, Kind.TEXT)
    return IntakeField(f"column {place}", Column(f"column {place}", heading, null(), kind))


def _reader_of(wanted: IntakeField, place: int, intake: Intake) -> CellReader:
    return CellReader(wanted, intake.reading.column(place), intake.mapping)


def _preview_cell(reader: CellReader, text: str, conventions: Conventions) -> CellPreview:
    cell = reader.read_one(text)
    if cell.issue is not None:
        return CellPreview(text, problem=cell.issue["message"] if text.strip() else "")
    meaning = to_text(reader.column, cell.value, conventions)
    return CellPreview(text, meaning if meaning != text.strip() else "")


@dataclass(frozen=True)
class RowsPreview:
    """Rows as they would become: the labels of their fields, and for each row its number and cells.

    ``guessed`` has the labels of the fields whose columns are only guessed so far.
    """

    labels: Sequence[str]
    rows: Sequence[tuple[int, Sequence[CellPreview]]]
    guessed: frozenset[str] = frozenset()


def preview_rows(
    intake: Intake, fields: Sequence[IntakeField], most: int, conventions: Conventions = CANONICAL
) -> RowsPreview:
    """Return up to ``most`` of the first rows as they would become; ``meaning`` is the value by ``conventions``, ``raw`` the text.

    Columns that are only guessed are among them, because the form above offers them.
    """
    guesses, mapping = intake.suggestion.guesses, intake.mapping
    guessed = frozenset(one.label for one in fields if one.name in guesses and not mapping.fills(one.name))
    tried = replace(mapping, columns={**guesses, **mapping.columns})
    intake = replace(intake, suggestion=replace(intake.suggestion, mapping=tried))
    filled = [wanted for wanted in fields if tried.fills(wanted.name)]
    rows = [
        (number, [_preview_value(wanted, cells, intake, conventions) for wanted in filled])
        for number, cells in intake.report.first_rows[:most]
    ]
    return RowsPreview([wanted.label for wanted in filled], rows, guessed)


def _preview_value(
    wanted: IntakeField, cells: Sequence[str], intake: Intake, conventions: Conventions
) -> CellPreview:
    place = intake.mapping.columns.get(wanted.name)
    if place is None:
        constant = intake.mapping.constants[wanted.name]
        return CellPreview("", shown_text(wanted.column, constant, conventions))
    text = cells[place] if place < len(cells) else ""
    cell = _reader_of(wanted, place, intake).read_one(text)
    problem = "" if cell.issue is None else cell.issue["message"]
    value = "" if cell.value is None else render(wanted.column, cell.value, conventions=conventions)
    return CellPreview(text, value, problem)


def unrecognised_texts(
    name: str, file: BinaryIO, intake: Intake, fields: Sequence[IntakeField]
) -> dict[str, dict[str, int]]:
    """Return, by field, the texts among the first records that are not recognised, with how often they come.

    The most frequent come first. Texts that the mapping replaces are not among them.
    """
    counts: dict[str, Counter[str]] = {}
    for place, wanted, texts in _columns_of(name, file, intake, fields):
        reader = _reader_of(wanted, place, intake)
        refused = reader.read(texts).issues
        counts.setdefault(wanted.name, Counter()).update(
            text for at in refused if (text := texts[at].strip())
        )
    return {key: dict(counter.most_common(_MOST_TEXTS)) for key, counter in counts.items() if counter}


def _columns_of(
    name: str, file: BinaryIO, intake: Intake, fields: Sequence[IntakeField]
) -> Iterator[tuple[int, IntakeField, Sequence[str]]]:
    source = open_source(name, file, intake.reading, headings_of(fields))
    for chunk in islice(source.chunks(5_000), _MOST_SEARCHED // 5_000):
        table = [*zip(*chunk.records, strict=True)]
        for place, wanted in intake.mapping.placed(fields):
            if place < len(table):
                yield place, wanted, table[place]
