"""The hidden sheet of a worksheet: whose rows it holds, as they were after which operation, in which columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import func, select

from batchbook.batches.models import Operation
from batchbook.batches.work import Work
from batchbook.batches.worksheets.layout import SheetColumn

#: The names of the two sheets.
ROWS, HIDDEN = "Rows", "Batchbook"

#: The headings around those of the layout.
KEY, STATUS, PROBLEMS = "Key", "Status", "Problems"

#: The headings of the hidden sheet, and the version of what is beneath them.
HEADINGS = ("About", "Value", "Field")
VERSION = "1"


@dataclass(frozen=True)
class Label:
    """What the hidden sheet says: the batch, when it was made, its last operation then, and headings with fields."""

    batch: str
    created: str
    operation: int
    columns: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, work: Work, columns: Sequence[SheetColumn]) -> Self:
        """Return the label of a worksheet that is written now."""
        batch = work.batch
        return cls(batch.number, batch.created_at.isoformat(), last_operation(work), _pairs(columns))

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
        """Return what :meth:`lines` made of it; ``None`` for anything else."""
        whole = [tuple(line[:3]) for line in lines if len(line) >= len(HEADINGS)]
        facts = {about: value for about, value, _ in whole if about != "column"}
        operation = facts.get("operation", "")
        if facts.get("version") != VERSION or not (operation.isascii() and operation.isdigit()):
            return None
        columns = tuple((value, field) for about, value, field in whole if about == "column")
        return cls(facts.get("batch", ""), facts.get("created", ""), int(operation[:9]), columns)

    def fits(self, columns: Sequence[SheetColumn]) -> bool:
        """Tell whether the worksheet was written with these columns."""
        return [(heading.strip(), field) for heading, field in self.columns] == [
            (heading.strip(), field) for heading, field in _pairs(columns)
        ]


def last_operation(work: Work) -> int:
    """Return the number of the last operation in the batch's history."""
    highest = select(func.max(Operation.number)).where(Operation.batch_id == work.batch.id)
    return work.session.scalar(highest) or 0


def _pairs(columns: Sequence[SheetColumn]) -> tuple[tuple[str, str], ...]:
    return tuple((column.heading, column.field) for column in columns)
