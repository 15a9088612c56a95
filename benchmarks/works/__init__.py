"""The works: what Batchbook does with the rows of a batch, each measured beside its floor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

#: The batch types that are measured, by key.
TYPES = ("price_change", "import")
#: The most rows of a workbook, to read and to write: Excel's own limit is not far above, and minutes are.
MOST_SHEET_ROWS = 100_000


class Work(StrEnum):
    """One work; the value is the name of the method on both sides, and ``label`` names it for people."""

    label: str

    POPULATE_CSV = "populate_csv", "Populate from CSV"
    REFRESH = "refresh", "Refresh"
    CLONE = "clone", "Clone"
    BULK_CHANGE = "bulk_change", "Bulk change"
    UNDO = "undo", "Undo of it"
    BULK_REMOVE = "bulk_remove", "Bulk remove"
    DELETE = "delete", "Delete"
    EXPORT_CSV = "export_csv", "Export to CSV"
    EXPORT_XLSX = "export_xlsx", "Export to XLSX"
    EXECUTE = "execute", "Execute"
    VERIFY = "verify", "Verify"
    POPULATE_QUERY = "populate_query", "Populate from a query"
    POPULATE_XLSX = "populate_xlsx", "Populate from XLSX"

    def __new__(cls, value: str, label: str) -> Self:
        """Make the member a string of its value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


#: The works that go first where time is short.
CORE = (
    Work.POPULATE_CSV,
    Work.REFRESH,
    Work.CLONE,
    Work.BULK_REMOVE,
    Work.DELETE,
    Work.EXECUTE,
    Work.EXPORT_CSV,
)


def works_of(key: str, rows: int) -> tuple[Work, ...]:
    """Return the works that make sense for ``rows`` rows of a type, in the order in which they run."""
    left_out = {"price_change": {Work.POPULATE_XLSX}, "import": {Work.POPULATE_QUERY}}[key]
    if rows > MOST_SHEET_ROWS:
        left_out |= {Work.EXPORT_XLSX, Work.POPULATE_XLSX}
    return tuple(work for work in Work if work not in left_out)


@dataclass(frozen=True)
class Lap:
    """What one side took for one work: see :class:`~benchmarks.measuring.Measurement`.

    Of an export, ``first_byte`` are the seconds until something was written, and ``alone`` those of the writer of the file
    with all values in memory.
    """

    work: Work
    seconds: float
    memory: int = 0
    statements: int = 0
    first_byte: float | None = None
    alone: float | None = None
