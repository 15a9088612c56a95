"""Reading an uploaded table whose headings must be the right ones, as rows of text.

What cannot be read is refused with a sentence that says what was found and what is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from batchbook.errors import BadInput
from batchbook.tables.choices import Reading
from batchbook.tables.kinds import SUFFIXES
from batchbook.tables.source import Source, open_source
from batchbook.tables.table import Table, check_header, listed, names_of
from batchbook.tables.textmarks import unmarker

__all__ = ["SUFFIXES", "read_table"]

_MARKS = ("'", "=")
_UNMARKED: Callable[[str], str] = unmarker("codes") or str


def read_table(name: str, file: BinaryIO, required: Sequence[str]) -> Table:
    """Open ``file``, called ``name``, as a table with the columns ``required``.

    Raises :class:`batchbook.errors.BadInput` if it is empty, no table, or if columns are missing or doubled; so may
    reading its records. Header names are compared without regard to case and surrounding blanks.
    """
    if not file.seek(0, 2):
        raise BadInput(f"“{name}” is empty: it has no bytes. Expected a header row with {listed(required)}.")
    source = open_source(name, file, expected=required)
    if source.readings:
        known = "; ".join(f"{one.encoding}: {listed(one.texts)}" for one in source.readings)
        raise BadInput(
            f"“{name}” is not UTF-8, and what its characters are is a guess: {known}. Nothing was taken from it. Save it as"
            " “CSV UTF-8”, and send that."
        )
    if not source.reading.header_row:
        source = open_source(name, file, _with_header(source), required)
    header = names_of([*map(_UNMARKED, source.headings)])
    check_header(name, header, required)
    # Programs separate by semicolons where the comma is the decimal sign: 1,500 may be one and a half there.
    commas_group = source.reading.delimiter != ";"
    return Table(header, _without_marks(source.ragged_records()), commas_group, source.expected_rows)


def _without_marks(records: Iterator[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield ``records`` without what tells a spreadsheet that a cell is a text, as in ="000801228".

    Nobody is asked here, so an apostrophe before anything but a code is taken for a part of its text.
    """
    for number, record in records:
        yield number, [*map(_UNMARKED, record)] if any(text[:1] in _MARKS for text in record) else record


def _with_header(source: Source) -> Reading:
    """Return how ``source`` is read if its first row that is not blank has the headings, since some row must."""
    first = next((chunk.numbers[0] for chunk in source.chunks(1)), 1)
    return Reading(header_row=first, header_rows=1)
