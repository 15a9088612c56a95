"""A table as it was found in a file, and what its header row must have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from batchbook.errors import BadInput


@dataclass(frozen=True)
class Table:
    """The names in a table's header row, and an iterator over the rows below, as text.

    Each record comes with the number of its row, counted from 1 as a spreadsheet program counts. Names are in lower
    case, without surrounding blanks. A record may be shorter or longer than the header.
    """

    header: tuple[str, ...]
    records: Iterator[tuple[int, Sequence[str]]]
    #: Whether commas within numbers group them. They do not where they may stand for the decimal point.
    commas_group: bool = True
    #: About how many records there are, for people who wait for them.
    expected_rows: int | None = None


def names_of(header: Sequence[str]) -> tuple[str, ...]:
    """Return the names that a header row gives, in lower case and without surrounding blanks."""
    return tuple(name.strip().lower() for name in header)


def check_header(name: str, header: Sequence[str], required: Sequence[str]) -> None:
    """Raise ``BadInput`` where the table called ``name`` has no names, one of them twice, or lacks one ``required``."""
    if not any(header):
        raise BadInput(f"“{name}” has no rows at all. Expected a header row with {listed(required)}.")
    doubled = sorted({column for column in header if column and header.count(column) > 1})
    if doubled:
        raise BadInput(
            f"“{name}” has the column {listed(doubled)} more than once, so it is not clear which one counts:"
            " remove or rename one."
        )
    missing = [column for column in required if column not in header]
    if missing:
        raise BadInput(
            f"“{name}” has no column {listed(missing)}. Found: {listed([c for c in header if c][:20])}."
            f" Expected: {listed(required)}."
        )


def listed(names: Sequence[str]) -> str:
    """Return ``names`` in quotation marks, for a sentence; of a long one, its beginning."""
    return ", ".join(f"“{name[:60]}”" for name in names)
