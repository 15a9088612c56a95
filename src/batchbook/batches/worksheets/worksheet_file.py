"""Worksheets as files: the keys and metadata hidden in them, and the reader of those that are uploaded."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Self

from sqlalchemy import func, select

from batchbook.batches.engine.context import ActionContext
from batchbook.batches.models import Operation
from batchbook.batches.rows.issues import plain_lines
from batchbook.batches.worksheets.layout import SheetColumn
from batchbook.errors import BadInput
from batchbook.tables.report import Reading
from batchbook.tables.source import Source, open_source

#: The most characters of a cell: a workbook holds twice as many, but counts some characters as two.
LONGEST_CELL = 16_000

#: The end of a text that was longer.
CUT_MARK = "… (cut here: a cell of a worksheet holds no more)"

# XML has no way to write these two.
_UNWRITABLE = re.compile("[\ufffe\uffff]")


def sheet_text(text: str) -> str:
    """Return ``text`` as a cell of a worksheet holds it: cut where it is very long, see :data:`CUT_MARK`."""
    text = _UNWRITABLE.sub("�", text)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - len(CUT_MARK)] + CUT_MARK


def comparable_text(text: str) -> str:
    """Return a cell's text for comparison, without blanks around it and differences of line ends."""
    return plain_lines(text).strip()


_KEY = re.compile(r"([1-9][0-9]{0,9}) ([0-9a-f]{8}) ([0-9a-f]{8})")


@dataclass(frozen=True)
class RowKey:
    """The hidden key of a row: its sequence, and checksums of its cells, those to edit and the read-only ones."""

    sequence: int
    edited: str
    read_only: str

    @classmethod
    def read(cls, text: str) -> RowKey | None:
        """Return the key from the text that ``str`` made of it; ``None`` for any other text."""
        match = _KEY.fullmatch(text.strip())
        return cls(int(match[1]), match[2], match[3]) if match else None

    def __str__(self) -> str:
        """Return the key as a text."""
        return f"{self.sequence} {self.edited} {self.read_only}"


class RowChecksums:
    """Checksums of the cells of a row with ``columns``: they almost certainly change if a cell does."""

    def __init__(self, columns: Sequence[SheetColumn]) -> None:
        self._edits = [bool(column.field) for column in columns]

    def key(self, sequence: int, texts: Sequence[str]) -> RowKey:
        """Return the key of a row whose cells have ``texts``."""
        return RowKey(sequence, self.of(texts, edited=True) or "", self.of(texts, edited=False) or "")

    def of(self, texts: Sequence[str | None], *, edited: bool) -> str | None:
        """Return the checksum of the cells that edit a field, or of the others; ``None`` if one of them is missing."""
        chosen = [text for text, edits in zip(texts, self._edits, strict=True) if edits == edited]
        there = [comparable_text(text) for text in chosen if text is not None]
        if len(there) < len(chosen):
            return None
        return f"{zlib.crc32(chr(31).join(there).encode(errors='surrogatepass')):08x}"


#: The names of the two sheets.
ROWS, HIDDEN = "Rows", "Batchbook"

#: The headings around those of the layout.
KEY, STATUS, PROBLEMS = "Key", "Status", "Problems"

#: The headings of the hidden sheet, and the version of its contents.
HEADINGS = ("About", "Value", "Field")
VERSION = "1"


@dataclass(frozen=True)
class SheetMetadata:
    """The contents of the hidden sheet: the batch, its time of creation, its last operation, and headings with fields."""

    batch: str
    created: str
    operation: int
    columns: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, context: ActionContext, columns: Sequence[SheetColumn]) -> Self:
        """Return the metadata of a worksheet that is written now."""
        batch = context.batch
        return cls(batch.number, batch.created_at.isoformat(), last_operation(context), _pairs(columns))

    def lines(self) -> list[tuple[str, str, str]]:
        """Return the lines of the hidden sheet, beneath its headings."""
        facts = {
            "version": VERSION,
            "batch": self.batch,
            "created": self.created,
            "operation": str(self.operation),
        }
        return [
            *((about, value, "") for about, value in facts.items()),
            *(("column", heading, field) for heading, field in self.columns),
        ]

    @classmethod
    def read(cls, lines: Iterable[Sequence[str]]) -> Self | None:
        """Return the metadata from its :meth:`lines`; ``None`` for anything else."""
        whole = [tuple(line[:3]) for line in lines if len(line) >= len(HEADINGS)]
        facts = {about: value for about, value, _ in whole if about != "column"}
        operation = facts.get("operation", "")
        if facts.get("version") != VERSION or not (operation.isascii() and operation.isdigit()):
            return None
        columns = tuple((value, field) for about, value, field in whole if about == "column")
        return cls(facts.get("batch", ""), facts.get("created", ""), int(operation[:9]), columns)

    def fits(self, columns: Sequence[SheetColumn]) -> bool:
        """Return whether the worksheet was written with ``columns``."""
        return [(heading.strip(), field) for heading, field in self.columns] == [
            (heading.strip(), field) for heading, field in _pairs(columns)
        ]


