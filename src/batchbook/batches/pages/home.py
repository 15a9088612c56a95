"""The start page: what waits for the person who opens it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from batchbook.batches import access
from batchbook.batches.lifecycle import FINAL, Action, State, lines_for
from batchbook.batches.models import Batch
from batchbook.batches.pages.everything import batch_url, creatable
from batchbook.batches.types import BatchTypes
from batchbook.master import default_link
from batchbook.security import SIGNED_IN
from batchbook.web.request import Request

#: Batches per section of the page.
SHOWN = 6


@dataclass(frozen=True)
class Section:
    """Batches that ask the same of the person: how many there are, and the first of them."""

    title: str
    hint: str
    total: int
    cards: list[dict[str, Any]]


class HomePage:
    """The start page's view."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.held: frozenset[str] = request.identity.permissions
        self.types = request.services.get(BatchTypes)

    def get(self) -> dict[str, Any]:
        """Show what waits, and what was executed lately."""
        executable = [one.key for one in self.types if access.may(self.held, one.key, Action.EXECUTE)]
        me = self.request.authenticated_userid
        mine = (Batch.created_by == me) & (_at(Action.POPULATE) | _at(Action.EDIT))
        waiting = _at(Action.EXECUTE) & Batch.type.in_(executable)
        sections = [
            self._section("To execute", "Complete, reviewed and waiting for you.", waiting)
            if executable
            else None,
            self._section("Your open batches", "Correct their rows, then mark them complete.", mine),
            self._section("Executed lately", "Frozen, and part of the audit trail.", Batch.state.in_(FINAL)),
        ]
        return {
            "sections": [section for section in sections if section and section.total],
            "creatable": creatable(self.request),
            "sees_batches": any(access.may(self.held, one.key, Action.VIEW) for one in self.types),
            "all_url": default_link(self.request.route_path("batches.index")),
        }

    def _section(self, title: str, hint: str, condition: ColumnElement[bool]) -> Section:
        wanted = select(Batch).where(access.visible(self.held, self.types), condition)
        total = self.request.db.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        latest = func.coalesce(Batch.executed_at, Batch.completed_at, Batch.created_at).desc()
        # Headers of mixed types: only the common part is shown, so the types' own tables are not read.
        names = (
            Batch.id,
            Batch.type,
            Batch.description,
            Batch.state,
            Batch.row_count,
            Batch.created_by,
            latest.element,
        )
        rows = self.request.db.execute(
            wanted.with_only_columns(*names).order_by(latest, Batch.id.desc()).limit(SHOWN)
        )
        return Section(title, hint, total, [self._card(row) for row in rows])

    def _card(self, row: Any) -> dict[str, Any]:
        return {
            "number": f"{row.id:08d}",
            "title": row.description or f"{self.types[row.type].title} {row.id:08d}",
            "type": self.types[row.type].title,
            "url": batch_url(self.request, row.type, row.id),
            "state": State(row.state),
            "row_count": row.row_count,
            "created_by": row.created_by,
            "at": row[-1],
        }


def _at(action: Action) -> ColumnElement[bool]:
    """Return the condition for batches whose state allows ``action``."""
    return Batch.state.in_([state for line in lines_for(action) for state in line.sources])


def includeme(config: Any) -> None:
    """Register the page."""
    config.add_route("home", "/")
    config.add_view(
        HomePage,
        attr="get",
        route_name="home",
        request_method="GET",
        permission=SIGNED_IN,
        renderer="batchbook.templates:home.jinja2",
    )
    config.add_navigation("Home", "home", SIGNED_IN, order=0)
