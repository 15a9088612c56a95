"""Quick filters of a batch's rows: columns that only filter, and the links above the grid that switch them on and off.

What is new to a person is counted from the last visit. A visit is what somebody sees of a batch without half an hour between: the
page tells by a POST which operation was the latest that it showed, because looking itself changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pyramid.httpexceptions import HTTPNoContent, HTTPSeeOther
from pyramid.response import Response
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
from batchbook.batches.history import last_operation
from batchbook.batches.lifecycle import Action
from batchbook.batches.models import Batch, BatchRow, Operation
from batchbook.batches.pages.batch_page import BatchPage
from batchbook.batches.pages.view import PROBLEMS
from batchbook.db import utc_now
from batchbook.grid import Column, Filter, Kind, Verb
from batchbook.master import GridView
from batchbook.master.grid_settings import recall, remember
from batchbook.master.paging import whole_number

#: The names of the columns.
EDITED, DIFFERS, CHANGED = "edited", "differs", "changed_after"

_NEW = "Changed since I looked"

#: The pause after which somebody looks at a batch anew.
VISIT = timedelta(minutes=30)


def quick_columns(
    session: Session, batch: Batch, row: type[BatchRow], user: str | None, *, has_file: bool
) -> tuple[Column, ...]:
    """Return the columns by which rows are filtered for what its history tells; ``user`` is whoever looks.

    Their conditions name the batch, so they belong to its grid alone.
    """
    bind = session.get_bind()

    def yes_or_no(name: str, label: str, sequences: Sequences) -> Column:
        conditions = {
            Verb.IS_TRUE: lambda: is_among(row, sequences),
            Verb.IS_FALSE: lambda: is_not_among(bind, row, sequences),
        }
        return Column(name, label, null(), Kind.BOOLEAN, sortable=False, conditions=conditions)

    source = "file" if has_file else "source"
    return (
        yes_or_no(EDITED, "Edited by people", edited_sequences(batch.id)),
        yes_or_no(DIFFERS, f"Differs from the {source}", differing_sequences(batch.id)),
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
    def offers_new(self) -> bool:
        """Whether one of the filters is for what others changed since the last visit."""
        return any(offered.label == _NEW for offered in self.filters)


def quick_filters(
    page: BatchPage, grid: GridView, latest: int, problem_rows: int, edited: int
) -> QuickFilters:
    """Return the quick filters for the ``grid`` of the rows of a batch whose ``latest`` operation has that number.

    ``edited`` is the number of edited rows, if it is known, else 0.
    """
    look = Look.of(page.request.db, grid.user, page.batch)
    return QuickFilters(
        tuple(_offered(page, grid, look, problem_rows, edited)),
        latest,
        seen=look is not None and look.latest == latest and not look.is_over,
        seen_url=page.view.url("seen", page.batch),
    )


def _offered(
    page: BatchPage, grid: GridView, look: Look | None, problem_rows: int, edited: int
) -> Iterator[QuickFilter]:
    batch, labels = page.batch, {column.name: column.label for column in grid.columns}

    def offered(label: str, clause: Filter, count: int | None) -> Iterator[QuickFilter]:
        active = clause in grid.state.filters
        if active or count != 0:
            yield QuickFilter(label, clause, grid.links.toggled(clause), active, count)

    def yes(name: str) -> Filter:
        return Filter(name, Verb.IS_TRUE)

    yield from offered("Has problems", yes(PROBLEMS), problem_rows)
    is_edited = edited or page.request.db.scalar(edited_sequences(batch.id).limit(1)) is not None
    yield from offered(labels[EDITED], yes(EDITED), (edited or None) if is_edited else 0)
    yield from offered(labels[DIFFERS], yes(DIFFERS), None if is_edited else 0)
    yield from offered("Removed", yes("removed"), batch.removed_count)
    # While it is switched on, it stays at the operation in the address, whatever was seen meanwhile.
    on = next(
        (clause for clause in grid.state.filters if clause.column == CHANGED and not clause.group), None
    )
    if on is not None:
        yield from offered(_NEW, on, None)
    elif look is not None and _is_changed(page.request.db, batch, grid.user, look.before):
        yield from offered(_NEW, Filter(CHANGED, Verb.GREATER, (str(look.before),)), None)


def _is_changed(session: Session, batch: Batch, user: str | None, operation: int) -> bool:
    others = operations_of_others(batch.id, user, operation).where(Operation.cells > 0)
    return session.scalar(others.limit(1)) is not None


@dataclass(frozen=True)
class Look:
    """The last look of somebody at a batch: the latest operations of the visit ``before`` and of this one, and its time."""

    stored_before: int
    latest: int
    at: datetime

    @classmethod
    def of(cls, session: Session, user: str | None, batch: Batch) -> Look | None:
        """Return the last look of ``user`` at ``batch``; ``None`` if there was none."""
        stored = recall(session, user, _key(batch)) if user else None
        if not stored:
            return None
        return cls(stored["before"], stored["latest"], datetime.fromisoformat(stored["at"]))

    @property
    def is_over(self) -> bool:
        """Whether somebody who looks now begins another visit."""
        return utc_now() - self.at > VISIT

    @property
    def before(self) -> int:
        """The latest operation that was seen before the present visit."""
        return self.latest if self.is_over else self.stored_before


def _key(batch: Batch) -> str:
    return f"{batch.filters_key}.seen"


class MarkSeen(BatchPage):
    """The target of the form that tells which operation of a batch somebody has seen."""

    name = "seen"
    pattern = "/rows/seen"
    permission = Action.VIEW.value

    def post(self) -> Response:
        """Remember the operation: of a page that is shown, as the latest of the visit; else as one after which all is new."""
        params: Mapping[str, Any] = self.request.POST
        session, user = self.request.db, self.request.authenticated_userid
        operation = min(
            whole_number(params.get("operation", "")) or 0, last_operation(session, self.batch.id)
        )
        look = Look.of(session, user, self.batch)
        by_itself = params.get("by") == "page"
        before = look.before if look is not None and by_itself else operation
        latest = max(operation, look.latest) if look is not None else operation
        settings = {"before": before, "latest": latest, "at": utc_now().isoformat()}
        remember(session, user, _key(self.batch), settings)
        return HTTPNoContent() if by_itself else HTTPSeeOther(self.own_url)