def last_operation(context: ActionContext) -> int:
    """Return the number of the last operation in the batch's history."""
    highest = select(func.max(Operation.number)).where(Operation.batch_id == context.batch.id)
    return context.session.scalar(highest) or 0


def _pairs(columns: Sequence[SheetColumn]) -> tuple[tuple[str, str], ...]:
    return tuple((column.heading, column.field) for column in columns)


_ADVICE = "Download a worksheet from the batch's page, correct it, and upload it again."


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of an uploaded worksheet: its number in the sheet, its key, and its cells' texts by column of the layout.

    ``key`` is ``None`` where the cell has none; a text is ``None`` where the column is missing or read-only.
    """

    line: int
    key: RowKey | None
    texts: Sequence[str | None]


@dataclass(frozen=True)
class UploadedWorksheet:
    """An uploaded worksheet: its file's name, its metadata, and its rows."""

    name: str
    metadata: SheetMetadata
    source: Source
    places: Sequence[int | None]
    key_place: int

    @property
    def missing(self) -> list[str]:
        """The headings of columns in the metadata that the sheet does not have any more."""
        pairs = zip(self.metadata.columns, self.places, strict=True)
        return [heading for (heading, _), place in pairs if place is None]

    def rows(self) -> Iterator[SheetRow]:
        """Yield the rows in order; blank ones are left out."""
        for chunk in self.source.chunks():
            for line, record in zip(chunk.numbers, chunk.records, strict=True):
                texts = [None if place is None else record[place] for place in self.places]
                yield SheetRow(line, RowKey.read(record[self.key_place]), texts)


def open_worksheet(name: str, file: BinaryIO) -> UploadedWorksheet:
    """Open ``file``, called ``name``, as a worksheet; raise ``BadInput`` for any other file."""
    metadata = _read_metadata(name, _open_sheet(name, file, HIDDEN))
    source = _open_sheet(name, file, ROWS)
    headings = [heading.strip() for heading in source.headings]
    if KEY not in headings:
        raise BadInput(
            f"“{name}” lacks the hidden first column “{KEY}” with the keys of rows. Nothing was changed."
            f" {_ADVICE}"
        )
    return UploadedWorksheet(name, metadata, source, _places(metadata, headings), headings.index(KEY))


def _open_sheet(name: str, file: BinaryIO, title: str) -> Source:
    reading = Reading(format="xlsx", sheet=title, header_row=1, header_rows=1, left_out=())
    try:
        return open_source(name, file, reading)
    except BadInput as error:
        raise BadInput(
            f"“{name}” is not a worksheet of a batch, or not any more. {error.message} {_ADVICE}"
        ) from error


def _read_metadata(name: str, source: Source) -> SheetMetadata:
    lines = (record for chunk in source.chunks() for record in chunk.records)
    metadata = SheetMetadata.read(lines) if source.headings[: len(HEADINGS)] == HEADINGS else None
    if metadata is None:
        raise BadInput(
            f"The hidden sheet of “{name}” does not say which batch it belongs to. Nothing was changed. {_ADVICE}"
        )
    return metadata


def _places(metadata: SheetMetadata, headings: Sequence[str]) -> list[int | None]:
    """Return the places of the columns in ``metadata``; of several with one heading, the first comes first."""
    free: dict[str, list[int]] = {}
    for place in reversed(range(len(headings))):
        free.setdefault(headings[place], []).append(place)
    wanted = (heading.strip() for heading, _ in metadata.columns)
    return [free[heading].pop() if free.get(heading) else None for heading in wanted]
