"""Declarations of a handler about the files that its batches are made from, and the way from a file to rows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, ClassVar, Generic, TypeVar

from sqlalchemy.orm import Session

from batchbook.batches.files import demand_input_file, open_file
from batchbook.batches.intake.field_mapping import IntakeField, IntakeMapping, fields_of, headings_of
from batchbook.batches.intake.file_inspection import Intake, inspect, refuse_guessed_text, refuse_unmapped
from batchbook.batches.intake.intake_reader import IntakeReader, rows_of
from batchbook.batches.models import Batch, BatchRow
from batchbook.batches.rows.blocks import Block, RowValues
from batchbook.errors import BadInput
from batchbook.tables.source import open_source

B = TypeVar("B", bound=Batch)
R = TypeVar("R", bound=BatchRow)


class FileHooks(Generic[B, R]):
    """The part of a handler that is about files: what rows take from them, and what is remembered of who sent them."""

    #: What an uploaded table must have: heading in the file (lower case) → column of the row. Empty for no upload.
    file_columns: ClassVar[Mapping[str, str]] = {}
    #: Whether rows can keep columns of a file that fill no field.
    carries_columns: ClassVar[bool] = False
    #: The columns of the row that get the number of its row in the file, and the texts of cells that were not taken as
    #: they stand, by column; ``None`` where the type does not keep them.
    line_column: ClassVar[str | None] = None
    raw_column: ClassVar[str | None] = None

    #: How many rows ``populate`` is going to yield, as far as is known: for people who watch, so it may be about right.
    expected_rows: int | None = None

    #: Rows per chunk, the session, and the model of the rows: the handler has them.
    chunk_size: ClassVar[int]
    session: Session
    row_model: type[R]

    @classmethod
    def takes_file(cls) -> bool:
        """Return whether batches of the type can be made from a file."""
        return bool(cls.file_columns) or cls.intake_fields is not FileHooks.intake_fields

    @classmethod
    def takes_in(cls) -> bool:
        """Return whether people map the columns of a file to fields: not where the handler parses files by itself."""
        return cls.takes_file() and cls.parse_file is FileHooks.parse_file

    def intake_fields(self, batch: B) -> Sequence[IntakeField]:
        """Return what rows of ``batch`` take from a file; by default all of ``file_columns``, each of them required."""
        return fields_of(self.row_model, self.file_columns)

    def intake_sender(self, batch: B) -> str:
        """Return who sent the file: for the same sender the same columns are suggested next time. Empty if unknown."""
        return ""

    def intake_scope(self, batch: B) -> str:
        """Return for what, within the type, mappings are remembered and saved: fields of another scope are others."""
        return ""

    def intake_lengths(self, batch: B, field: IntakeField) -> Mapping[int, int]:
        """Return how many values of ``field`` that are known where rows go to have which length: item codes, say.

        Codes of a file that are shorter are offered to be padded with zeros.
        """
        return {}

    def learned_fields(self, batch: B) -> Collection[str]:
        """Return the fields of the file in which a person's correction of a text is remembered for who sent it.

        For fields that refer to something, such as a department, in which the same text means the same thing next time.
        """
        return ()

    def known_texts(self, batch: B, field: str, texts: Sequence[str]) -> Collection[str]:
        """Return those of ``texts`` that mean something in ``field``, one of the learned ones, as they stand.

        Where somebody replaced one of these, it was wrong in its row alone, and nothing is learned from that.
        """
        return ()

    def carried_columns(self, mapping: IntakeMapping) -> Sequence[str]:
        """Return the row's columns for those that ``mapping`` carries without a field, in their order."""
        return ()

    def parse_file(self, name: str, file: BinaryIO) -> Iterator[RowValues]:
        """Yield rows from an uploaded file; by default a table with the columns ``file_columns``.

        Override it for another layout. A cell that cannot be stored is left empty and has an issue with its raw text.
        Raises :class:`batchbook.errors.BadInput` for a file that cannot be read, and for one without a row.
        """
        fields = fields_of(self.row_model, self.file_columns)
        for block in self._take_in(name, file, fields, inspect(name, file, fields)):
            yield from rows_of(block)

    def _rows_from_file(self, batch: B) -> Iterator[RowValues | Block]:
        """Yield the rows of the file that ``batch`` was made from; raise ``BadInput`` if there is none."""
        record = demand_input_file(self.session, batch)
        with open_file(self.session, record) as file:
            if not self.takes_in():
                yield from self.parse_file(record.name, file)
                return
            fields = self.intake_fields(batch)
            intake = Intake.stored_in(batch) or inspect(record.name, file, fields)
            yield from self._take_in(record.name, file, fields, intake)

    def _take_in(
        self, name: str, file: BinaryIO, fields: Sequence[IntakeField], intake: Intake
    ) -> Iterator[Block]:
        self.expected_rows = intake.report.rows
        return read_blocks(self, name, file, fields, intake)


def read_blocks(
    handler: FileHooks[Any, Any],
    name: str,
    file: BinaryIO,
    fields: Sequence[IntakeField],
    intake: Intake,
) -> Iterator[Block]:
    """Yield the rows of ``file`` as ``intake`` says, in blocks as large as chunks of ``handler``.

    Raises ``BadInput`` where that does not say all it must, or was said of another table.
    """
    refuse_unmapped(intake, fields)
    refuse_guessed_text(intake, fields)
    source = open_source(name, file, intake.reading, headings_of(fields))
    if not intake.mapping.fits(source.headings):
        raise BadInput(
            f"The columns of “{name}” are not those that were chosen from. Nothing was taken from it."
            " Look at the file and its columns again."
        )
    reader = IntakeReader(
        handler.row_model,
        fields,
        intake.reading,
        intake.mapping,
        line=handler.line_column,
        raw=handler.raw_column,
        carried=handler.carried_columns(intake.mapping),
    )
    yield from reader.blocks(source, handler.chunk_size)
