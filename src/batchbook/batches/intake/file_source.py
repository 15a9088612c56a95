"""Files as the source of rows: their declaration by a type, and the reader that turns records into blocks of rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from dataclasses import field as dataclass_field
from typing import Any, BinaryIO, Protocol

from sqlalchemy.orm import Session

from batchbook.batches.files import demand_input_file, open_file
from batchbook.batches.intake.cell_reader import TEXT_KINDS, CellReader, ColumnCells
from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping, fields_of, headings_of
from batchbook.batches.intake.file_inspection import Intake, inspect, refuse_guessed_text, refuse_unmapped
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.blocks import Block, RowValues
from batchbook.batches.rows.issues import Issue, issue
from batchbook.errors import BadInput
from batchbook.grid import CellError, Column, columns_of, parse, to_text
from batchbook.statuses import Severity
from batchbook.tables.report import Chunk, Reading
from batchbook.tables.source import Source, open_source
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


class FileHandler(Protocol):
    """The part of a handler that reading a file needs."""

    expected_rows: int | None

    @property
    def session(self) -> Session:
        """The session of the action."""
        ...

    @property
    def row_model(self) -> type[Any]:
        """The model of the batch's rows."""
        ...

    @property
    def chunk_size(self) -> int:
        """The number of rows in a block."""
        ...


# The functions get the author's own handler and header, which only the author's code has types for.
@dataclass(frozen=True, kw_only=True)
class FileSource:
    """Declaration of the files that batches of a type are made from: ``file_source`` of its handler.

    ``columns`` maps the headings of a file (lower case) to columns of the row; each must be there, but for those in
    ``optional``. ``key`` are the columns that identify what a row is about; ``synonyms`` are further headings by which
    files call a column. A type whose fields differ from batch to batch has ``fields`` instead, a function that returns
    them. ``sender`` and ``scope`` name columns of the header: for the same sender the same columns are suggested next
    time, and mappings are remembered for each scope by itself.

    ``line_column`` is the row's column for the number of its row in the file, ``raw_column`` the one for the texts of
    cells that were normalised or replaced, by column. ``carried_columns`` returns the row's columns for columns of the
    file that fill no field, in their order; ``None`` where rows cannot keep any.

    ``known_lengths`` returns how many known values of a field have which length: shorter codes in a file are offered to
    be padded with zeros. ``learned_fields`` returns the fields in which a correction is remembered for the sender, once
    the batch was executed: those that refer to something, such as a department. ``known_texts`` returns those of some
    texts that mean something in a learned field as they are: where one of these is replaced, nothing is learned.

    ``parse`` yields rows from a file of another layout; nobody is asked about columns then. Every function gets the
    handler, and the batch or what its signature says.
    """

    columns: Mapping[str, str] = dataclass_field(default_factory=dict)
    optional: Collection[str] = ()
    key: Collection[str] = ()
    synonyms: Mapping[str, Sequence[str]] = dataclass_field(default_factory=dict)
    fields: Callable[[Any, Any], Sequence[IntakeField]] | None = None
    sender: str | None = None
    scope: str | None = None
    line_column: str | None = None
    raw_column: str | None = None
    carried_columns: Callable[[Any, IntakeMapping], Sequence[str]] | None = None
    known_lengths: Callable[[Any, Any, IntakeField], Mapping[int, int]] | None = None
    learned_fields: Callable[[Any, Any], Collection[str]] | None = None
    known_texts: Callable[[Any, Any, str, Sequence[str]], Collection[str]] | None = None
    parse: Callable[[Any, str, BinaryIO], Iterator[RowValues]] | None = None

    @property
    def maps_columns(self) -> bool:
        """Whether people map the columns of a file to fields: not where ``parse`` reads files of its own layout."""
        return self.parse is None

    def check(self, header: type[Batch], row: type[BatchRow]) -> None:
        """Raise ``ValueError`` or ``TypeError`` for a name that is no column of the ``header`` or ``row`` model."""
        columns_of(row, self.columns.values())
        columns_of(header, [name for name in (self.sender, self.scope) if name is not None])
        unknown = {*self.optional, *self.key, *self.synonyms} - {*self.columns.values()}
        if unknown:
            raise ValueError(f"its file source has no column {sorted(unknown)[0]!r}")

    def fields_for(self, handler: FileHandler, batch: Batch) -> Sequence[IntakeField]:
        """Return the fields that rows of ``batch`` take from a file."""
        return self._declared_fields(handler) if self.fields is None else self.fields(handler, batch)

    def sender_of(self, batch: Batch) -> str:
        """Return the sender of the file; empty if unknown."""
        return (getattr(batch, self.sender) if self.sender else "") or ""

    def scope_of(self, batch: Batch) -> str:
        """Return the scope, within the type, for which mappings are remembered."""
        return (getattr(batch, self.scope) if self.scope else "") or ""

    def rows(self, handler: FileHandler, batch: Batch) -> Iterator[RowValues | Block]:
        """Yield the rows of the file that ``batch`` was made from; raise ``BadInput`` if there is none."""
        record = demand_input_file(handler.session, batch)
        with open_file(handler.session, record) as file:
            if self.parse is not None:
                yield from self.parse(handler, record.name, file)
                return
            fields = self.fields_for(handler, batch)
            intake = Intake.stored_in(batch) or inspect(record.name, file, fields)
            yield from self._blocks(handler, record.name, file, fields, intake)

    def parse_table(self, handler: FileHandler, name: str, file: BinaryIO) -> Iterator[RowValues]:
        """Yield the rows of a table with the declared ``columns``, for a ``parse`` that does something to them.

        A cell that cannot be stored is left empty and has an issue with its raw text. Raises
        :class:`batchbook.errors.BadInput` for a file that cannot be read, and for one without a row.
        """
        fields = self._declared_fields(handler)
        for block in self._blocks(handler, name, file, fields, inspect(name, file, fields)):
            yield from rows_of(block)

    def _declared_fields(self, handler: FileHandler) -> Sequence[IntakeField]:
        return [
            replace(
                field,
                required=field.name not in self.optional,
                key=field.name in self.key,
                synonyms=(*field.synonyms, *self.synonyms.get(field.name, ())),
            )
            for field in fields_of(handler.row_model, self.columns)
        ]

    def _blocks(
        self, handler: FileHandler, name: str, file: BinaryIO, fields: Sequence[IntakeField], intake: Intake
    ) -> Iterator[Block]:
        """Yield the rows of ``file``, read and mapped as ``intake`` has it, in blocks as large as the handler's chunks.

        Raises ``BadInput`` where something is not decided yet, or was decided for another table.
        """
        handler.expected_rows = intake.report.rows
        refuse_unmapped(intake, fields)
        refuse_guessed_text(intake, fields)
        source = open_source(name, file, intake.reading, headings_of(fields))
        if not intake.mapping.fits(source.headings):
            raise BadInput(
                f"The columns of “{name}” are not those that were chosen from. Nothing was read from it."
                " Check the file and match its columns again."
            )
        carried = () if self.carried_columns is None else self.carried_columns(handler, intake.mapping)
        reader = IntakeReader(
            handler.row_model,
            fields,
            intake.reading,
            intake.mapping,
            line=self.line_column,
            raw=self.raw_column,
            carried=carried,
        )
        yield from reader.blocks(source, handler.chunk_size)
