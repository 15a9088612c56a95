"""Readers of the cells of a file: those of a column, normalised or refused, and with them whole records as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from batchbook.batches.intake.bulk_parser import CACHE_SIZE, TEXT_KINDS, bulk_parser
from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping, constant_of
from batchbook.batches.models import BatchRow
from batchbook.batches.rows.issues import Issue, issue
from batchbook.batches.rows.row_values import Block
from batchbook.db.base import scalar_defaults
from batchbook.grid import CellError, Column, canonical_text, parser_for, to_text
from batchbook.statuses import Severity
from batchbook.tables.normalise import conventions_of, mark_remover, normaliser, text_cleaner
from batchbook.tables.report import Chunk, ColumnReading, Reading
from batchbook.words import storable


@dataclass
class ColumnCells:
    """The values of some cells, and by their place: issues of those refused, original texts of those normalised."""

    values: list[Any]
    issues: dict[int, Issue] = field(default_factory=dict)
    normalised: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadCell:
    """The meaning of one text: its ``value``, the ``issue`` if it was refused, and whether it was ``normalised``."""

    value: Any
    issue: Issue | None = None
    normalised: bool = False


class CellReader:
    """Reads the cells of one column for the field that it fills, with the replacements that a mapping has for them."""

    def __init__(self, wanted: IntakeField, reading: ColumnReading, mapping: IntakeMapping) -> None:
        self.column: Column = wanted.column
        self._conventions = conventions = conventions_of(reading)
        self._parse = parser_for(self.column, conventions)
        self._quick = bulk_parser(self.column, conventions)
        self._tidy = normaliser(self.column.kind, reading)
        self._values = mapping.values.get(wanted.name, {})
        self._clean = text_cleaner(reading)
        self._width = mapping.widths.get(wanted.name, 0)
        self._cells: dict[str, ReadCell] = {}

    def read(self, texts: Sequence[str]) -> ColumnCells:
        """Return the cells of ``texts``: all at once where none of them is refused, else one by one."""
        try:
            return self._all_at_once(texts)
        except CellError:
            cells = [*map(self.read_one, texts)]
        return ColumnCells(
            [cell.value for cell in cells],
            {at: cell.issue for at, cell in enumerate(cells) if cell.issue is not None},
            {at: texts[at] for at, cell in enumerate(cells) if cell.normalised},
        )

    def _all_at_once(self, texts: Sequence[str]) -> ColumnCells:
        if not (self._values or self._width or self._clean):
            return ColumnCells(self._quick(texts))
        plain = [*map(str.strip, texts)]
        wanted = [*map(self._replaced, plain)]
        normalised = {at: texts[at] for at, (a, b) in enumerate(zip(plain, wanted, strict=True)) if a != b}
        values = self._quick(wanted)
        for at in normalised:
            values[at] = self._with_guarded_blanks(wanted[at], values[at])
        return ColumnCells(values, normalised=normalised)

    def read_one(self, text: str) -> ReadCell:
        """Return the cell of ``text``."""
        known = self._cells.get(text)
        if known is None:
            if len(self._cells) >= CACHE_SIZE:
                self._cells.clear()
            known = self._cells[text] = self._read(text)
        return known

    def _read(self, text: str) -> ReadCell:
        wanted = self._replaced(text.strip())
        try:
            value = self._with_guarded_blanks(wanted, self._parse(wanted))
            return ReadCell(value, normalised=wanted != text.strip())
        except CellError as error:
            return self._read_tidied(text, wanted, error)

    def _with_guarded_blanks(self, wanted: str, value: Any) -> Any:
        """Return ``value`` with the blanks that ``wanted`` has in front: an apostrophe kept them from being left out."""
        blanks = wanted[: len(wanted) - len(wanted.lstrip())]
        if not (blanks and value) or self.column.kind not in TEXT_KINDS:
            return value
        longest = self.column.max_length
        return value if longest is not None and len(blanks) + len(value) > longest else blanks + value

    def _read_tidied(self, text: str, wanted: str, error: CellError) -> ReadCell:
        tidied = self._tidy(wanted)
        if tidied != wanted:
            try:
                return ReadCell(self._parse(tidied), normalised=True)
            except CellError as still:
                error = still
        raw = self._kept(text, tidied)
        return ReadCell(self.column.blank, issue(self.column.name, error.code, error.message, raw=raw))

    def _kept(self, text: str, tidied: str) -> str:
        """Return the text to keep of one that was refused: canonical if it is a number with a decimal comma.

        Whoever reads it later does not know the conventions of the file: 1,234 would be a thousand times as much.
        """
        if self._conventions.decimal_sign == ".":
            return text
        try:
            canonical = canonical_text(self.column, tidied, self._conventions)
        except CellError:
            return text
        return text if canonical == tidied else canonical

    def _replaced(self, text: str) -> str:
        """Return ``text`` as it is to be read: replaced as the mapping has it, or without its mark, padded with zeros."""
        if text in self._values:
            text = self._values[text]
        elif self._clean is not None:
            text = self._clean(text)
        if len(text) < self._width and text.isdigit() and text.isascii():
            return text.zfill(self._width)
        return text


#: The code of the issue with the original text of a cell, where the row has no column for it.
READ_AS = "taken-as"
_TOO_MANY_CELLS = (
    "The line has {} cells under {} headings, so it is not clear which is which: correct this one."
)


@dataclass
class _RowFindings:
    """Findings in a chunk besides values, by place of the row: issues, and original texts that were normalised."""

    issues: dict[int, list[Issue]] = field(default_factory=dict)
    normalised: dict[int, dict[str, str]] = field(default_factory=dict)

    def add(self, cells: ColumnCells, name: str) -> None:
        """Add the findings in ``cells`` of the row's column ``name``."""
        for at, found in cells.issues.items():
            self.issues.setdefault(at, []).append(found)
        for at, text in cells.normalised.items():
            self.normalised.setdefault(at, {})[name] = text


