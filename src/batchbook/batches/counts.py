"""How many rows a batch has, by status: counted by SQL, and kept in its header."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Self

from sqlalchemy import ColumnElement, func, select

from batchbook.batches.models import Batch
from batchbook.batches.work import Work


@dataclass(frozen=True)
class Tally:
    """How many of some rows are removed, and how many of the others have which status ("" for none)."""

    removed: int
    statuses: Counter[str]

    @classmethod
    def of(cls, work: Work, where: ColumnElement[bool]) -> Self:
        """Count the rows that satisfy ``where``."""
        row = work.row
        groups = select(row.removed, row.status, func.count()).where(where)
        counted = work.session.execute(groups.group_by(row.removed, row.status)).all()
        statuses = {status or "": count for removed, status, count in counted if not removed}
        return cls(sum(count for removed, _, count in counted if removed), Counter(statuses))

    @classmethod
    def said_by(cls, batch: Batch) -> Self:
        """Return what the header says."""
        return cls(batch.removed_count, Counter(batch.status_counts))

    def __add__(self, other: Tally) -> Tally:
        """Return the tally of these rows and others."""
        return Tally(self.removed + other.removed, self.statuses + other.statuses)

    def __sub__(self, part: Tally) -> Tally:
        """Return the tally of these rows without those of ``part``."""
        return Tally(self.removed - part.removed, self.statuses - part.statuses)


def recount(work: Work) -> None:
    """Bring the header's counts and status up to date with the rows, by SQL."""
    keep(work, Tally.of(work, work.row.batch_id == work.batch.id))


def keep(work: Work, tally: Tally) -> None:
    """Write the batch's ``tally`` into its header, and the status that follows from it."""
    batch = work.batch
    batch.row_count = tally.removed + tally.statuses.total()
    batch.removed_count = tally.removed
    batch.status_counts = dict(tally.statuses)
    batch.status = work.handler.header_status(batch)
