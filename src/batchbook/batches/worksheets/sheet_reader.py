"""The reader of worksheets that are uploaded: their metadata, and their rows with keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from batchbook.batches.worksheets.metadata import HEADINGS, HIDDEN, KEY, ROWS, RowKey, SheetMetadata
from batchbook.errors import BadInput
from batchbook.tables.report import Reading
from batchbook.tables.source import Source, open_source

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
    said = Reading(format="xlsx", sheet=title, header_row=1, header_rows=1, left_out=())
    try:
        return open_source(name, file, said)
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
