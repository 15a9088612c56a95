"""The reader that turns records of a file into blocks of rows, column by column; a loop over cells would be far slower."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from batchbook.batches.intake.cell_reader import TEXT_KINDS, CellReader, ColumnCells
from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping
from batchbook.batches.models import BatchRow
from batchbook.batches.rows.blocks import Block, RowValues
from batchbook.batches.rows.issues import Issue, issue
from batchbook.errors import BadInput
from batchbook.grid import CellError, Column, parse, to_text
from batchbook.statuses import Severity
from batchbook.tables.report import Chunk, Reading
from batchbook.tables.source import Source
from batchbook.words import storable

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
    columns for those that the mapping carries, in their order. Raises ``BadInput`` for a constant that its column does
    not take, and ``ValueError`` for a column that ``row_model`` does not have.
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
        self._readers = [
            (place, CellReader(wanted, reading.column(place), mapping))
            for place, wanted in mapping.placed(fields)
        ]
        self._constants = {
            wanted.column.name: constant_of(wanted, mapping.constants[wanted.name])
            for wanted in fields
            if wanted.name in mapping.constants and wanted.name not in mapping.columns
        }
        self._carried = dict(zip(carried, mapping.carried, strict=False))

    def blocks(self, source: Source, size: int = 5_000) -> Iterator[Block]:
        """Yield the rows of ``source``, in blocks of at most ``size``."""
        for chunk in source.chunks(size):
            if chunk.records:
                yield self.block(chunk)

    def block(self, chunk: Chunk) -> Block:
        """Return the rows of ``chunk``."""
        table = [*zip(*chunk.records, strict=True)]
        found = _RowFindings()
        values: dict[str, Sequence[Any]] = {}
        for place, reader in self._readers:
            cells = reader.read(table[place])
            values[reader.column.name] = cells.values
            found.add(cells, reader.column.name)
        self._empty_doubtful(chunk, values, found)
        size = len(chunk.records)
        values |= {name: [value] * size for name, value in self._constants.items()}
        values |= {name: [*map(storable, table[place])] for name, place in self._carried.items()}
        values |= self._besides(chunk, values, found)
        return Block.of_columns(values)

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
            told = [_read_as_issue(columns[name], text, values[name][at]) for name, text in texts.items()]
            found.issues.setdefault(at, []).extend(told)

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


def constant_of(wanted: IntakeField, text: str) -> Any:
    """Return the value that ``text`` gives ``wanted`` in every row; raise ``BadInput`` if it is none."""
    try:
        return parse(wanted.column, text)
    except CellError as error:
        raise BadInput(f"The text for {wanted.label} in all rows cannot be used. {error.message}") from None


def rows_of(block: Block) -> Iterator[RowValues]:
    """Yield the rows of ``block`` one by one; those without issues have none."""
    for row in block.rows():
        yield {name: value for name, value in row.items() if name != "issues" or value is not None}


def _check_names(
    row_model: type[BatchRow], names: Sequence[str], line: str | None, raw: str | None, carried: Sequence[str]
) -> None:
    wanted = {*names, *carried} | {name for name in (line, raw) if name is not None}
    unknown = sorted(wanted - {column.key for column in row_model.__mapper__.column_attrs})
    if unknown:
        raise ValueError(f"{row_model.__name__} has no column for what is read: {', '.join(unknown)}")


def _read_as_issue(column: Column, text: str, value: Any) -> Issue:
    shown = to_text(column, value)
    meaning = f"read as “{shown}”" if shown else "treated as empty"
    message = f"“{text.strip()[:40]}” in the file was {meaning}."
    return issue(column.name, READ_AS, message, Severity.INFO, raw=text)
