"""Reader of delimited text, row by row and in little memory, and detection of its delimiter."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice
from typing import BinaryIO, TextIO

from batchbook.errors import BadInput
from batchbook.tables.errors import MAX_TEXT_ROWS
from batchbook.tables.formats import SAMPLE, Block, MergedRange, OpenedFile, is_blank
from batchbook.tables.formats.csv_limits import CsvReader, RowTooLong, long_cells, unreadable_row_message
from batchbook.tables.formats.dialects import (
    FIXED,
    UNUSUAL_DELIMITERS,
    DialectReader,
    delimiter_note,
    fixed_widths,
    guess_quoting,
    is_delimiter,
)
from batchbook.tables.layout.encoding import compare_readings, detect_encoding
from batchbook.tables.layout.header_heuristics import header_names, without_comments
from batchbook.tables.layout.text_scan import TextStatistics
from batchbook.tables.report import Note, Quoting, Reading

_SAMPLE_BYTES = 256 * 1024  # The bytes at the start of a text from which the delimiter is guessed.
# The characters that are read from the file at a time, the most such pieces in a block, and those that no row takes.
_PIECE, _PIECES_IN_BLOCK, _TOO_MANY_PIECES = 1024 * 1024, 8, 12
_AT_ONCE = 50  # The number of rows that are taken before their text is measured.


def open_text(name: str, file: BinaryIO, requested: Reading, expected: Collection[str]) -> OpenedFile:
    """Return the text in ``file``, called ``name``, opened for reading; ``expected`` are headings that it may have.

    Raises ``BadInput`` for binary data, and for a text that is not in the encoding requested.
    """
    if requested.delimiter:
        check_delimiter(requested.delimiter)
    text = detect_encoding(name, file, requested.encoding, requested.odd_lines)
    beginning = _beginning(text.file, text.codec)
    delimiter, quoting, notes = _dialect(beginning, requested, expected)
    structure = replace(
        requested, encoding=text.encoding, odd_lines=text.odd_lines, delimiter=delimiter, quoting=quoting
    )
    return OpenedFile(
        TextRows(name, text.file, text.codec, delimiter, quoting),
        replace(structure, format="csv", sheet=""),
        text.survey.lines,
        ragged=True,
        notes=(*text.notes, *notes, *_line_ends(text.survey)),
        readings=compare_readings(text, delimiter if len(delimiter) == 1 else ","),
    )


def _dialect(
    text: str, requested: Reading, expected: Collection[str]
) -> tuple[str, Quoting, tuple[Note, ...]]:
    """Return the delimiter and the quoting of a text, those requested or guessed from its beginning, with the evidence."""
    delimiter = requested.delimiter or guess_delimiter(text, expected)
    notes: tuple[Note, ...] = ()
    if not requested.delimiter and (delimiter not in DELIMITERS):
        notes = delimiter_note(delimiter, _records(text, delimiter))
    if requested.quoting or delimiter.startswith(FIXED):
        return delimiter, requested.quoting or "none", notes
    if not any(mark in text for mark in "\"'"):
        return delimiter, "doubled", notes
    delimiter, quoting, found = guess_quoting(
        text, delimiter, lambda inner: requested.delimiter or guess_delimiter(inner, expected)
    )
    return delimiter, quoting, (*notes, *found)


class TextRows:
    """The rows of a text."""

    #: A text hides nothing.
    hidden_rows: Collection[int] = ()
    merged: Sequence[MergedRange] = ()

    def __init__(
        self, name: str, file: BinaryIO, codec: str, delimiter: str, quoting: Quoting = "doubled"
    ) -> None:
        self._name, self._file, self._codec = name, file, codec
        self._delimiter, self._quoting = delimiter, quoting

    def blocks(self, size: int) -> Iterator[Block]:
        """Yield all rows in blocks of at most ``size``; raise ``BadInput`` where they stop being readable."""
        with self._lines() as lines:
            feed = _Feed(lines)
            # Unlike lists, tuples of texts are untracked by the garbage collector.
            records, first = map(tuple, self._reader(feed.lines())), 1
            while rows := self._take(records, size, feed):
                yield Block(first, rows)
                first += len(rows)
                if first > MAX_TEXT_ROWS + 1:
                    raise BadInput(
                        f"“{self._name}” has more than {MAX_TEXT_ROWS:,} rows. Split it, and upload the parts one by"
                        " one."
                    )

    def notes(self) -> tuple[Note, ...]:
        """Return no notes: the scan of the text, before any row is read, has them all."""
        return ()

    def _take(self, records: Iterator[Sequence[str]], size: int, feed: _Feed) -> Sequence[Sequence[str]]:
        """Return the next rows: fewer than ``size`` where they are long."""
        rows: list[Sequence[str]] = []
        pieces = 0
        try:
            with long_cells():
                while len(rows) < size and pieces < _PIECES_IN_BLOCK:
                    feed.pieces = 0
                    more = list(islice(records, min(_AT_ONCE, size - len(rows))))
                    if not more:
                        break
                    rows += more
                    pieces += feed.pieces
        except (csv.Error, RowTooLong):
            raise BadInput(self._sentence()) from None
        return rows

    def _sentence(self) -> str:
        # Reading once more, row by row, finds where the unreadable row begins.
        with self._lines() as lines, long_cells():
            reader = self._reader(_Feed(lines).lines())
            return unreadable_row_message(self._name, reader)

    def _reader(self, lines: Iterator[str]) -> CsvReader:
        if self._quoting == "doubled" and len(self._delimiter) == 1:
            return csv.reader(lines, delimiter=self._delimiter, strict=True)
        return DialectReader(lines, self._delimiter, self._quoting)

    @contextmanager
    def _lines(self) -> Iterator[TextIO]:
        self._file.seek(0)
        lines = io.TextIOWrapper(self._file, encoding=self._codec, newline="")
        try:
            yield lines
        finally:
            if not self._file.closed:
                lines.detach()  # Otherwise the wrapper closes the file, which belongs to the caller.


class _Feed:
    """A source of lines for a reader that counts the pieces since ``pieces`` was set to 0."""

    def __init__(self, lines: TextIO) -> None:
        self._lines = lines
        self.pieces = 0

    def lines(self) -> Iterator[str]:
        """Return the lines; a row that takes far too many of them raises ``RowTooLong``."""
        return chain.from_iterable(self._in_pieces())

    def _in_pieces(self) -> Iterator[list[str]]:
        while piece := self._lines.readlines(_PIECE):
            self.pieces += 1
            if self.pieces > _TOO_MANY_PIECES:
                raise RowTooLong
            yield piece


def _beginning(file: BinaryIO, codec: str) -> str:
    """Return the beginning of a text, in whole lines."""
    file.seek(0)
    data = file.read(_SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(codec)().decode(data)
    if len(data) < _SAMPLE_BYTES:
        return text
    return text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def _line_ends(found: TextStatistics) -> tuple[Note, ...]:
    kinds = {"CR LF": found.crlf, "LF": found.lf, "CR": found.cr}
    counted = [f"{kind} ({count:,})" for kind, count in kinds.items() if count]
    if len(counted) < 2:
        return ()
    return (
        Note(
            "line-ends", f"Lines end in different ways: {' and '.join(counted)}. All of them are understood."
        ),
    )


#: The characters that are tried, the usual ones first; a person can choose any other.
DELIMITERS = (",", ";", "\t", "|", ":")

# The share of rows that must have the same number of cells, without a known heading.
_AGREEMENT = 0.6


def check_delimiter(requested: str) -> None:
    """Raise ``BadInput`` for a delimiter that cannot separate cells."""
    if not is_delimiter(requested):
        raise BadInput(
            f"“{requested[:20]}” cannot separate cells: a delimiter is one to three characters, none of them a quotation mark"
            " or a line end, or a list of positions such as fixed:0,10,25."
        )


def guess_delimiter(text: str, expected: Collection[str]) -> str:
    """Return the delimiter of a text, guessed from its beginning; ``expected`` are headings that it may have.

    A header row alone proves nothing, since a heading may hold a comma, and amounts hold the decimal sign.
    """
    every = (*DELIMITERS, *(mark for mark in UNUSUAL_DELIMITERS if mark in text))
    tables = _tables(text, every)
    scores = {mark: _score(table, mark, expected) for mark, table in tables.items()}
    best = max(every, key=scores.__getitem__)
    if scores[best] == (0, 0.0, 0) and '"' in text:
        # A quotation mark that is never closed hides what separates the rest.
        tables = _tables(text.replace('"', ""), every)
        scores = {mark: _score(table, mark, expected) for mark, table in tables.items()}
        best = max(every, key=scores.__getitem__)
    if scores[best] > (0, 0.0, 0):
        return _doubled(text, best, tables[best])
    if positions := fixed_widths(text):
        return positions
    # One column: what separates nothing there keeps its texts whole.
    return next((mark for mark in DELIMITERS if max(map(len, tables[mark]), default=1) == 1), ",")


def _doubled(text: str, mark: str, table: Sequence[Sequence[str]]) -> str:
    """Return ``mark``, or two of it where they separate cells: one of them looks like twice as many cells, some of them empty."""
    twice = mark * 2
    if twice not in text:
        return mark
    if all(not any(row[1::2]) and len(row) > 2 for row in table):
        return twice
    if len(set(map(len, table))) == 1:
        return mark
    rows = [cells for _, cells in without_comments(list(enumerate(_records(text, twice))))]
    return twice if len(set(map(len, rows))) == 1 and len(rows[0]) > 1 else mark


def _tables(text: str, marks: Sequence[str]) -> dict[str, list[Sequence[str]]]:
    return {
        mark: [cells for _, cells in without_comments(list(enumerate(_records(text, mark))))]
        for mark in marks
    }


def _records(text: str, delimiter: str) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        lines = io.StringIO(text, newline="")
        reader = (
            csv.reader(lines, delimiter=delimiter, skipinitialspace=f'{delimiter} "' in text)
            if len(delimiter) == 1
            else DialectReader(lines, delimiter, "none")
        )
        for record in reader:
            if not is_blank([delimiter.join(record)]):
                records.append(record)
            if len(records) == SAMPLE:
                break
    except csv.Error:
        pass  # A cell is too long; the records before it are enough for a guess.
    return records


def _score(records: Sequence[Sequence[str]], mark: str, expected: Collection[str]) -> tuple[int, float, int]:
    """Return the score of ``mark`` as delimiter: known headings first, then the share of rows that agree, then cells."""
    widths = Counter(map(len, records))
    width = max((width for width in widths if width > 1), key=lambda width: widths[width] * width, default=1)
    if width == 1:
        return 0, 0.0, 0
    first = (record for record in records[:50] if len(record) > 1)
    hits = max((len(set(header_names(record)) & set(expected)) for record in first), default=0)
    agreement = widths[width] / len(records)
    # Times and addresses hold colons, so all rows must agree, with the headings.
    wanted = 1.0 if mark == ":" or mark in UNUSUAL_DELIMITERS else _AGREEMENT
    if agreement < wanted and not hits:
        return 0, 0.0, 0
    return hits, agreement, width
