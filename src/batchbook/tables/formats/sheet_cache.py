"""Cache of the sheets that this process read last."""

from __future__ import annotations

import hashlib
import marshal
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from tempfile import TemporaryFile
from threading import Lock
from typing import BinaryIO

from batchbook.tables.formats import Block, MergedRange, OpenedFile, RawRows
from batchbook.tables.layout.text_scan import file_pieces
from batchbook.tables.report import Format, Note, Reading

#: The number of sheets that are kept, and the most bytes of each.
MOST_SHEETS, MOST_BYTES = 4, 32 * 1024 * 1024

Opener = Callable[[str, BinaryIO, Reading, Collection[str]], OpenedFile]
#: The digest of a workbook, its format, and the requested sheet, or the headings that it should have.
_Key = tuple[bytes, Format, str, frozenset[str]]


class SheetCache:
    """The last sheets that were read. It can be used by several threads."""

    def __init__(self) -> None:
        self._sheets: OrderedDict[_Key, OpenedFile] = OrderedDict()
        self._lock = Lock()

    def opened(
        self,
        kind: Format,
        opener: Opener,
        name: str,
        file: BinaryIO,
        requested: Reading,
        expected: Collection[str],
    ) -> OpenedFile:
        """Return the sheet from the cache, or from ``opener``; its rows are cached once all of them were read."""
        # Documents are texts, which another encoding makes other ones.
        digest = _digest(file) + requested.encoding.encode()
        requested_key: _Key = (
            digest,
            kind,
            requested.sheet,
            frozenset() if requested.sheet else frozenset(expected),
        )
        known = self._known(requested_key)
        if known is not None:
            sheet = known.reading.sheet
            return replace(known, reading=replace(requested, format=kind, delimiter="", sheet=sheet))
        opened = opener(name, file, requested, expected)
        # A request for the sheet by its name gets it too, without the notes about the choice.
        named: _Key = (digest, kind, opened.reading.sheet, frozenset())

        def keep(rows: _CachedRows) -> None:
            self._keep(
                {named: replace(opened, rows=rows, notes=()), requested_key: replace(opened, rows=rows)}
            )

        return replace(opened, rows=_CachingRows(opened.rows, keep))

    def forget(self) -> None:
        """Drop all sheets."""
        with self._lock:
            self._sheets.clear()

    def _known(self, key: _Key) -> OpenedFile | None:
        with self._lock:
            if key in self._sheets:
                self._sheets.move_to_end(key)
            return self._sheets.get(key)

    def _keep(self, sheet: dict[_Key, OpenedFile]) -> None:
        """Add one sheet, under each key by which it is looked up, and drop the oldest."""
        with self._lock:
            for key, opened in sheet.items():
                self._sheets[key] = opened
                self._sheets.move_to_end(key)
            while len({id(opened.rows) for opened in self._sheets.values()}) > MOST_SHEETS:
                self._sheets.popitem(last=False)


class _CachingRows:
    """Rows that are passed to ``keep`` once all of them were read; until then they come from ``rows``."""

    def __init__(self, rows: RawRows, keep: Callable[[_CachedRows], None]) -> None:
        self._rows, self._keep = rows, keep

    @property
    def hidden_rows(self) -> Collection[int]:
        """The numbers of the rows that are hidden, as far as they were read."""
        return self._rows.hidden_rows

    @property
    def merged(self) -> Sequence[MergedRange]:
        """The ranges of merged cells, as far as they were read."""
        return self._rows.merged

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows in blocks of at most ``size``."""
        kept = _CachedRows()
        for block in self._rows.blocks(size):
            kept.add(block)
            yield block
        if not kept.too_large:
            kept.noted, kept.hidden_rows = self._rows.notes(), self._rows.hidden_rows
            kept.merged = self._rows.merged
            self._keep(kept)

    def notes(self) -> tuple[Note, ...]:
        """Return the notes of the rows."""
        return self._rows.notes()


class _CachedRows:
    """Rows in a temporary file, which is deleted with the last reference to them."""

    def __init__(self) -> None:
        self._file = TemporaryFile(prefix="batchbook-")  # noqa: SIM115 - It is open as long as the rows are kept.
        self._lock = Lock()
        weakref.finalize(self, self._file.close)
        self._places: list[tuple[int, int, int]] = []
        self._end = 0
        #: The notes from when they were read.
        self.noted: tuple[Note, ...] = ()
        #: The numbers of the rows that are hidden.
        self.hidden_rows: Collection[int] = ()
        #: The ranges of merged cells.
        self.merged: Sequence[MergedRange] = ()

    @property
    def too_large(self) -> bool:
        """Whether the sheet is larger than the cache allows."""
        return self._end > MOST_BYTES

    def add(self, block: Block) -> None:
        """Write the next rows, unless there are too many."""
        if self.too_large:
            return
        data = marshal.dumps([*map(tuple, block.rows)])
        self._places.append((block.first, self._end, len(data)))
        self._file.write(data)
        self._end += len(data)

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows in blocks of at most ``size``."""
        for first, start, length in self._places:
            with self._lock:  # Several may read at once.
                self._file.seek(start)
                data = self._file.read(length)
            rows = marshal.loads(data)  # noqa: S302 - Written by this process, and nobody else can open it.
            for at in range(0, len(rows), size):
                yield Block(first + at, rows[at : at + size])

    def notes(self) -> tuple[Note, ...]:
        """Return the notes from when the rows were read."""
        return self.noted


#: The cache of this process.
SHEET_CACHE = SheetCache()


def _digest(file: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    for piece in file_pieces(file):
        digest.update(piece)
    return digest.digest()
