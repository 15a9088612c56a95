"""Quick filters of a batch's rows: columns that only filter, and the links above the grid that switch them on and off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import null
from sqlalchemy.orm import Session

from batchbook.batches.changed_rows import (
    Sequences,
    changed_by_others,
    differing_sequences,
    edited_sequences,
    is_among,
    is_not_among,
    operations_of_others,
)
from batchbook.batches.models import Batch, BatchRow, Operation
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.rows.visits import Visit
from batchbook.batches.pages.view import PROBLEMS
from batchbook.batches.policies.field_rules import FieldAccess
from batchbook.grid import Column, Filter, Kind, Verb
from batchbook.master import GridView

#: The names of the columns.
EDITED, DIFFERS, CHANGED = "edited", "differs", "changed_after"

_NEW = "Changed since I looked"


def quick_columns(
    session: Session,
    batch: Batch,
    row: type[BatchRow],
    user: str | None,
    access: FieldAccess,
    *,
    has_file: bool,
) -> tuple[Column, ...]:
    """Return the columns that filter rows by the batch's history; ``user`` is the name of the person who looks, with ``access``.

    Their conditions name the batch, so they belong to its grid alone.
    """
    bind = session.get_bind()

    def yes_or_no(name: str, label: str, sequences: Callable[[], Sequences]) -> Column:
        conditions = {
            Verb.IS_TRUE: lambda: is_among(row, sequences()),
            Verb.IS_FALSE: lambda: is_not_among(bind, row, sequences()),
        }
        return Column(name, label, null(), Kind.BOOLEAN, sortable=False, conditions=conditions)

    source = "file" if has_file else "source"
    return (
        yes_or_no(EDITED, "Edited by people", lambda: edited_sequences(batch.id, access)),
        yes_or_no(DIFFERS, f"Differs from the {source}", lambda: differing_sequences(batch.id, access)),
        Column(
            CHANGED,
            "Changed by others, in operation",
            null(),
            Kind.INTEGER,
            sortable=False,
            minimum=0,
            conditions={
                Verb.GREATER: lambda operation: is_among(row, changed_by_others(batch.id, user, operation))
            },
        ),
    )


@dataclass(frozen=True)
class QuickFilter:
    """A link that adds a filter, or takes it out if it is ``active``; ``count`` is the number of its rows where it is kept."""

    label: str
    clause: Filter
    url: str
    active: bool
    count: int | None = None


@dataclass(frozen=True)
class QuickFilters:
    """The quick filters above a batch's rows, and the form that tells which operation somebody has seen.

    ``latest`` is the number of the batch's latest operation, and ``seen`` whether the person has seen it. ``seen_url`` is
    the address of the form, of which js/seen.js tells more.
    """

    filters: tuple[QuickFilter, ...]
    latest: int
    seen: bool
    seen_url: str

    @property
    def active(self) -> list[Filter]:
        """The filters that are switched on, which need no chip of their own."""
        return [offered.clause for offered in self.filters if offered.active]

    @property
    def offers_differing(self) -> bool:
        """Whether one of the filters is for rows that differ from their source."""
        return any(offered.clause.column == DIFFERS for offered in self.filters)

    @property
    def offers_new(self) -> bool:
        """Whether one of the filters is for what others changed since the last visit."""
        return any(offered.label == _NEW for offered in self.filters)


def quick_filters(
    page: BatchPage, grid: GridView, latest: int, problem_rows: int, edited: int
) -> QuickFilters:
    """Return the quick filters for the ``grid`` of the rows of a batch whose ``latest`` operation has that number.

    ``edited`` is the number of edited rows, if it is known, else 0.
    """
    visit = Visit.last(page.request.db, grid.user, page.batch)
    return QuickFilters(
        tuple(_offered(page, grid, visit, problem_rows, edited)),
        latest,
        seen=visit is not None and visit.latest == latest and not visit.is_over,
        seen_url=page.view.url("seen", page.batch),
    )


def _offered(
    page: BatchPage, grid: GridView, visit: Visit | None, problem_rows: int, edited: int
) -> Iterator[QuickFilter]:
    batch, labels = page.batch, {column.name: column.label for column in grid.columns}

    def offered(label: str, clause: Filter, count: int | None) -> Iterator[QuickFilter]:
        active = clause in grid.state.filters
        if active or count != 0:
            yield QuickFilter(label, clause, grid.links.toggled(clause), active, count)

    def yes(name: str) -> Filter:
        return Filter(name, Verb.IS_TRUE)

    yield from offered("Has problems", yes(PROBLEMS), problem_rows)
    is_edited = (
        edited
        or page.request.db.scalar(edited_sequences(batch.id, page.action_context.access).limit(1)) is not None
    )
    yield from offered(labels[EDITED], yes(EDITED), (edited or None) if is_edited else 0)
    yield from offered(labels[DIFFERS], yes(DIFFERS), None if is_edited else 0)
    yield from offered("Removed", yes("removed"), batch.removed_count)
    # While it is switched on, it stays at the operation in the address, whatever was seen meanwhile.
    on = next(
        (clause for clause in grid.state.filters if clause.column == CHANGED and not clause.group), None
    )
    if on is not None:
        yield from offered(_NEW, on, None)
    elif visit is not None and _is_changed(page.request.db, batch, grid.user, visit.before):
        yield from offered(_NEW, Filter(CHANGED, Verb.GREATER, (str(visit.before),)), None)


def _is_changed(session: Session, batch: Batch, user: str | None, operation: int) -> bool:
    others = operations_of_others(batch.id, user, operation).where(Operation.cells > 0)
    return session.scalar(others.limit(1)) is not None
