"""Counts of a batch's rows, by status and by problems: made by SQL, stored in its header."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Self

from sqlalchemy import ColumnElement, func, select

from batchbook.batches.engine.context import ActionContext

#: Where a header keeps, among what the framework knows of it, how many of its rows have problems.
_PROBLEMS = "problem_rows"


@dataclass(frozen=True)
class Tally:
    """How many of some rows are removed, and how many of the others have which status ("" for none), and issues."""

    removed: int
    statuses: Counter[str]
    problems: int

    @classmethod
    def of(cls, work: ActionContext, where: ColumnElement[bool]) -> Self:
        """Count the rows that satisfy ``where``."""
        row = work.row
        groups = select(row.removed, row.status, func.count(), func.count(row.issues)).where(where)
        counted = work.session.execute(groups.group_by(row.removed, row.status)).all()
        kept = [found for found in counted if not found.removed]
        statuses = Counter({status or "": count for _, status, count, _ in kept})
        return cls(sum(found[2] for found in counted if found.removed), statuses, sum(n for *_, n in kept))

    @classmethod
    def of_all(cls, work: ActionContext) -> Self:
        """Count all rows of the batch."""
        return cls.of(work, work.row.batch_id == work.batch.id)

    @classmethod
    def said_by(cls, work: ActionContext) -> Self:
        """Return what the batch's header says; count all rows where it does not say everything yet."""
        batch = work.batch
        if _PROBLEMS not in batch.params:
            return cls.of_all(work)
        return cls(batch.removed_count, Counter(batch.status_counts), batch.params[_PROBLEMS])

    def __add__(self, other: Tally) -> Tally:
        """Return the tally of these rows and others."""
        return Tally(
            self.removed + other.removed, self.statuses + other.statuses, self.problems + other.problems
        )

    def __sub__(self, part: Tally) -> Tally:
        """Return the tally of these rows without those of ``part``."""
        return Tally(
            self.removed - part.removed, self.statuses - part.statuses, self.problems - part.problems
        )


def problem_rows(work: ActionContext) -> int:
    """Return how many rows of the batch that are not removed have problems."""
    return Tally.said_by(work).problems


def recount(work: ActionContext) -> None:
    """Bring the header's counts and status up to date with the rows, by SQL."""
    keep(work, Tally.of_all(work))


def keep(work: ActionContext, tally: Tally) -> None:
    """Write the batch's ``tally`` into its header, and the status that follows from it."""
    batch = work.batch
    batch.row_count = tally.removed + tally.statuses.total()
    batch.removed_count = tally.removed
    batch.status_counts = dict(tally.statuses)
    batch.params = batch.params | {_PROBLEMS: tally.problems}
    batch.status = work.handler.header_status(batch)
