"""Files as the source of rows: their declaration by a type, their inspection, and the rows that are read from them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any, BinaryIO, Protocol

from sqlalchemy.orm import Session

from batchbook import tables
from batchbook.batches.files import demand_input_file, open_file
from batchbook.batches.intake.cell_reader import IntakeReader
from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping, fields_of, headings_of
from batchbook.batches.intake.file_inspection import Intake, refuse_unprepared
from batchbook.batches.intake.saved_mappings import MappingScope, last_mapping
from batchbook.batches.intake.suggestions import Recognise, RememberedMapping, normalise_name, suggest
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.row_values import Block, RowValues
from batchbook.errors import BadInput
from batchbook.grid import columns_of
from batchbook.tables.report import ColumnReading, Reading

#: Everything is guessed.
NOTHING_CHOSEN = Reading()


def stored_intake(batch: Batch) -> Intake | None:
    """Return the intake that ``batch`` stores; ``None`` before its file was inspected."""
    return Intake.from_json(batch.params or {})


def store_intake(batch: Batch, intake: Intake) -> None:
    """Store ``intake`` in the parameters of ``batch``, in place of an earlier one."""
    batch.params = {**(batch.params or {}), **intake.to_json()}


def inspect(
    name: str,
    file: BinaryIO,
    fields: Sequence[IntakeField],
    chosen: Reading = NOTHING_CHOSEN,
    remembered: RememberedMapping | None = None,
    recognise: Recognise | None = None,
) -> Intake:
    """Inspect ``file``, called ``name``, read as ``chosen``, and suggest which of its columns fill ``fields``.

    Where nothing is chosen, the reading of the ``remembered`` file is tried first; ``recognise`` is asked about a table without
    headings. A table that can only be read by other choices has a report with a ``problem``. Raises ``BadInput`` for a file
    that is no table by any.
    """
    if chosen == NOTHING_CHOSEN and remembered is not None and remembered.sure:
        found = _inspect_as_before(name, file, fields, remembered)
        if found is not None:
            return found
    try:
        report = tables.inspect_table(name, file, chosen, headings_of(fields))
    except tables.Unreadable as error:
        report = tables.unreadable_report(name, file, error)
    return Intake(chosen, report, suggest(fields, report, remembered, recognise))


def _inspect_as_before(
    name: str, file: BinaryIO, fields: Sequence[IntakeField], remembered: RememberedMapping
) -> Intake | None:
    """Return the intake of the file read as an earlier one was; ``None`` if it cannot be, or does not fit."""
    if remembered.reading == NOTHING_CHOSEN:
        return None
    # The rows that were left out are no evidence for another file.
    structure = replace(remembered.reading, columns=(), left_out=None)
    if structure.encoding and not tables.encoding_still_fits(file, structure.encoding):
        structure = replace(structure, encoding="", odd_lines="")
    known = {
        normalise_name(heading): remembered.reading.column(place)
        for place, heading in enumerate(remembered.mapping.headings)
    }
    try:
        report = tables.inspect_table(name, file, structure, headings_of(fields))
        columns = tuple(known.get(normalise_name(heading), ColumnReading()) for heading in report.headings)
        if any(column != ColumnReading() for column in columns):
            structure = replace(structure, columns=columns)
            report = tables.inspect_table(name, file, structure, headings_of(fields))
    except BadInput:
        return None
    found = Intake(structure, report, suggest(fields, report, remembered))
    return None if found.suggestion.missing(fields) else found


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

    ``recognise`` is asked about a table without headings, such as the file of a device: it gets the reports on its columns, and
    returns the places of those that it knows by what they contain, by the row's column.

    ``parse`` yields rows from a file of another layout; people cannot choose columns then. Every function gets the
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
    recognise: Recognise | None = None
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
        return (
            declared_fields(self, handler.row_model) if self.fields is None else self.fields(handler, batch)
        )

    def mapping_scope(self, batch: Batch) -> MappingScope:
        """Return the scope in which the mapping of the file of ``batch`` is remembered."""
        scope, sender = (getattr(batch, name) if name else "" for name in (self.scope, self.sender))
        return MappingScope(batch.type, scope or "", sender or "")

    def inspect(
        self,
        handler: FileHandler,
        batch: Batch,
        chosen: Reading = NOTHING_CHOSEN,
        remembered: RememberedMapping | None = None,
        *,
        keep: bool = True,
    ) -> Intake:
        """Inspect the file of ``batch``, read as ``chosen``; return the result, which the batch stores if ``keep``.

        Columns are chosen as in ``remembered``, or as they were last time for the sender of the file. Raises as
        :func:`inspect` does, and ``BadInput`` for a batch without a file.
        """
        record = demand_input_file(handler.session, batch)
        before = remembered or last_mapping(handler.session, self.mapping_scope(batch))
        with open_file(handler.session, record) as file:
            fields = self.fields_for(handler, batch)
            intake = inspect(record.name, file, fields, chosen, before, self.recognise)
        if keep:
            store_intake(batch, intake)
        return intake

    def rows(self, handler: FileHandler, batch: Batch) -> Iterator[RowValues | Block]:
        """Yield the rows of the file that ``batch`` was made from; raise ``BadInput`` if there is none."""
        record = demand_input_file(handler.session, batch)
        with open_file(handler.session, record) as file:
            if self.parse is not None:
                yield from self.parse(handler, record.name, file)
                return
            fields = self.fields_for(handler, batch)
            intake = stored_intake(batch) or inspect(record.name, file, fields, recognise=self.recognise)
            yield from self._blocks(handler, record.name, file, fields, intake)

    def parse_table(self, handler: FileHandler, name: str, file: BinaryIO) -> Iterator[RowValues]:
        """Yield the rows of a table with the declared ``columns``, for a ``parse`` that changes them.

        A cell that cannot be stored is left empty and has an issue with its raw text. Raises
        :class:`batchbook.errors.BadInput` for a file that cannot be read, and for one without a row.
        """
        fields = declared_fields(self, handler.row_model)
        intake = inspect(name, file, fields, recognise=self.recognise)
        for block in self._blocks(handler, name, file, fields, intake):
            yield from rows_of(block)

    def _blocks(
        self, handler: FileHandler, name: str, file: BinaryIO, fields: Sequence[IntakeField], intake: Intake
    ) -> Iterator[Block]:
        """Yield the rows of ``file``, read and mapped as ``intake`` has it, in blocks as large as the handler's chunks.

        Raises ``BadInput`` where something is not decided yet, or was decided for another table.
        """
        handler.expected_rows = intake.report.rows
        refuse_unprepared(intake, fields)
        source = tables.open_source(name, file, intake.reading, headings_of(fields))
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
        for chunk in source.chunks(handler.chunk_size):
            if chunk.records:
                yield reader.block(chunk)


def declared_fields(source: FileSource, row_model: Any) -> Sequence[IntakeField]:
    """Return the fields that rows of ``row_model`` take from the ``columns`` that ``source`` declares."""
    return [
        replace(
            field,
            required=field.name not in source.optional,
            key=field.name in source.key,
            synonyms=(*field.synonyms, *source.synonyms.get(field.name, ())),
        )
        for field in fields_of(row_model, source.columns)
    ]


def rows_of(block: Block) -> Iterator[RowValues]:
    """Yield the rows of ``block`` one by one; those without issues have none."""
    for row in block.rows():
        yield {name: value for name, value in row.items() if name != "issues" or value is not None}