class IntakeReader:
    """Turns the records of a table into rows, by ``reading`` and ``mapping``.

    ``line`` is the row's column for the number of the row in the file, ``raw`` the one for the original texts
    of cells that were padded, normalised or replaced, by column: without it the row gets an issue for each. ``carried`` are the row's
    columns for those that the mapping carries, in their order. An empty cell of a column that has a default gets it. Raises
    ``BadInput`` for a constant that its column does not take, and ``ValueError`` for a column that ``row_model`` does not
    have.
    """

    def __init__(
        self,
        row_model: type[BatchRow],
        fields: Sequence[IntakeField],
        reading: Reading,
        mapping: IntakeMapping,
        *,
        line: str | None = None,
        raw: str | None = None,
        carried: Sequence[str] = (),
    ) -> None:
        filled = [wanted.column.name for wanted in fields if mapping.fills(wanted.name)]
        _check_names(row_model, filled, line, raw, carried)
        self._delimiter = reading.delimiter or ","
        self._line, self._raw = line, raw
        self._columns = row_model.__mapper__.columns
        self._defaults = scalar_defaults(self._columns)
        self._readers = [
            (place, CellReader(self._with_default(wanted), reading.column(place), mapping))
            for place, wanted in mapping.placed(fields)
        ]
        self._constants = {
            wanted.column.name: constant_of(wanted, mapping.constants[wanted.name])
            for wanted in fields
            if wanted.name in mapping.constants and wanted.name not in mapping.columns
        }
        self._carried = {
            name: (place, mark_remover(reading.column(place).text_marks) or str)
            for name, place in zip(carried, mapping.carried, strict=False)
        }

    def block(self, chunk: Chunk) -> Block:
        """Return the rows of ``chunk``."""
        table = [*zip(*chunk.records, strict=True)]
        found = _RowFindings()
        values: dict[str, Sequence[Any]] = {}
        for place, reader in self._readers:
            cells = reader.read(table[place])
            values[reader.column.name] = self._filled(reader.column, cells)
            found.add(cells, reader.column.name)
        self._empty_doubtful(chunk, values, found)
        size = len(chunk.records)
        values |= {name: [value] * size for name, value in self._constants.items()}
        values |= {
            name: [storable(unmark(text)) for text in table[place]]
            for name, (place, unmark) in self._carried.items()
        }
        values |= self._besides(chunk, values, found)
        return Block.of_columns(values)

    def _with_default(self, wanted: IntakeField) -> IntakeField:
        """Return the field, whose cells may be empty if its column has a default."""
        has_default = self._defaults.get(wanted.column.name) is not None
        return replace(wanted, column=replace(wanted.column, required=False)) if has_default else wanted

    def _filled(self, column: Column, cells: ColumnCells) -> list[Any]:
        """Return the values with the column's default in empty cells; refused ones have it if they must not be empty."""
        default, blank = self._defaults.get(column.name), column.blank
        if default in (None, blank) or blank not in cells.values:
            return cells.values
        kept = cells.issues if self._columns[column.name].nullable else {}
        return [default if one == blank and at not in kept else one for at, one in enumerate(cells.values)]

    def _besides(
        self, chunk: Chunk, values: dict[str, Sequence[Any]], found: _RowFindings
    ) -> dict[str, Sequence[Any]]:
        """Return the columns that no cell fills: numbers of rows, texts that were normalised, issues."""
        besides: dict[str, Sequence[Any]] = {}
        places = range(len(chunk.records))
        if self._line is not None:
            besides[self._line] = chunk.numbers
        if self._raw is None:
            self._add_read_as_issues(values, found)
        elif found.normalised:
            stored = {
                at: {name: storable(text) for name, text in texts.items()}
                for at, texts in found.normalised.items()
            }
            besides[self._raw] = [stored.get(at) for at in places]
        if found.issues:
            besides["issues"] = [found.issues.get(at) for at in places]
        return besides

    def _add_read_as_issues(self, values: dict[str, Sequence[Any]], found: _RowFindings) -> None:
        """Add an issue to each cell whose text was normalised."""
        columns = {reader.column.name: reader.column for _, reader in self._readers}
        for at, texts in found.normalised.items():
            for name, text in texts.items():
                value = to_text(columns[name], values[name][at])
                meaning = f"read as “{value}”" if value else "treated as empty"
                message = f"“{text.strip()[:40]}” in the file was {meaning}."
                found.issues.setdefault(at, []).append(issue(name, READ_AS, message, Severity.INFO, raw=text))

    def _empty_doubtful(self, chunk: Chunk, values: dict[str, Sequence[Any]], found: _RowFindings) -> None:
        """Leave cells empty that may be one place off, in lines with more cells than there are headings.

        An unquoted separator within a cell does that: 1,99 would be read as 1. So only texts are kept as they are.
        """
        if not chunk.surplus:
            return
        places = {number: at for at, number in enumerate(chunk.numbers)}
        for number, surplus in chunk.surplus.items():
            if any(map(str.strip, surplus)):
                at = places[number]
                record = chunk.records[at]
                message = _TOO_MANY_CELLS.format(len(record) + len(surplus), len(record))
                texts = [*record[:-1], self._delimiter.join([record[-1], *surplus])]
                self._empty_row(at, texts, message, values, found)

    def _empty_row(
        self, at: int, texts: Sequence[str], message: str, values: dict[str, Any], found: _RowFindings
    ) -> None:
        issues: list[Issue] = []
        doubted = [place for place, reader in self._readers if reader.column.kind not in TEXT_KINDS]
        found.normalised.pop(at, None)
        for place, reader in self._readers:
            column, text = reader.column, texts[place]
            if place in (doubted or [max(place for place, _ in self._readers)]):
                issues.append(issue(column.name, "too-many-cells", message, raw=text))
            if place in doubted:
                values[column.name][at] = column.blank
            else:
                cell = reader.read_one(text)
                values[column.name][at] = cell.value
                issues += [cell.issue] if cell.issue else []
        found.issues[at] = issues


def _check_names(
    row_model: type[BatchRow], names: Sequence[str], line: str | None, raw: str | None, carried: Sequence[str]
) -> None:
    wanted = {*names, *carried} | {name for name in (line, raw) if name is not None}
    unknown = sorted(wanted - {column.key for column in row_model.__mapper__.column_attrs})
    if unknown:
        raise ValueError(f"{row_model.__name__} has no column for what is read: {', '.join(unknown)}")
