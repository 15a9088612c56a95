"""Reading text with a delimiter, in whichever encoding, row by row and in little memory."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice
from typing import BinaryIO, TextIO

from batchbook.errors import BadInput
from batchbook.tables.choices import Reading
from batchbook.tables.csvcells import CsvReader, TooLong, long_cells, sentence_for
from batchbook.tables.delimiter import check_delimiter, guess_delimiter
from batchbook.tables.encoding import find_encoding
from batchbook.tables.readings import readings_of
from batchbook.tables.report import Note
from batchbook.tables.rows import MAX_TEXT_ROWS, Block, Opened
from batchbook.tables.survey import Survey

# How much of a text the delimiter is guessed from, in bytes.
_SAMPLE_BYTES = 256 * 1024
# How much text is taken from the file at a time, in characters; how many pieces make a block; how many a row may take.
_PIECE, _PIECES_IN_BLOCK, _TOO_MANY_PIECES = 1024 * 1024, 8, 12
# How many rows are taken before it is asked how much text they were.
_AT_ONCE = 50


def open_text(name: str, file: BinaryIO, said: Reading, expected: Collection[str]) -> Opened:
    """Return the rows of the text in ``file``, called ``name``; ``expected`` are headings that it may have.

    Raises ``BadInput`` for what is no text, or not in the encoding that was said.
    """
    if said.delimiter:
        check_delimiter(said.delimiter)
    text = find_encoding(name, file, said.encoding, said.odd_lines)
    delimiter = said.delimiter or guess_delimiter(_beginning(text.file, text.codec), expected)
    structure = replace(said, encoding=text.encoding, odd_lines=text.odd_lines, delimiter=delimiter)
    return Opened(
        TextRows(name, text.file, text.codec, delimiter),
        replace(structure, format="csv", sheet=""),
        text.survey.lines,
        ragged=True,
        notes=(*text.notes, *_line_ends(text.survey)),
        readings=readings_of(text, delimiter),
    )


class TextRows:
    """The rows of a text."""

    def __init__(self, name: str, file: BinaryIO, codec: str, delimiter: str) -> None:
        self._name, self._file, self._codec, self._delimiter = name, file, codec, delimiter

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows in blocks of at most ``size``; raise ``BadInput`` where they stop being readable."""
        with self._lines() as lines:
            feed = _Feed(lines)
            # A tuple of texts is nothing that the collector of garbage has to look at again and again, as a list is.
            records, first = map(tuple, self._reader(feed.lines())), 1
            while rows := self._take(records, size, feed):
                yield Block(first, rows)
                first += len(rows)
                if first > MAX_TEXT_ROWS + 1:
                    raise BadInput(
                        f"“{self._name}” has more than {MAX_TEXT_ROWS:,} rows. Split it, and take the parts in one by"
                        " one."
                    )

    def notes(self) -> tuple[Note, ...]:
        """Return nothing: whatever can be noticed was, before the rows were read."""
        return ()

    def _take(self, records: Iterator[Sequence[str]], size: int, feed: _Feed) -> Sequence[Sequence[str]]:
        """Return the next rows: fewer than ``size`` where they are long."""
        rows: list[Sequence[str]] = []
        taken = 0
        try:
            with long_cells():
                while len(rows) < size and taken < _PIECES_IN_BLOCK:
                    feed.pieces = 0
                    more = list(islice(records, min(_AT_ONCE, size - len(rows))))
                    if not more:
                        break
                    rows += more
                    taken += feed.pieces
        except (csv.Error, TooLong):
            raise BadInput(self._sentence()) from None
        return rows

    def _sentence(self) -> str:
        # Where a row began that cannot be read is found by reading once more, one by one.
        with self._lines() as lines, long_cells():
            reader = self._reader(_Feed(lines).lines())
            return sentence_for(self._name, reader)

    def _reader(self, lines: Iterator[str]) -> CsvReader:
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    @contextmanager
    def _lines(self) -> Iterator[TextIO]:
        self._file.seek(0)
        lines = io.TextIOWrapper(self._file, encoding=self._codec, newline="")
        try:
            yield lines
        finally:
            if not self._file.closed:
                lines.detach()  # Else it closes the file at its own end; whoever opened it may want it further.


class _Feed:
    """Gives lines to a reader, and counts how much it gave since ``pieces`` was set to 0."""

    def __init__(self, lines: TextIO) -> None:
        self._lines = lines
        self.pieces = 0

    def lines(self) -> Iterator[str]:
        """Return the lines; a row that takes far too many of them raises ``TooLong``."""
        return chain.from_iterable(self._in_pieces())

    def _in_pieces(self) -> Iterator[list[str]]:
        while piece := self._lines.readlines(_PIECE):
            self.pieces += 1
            if self.pieces > _TOO_MANY_PIECES:
                raise TooLong
            yield piece


def _beginning(file: BinaryIO, codec: str) -> str:
    """Return the beginning of a text, in whole lines."""
    file.seek(0)
    data = file.read(_SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(codec)().decode(data)
    if len(data) < _SAMPLE_BYTES:
        return text
    return text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def _line_ends(found: Survey) -> tuple[Note, ...]:
    kinds = {"CR LF": found.crlf, "LF": found.lf, "CR": found.cr}
    counted = [f"{kind} ({count:,})" for kind, count in kinds.items() if count]
    if len(counted) < 2:
        return ()
    return (
        Note(
            "line-ends", f"Lines end in different ways: {' and '.join(counted)}. All of them are understood."
        ),
    )
